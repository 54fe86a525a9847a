"""The emitter: once a second it moves the inbox into the history under the next `seq`, as one window.

Reading "what is newer than the last id" would lose rows: ids are drawn when a row is inserted, and seen when
its transaction commits. So the inbox is emptied under the lock of the head row, in a statement that begins
after the lock was taken; a row that is not yet visible stays for the next window. Any number of emitters may run.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from redis.exceptions import RedisError

from core import outages
from core.domain.state import instant
from core.models.records import Kind
from realtime import keyframes, roster, staleness
from realtime.board import Window

logger = logging.getLogger(__name__)

LARGEST_WINDOW = 2000  # updates; what is more becomes the next seq at once
LARGEST_BELL = 256 * 2**10  # bytes on the layer; above, only the seq rings
RING_WITHIN_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One inbox row on its way into a window. `row` is the full row of an added channel, or the alert."""

    id: int
    kind: Kind
    device_id: str
    rev: int
    at: datetime
    changes: dict[str, list[Any]]
    row: dict[str, Any] | None


def emit() -> list[Window]:
    """Move what was recorded into windows, store them, ring the layer, and return them."""
    emitted: list[Window] = []
    more = True
    while more:
        with transaction.atomic(), connection.cursor() as cursor:
            windows, more = _move(cursor)
        for window in windows:
            batch_device_updates(window)
        emitted += windows
    return emitted


def _move(cursor: CursorWrapper) -> tuple[list[Window], bool]:
    cursor.execute(
        "SELECT epoch, seq, intervals::text, keyframed_on, now() FROM core_head WHERE id = 1 FOR UPDATE"
    )
    epoch, seq, intervals_told, last_day, now = cursor.fetchone()
    roster.tell_edits(cursor)
    staleness.tell_ages(cursor)
    outages.tell_outages(cursor)
    cursor.execute("SELECT jsonb_object_agg(tier, seconds)::text FROM core_tiers()")
    (intervals,) = cursor.fetchone()
    updates = _inbox(cursor)
    groups = group_updates_by_time(updates, settings.WINDOW_MS / 1000)
    if not groups and intervals != intervals_told:
        groups = [[]]
    windows = [
        _window(
            group,
            epoch=epoch,
            seq=seq + number,
            now=now,
            intervals=intervals if intervals != intervals_told and number == 1 else None,
        )
        for number, group in enumerate(groups, start=1)
    ]
    if updates:
        _keep(cursor, groups, first_seq=seq + 1)
    keyframes.begin(cursor, today=now.date(), last=last_day, seq=seq + len(windows))
    if windows:
        cursor.executemany(
            "INSERT INTO core_window (epoch, seq, at, frame) VALUES (%s, %s, now(), %s)",
            [[window.epoch, window.seq, window.text] for window in windows],
        )
    cursor.execute(
        "UPDATE core_head SET seq = %s, intervals = %s::jsonb, emitted_at = now() WHERE id = 1",
        [seq + len(windows), intervals],
    )
    return windows, len(updates) == LARGEST_WINDOW


def _inbox(cursor: CursorWrapper) -> list[Update]:
    cursor.execute(
        "SELECT id, kind, device_id, rev, at, changes::text, CASE WHEN kind IN ('added', 'alert') THEN state::text END "
        "FROM core_inbox ORDER BY id LIMIT %s",
        [LARGEST_WINDOW],
    )
    return [
        Update(
            id=id_,
            kind=Kind(kind),
            device_id=device_id,
            rev=rev,
            at=at,
            changes=orjson.loads(changes),
            row=orjson.loads(row) if row else None,
        )
        for id_, kind, device_id, rev, at, changes, row in cursor.fetchall()
    ]


def _keep(cursor: CursorWrapper, groups: Sequence[Sequence[Update]], *, first_seq: int) -> None:
    """Move the rows of each group into the history, under the seq of its window."""
    ids = [update.id for group in groups for update in group]
    seqs = [first_seq + number for number, group in enumerate(groups) for _ in group]
    cursor.execute(
        "WITH taken AS (DELETE FROM core_inbox WHERE id = ANY(%(ids)s) RETURNING *) "
        "INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq) "
        "SELECT t.id, t.at, t.kind, t.channel_id, t.device_id, t.rev, t.changes, t.state, s.seq "
        "FROM taken t JOIN unnest(%(ids)s::bigint[], %(seqs)s::bigint[]) AS s (id, seq) ON s.id = t.id",
        {"ids": ids, "seqs": seqs},
    )


def group_updates_by_time(updates: Iterable[Update], window_seconds: float = 1) -> list[list[Update]]:
    """Split updates, in the order in which they were recorded, where a window is full.

    After a pause of the emitter each second becomes a window of its own, so that history stays true to time.
    """
    groups: list[list[Update]] = []
    for update in updates:
        # Half a window of grace: a tick that comes late is still one window, not one and a scrap.
        if groups and (update.at - groups[-1][0].at).total_seconds() < 1.5 * window_seconds:
            groups[-1].append(update)
        else:
            groups.append([update])
    return groups


def _window(
    updates: Sequence[Update], *, epoch: str, seq: int, now: datetime, intervals: str | None
) -> Window:
    frame = {
        "type": "batch_update",
        "seq": seq,
        "prev": seq - 1,
        "epoch": epoch,
        "timestamp": instant(now),
        **coalesced(updates),
        **({"intervals": orjson.loads(intervals)} if intervals else {}),
    }
    return Window(epoch=epoch, seq=seq, frame=frame, text=orjson.dumps(frame).decode())


def coalesced(updates: Iterable[Update]) -> dict[str, list[Any]]:
    """Return what one window tells: each channel once with the last value of each field, each alert as it is last."""
    changed: dict[str, dict[str, Any]] = {}
    added: dict[str, dict[str, Any]] = {}
    removed: dict[str, None] = {}
    alerts: dict[int, dict[str, Any]] = {}
    for update in updates:
        match update.kind:
            case Kind.REMOVED:
                changed.pop(update.device_id, None)
                added.pop(update.device_id, None)
                removed[update.device_id] = None
            case Kind.ADDED:
                changed.pop(update.device_id, None)
                added[update.device_id] = dict(update.row or {})
            case Kind.ALERT if update.row is not None:
                alerts[update.row["id"]] = update.row
            case Kind.CHANGE:
                values = {name: after for name, (_, after) in update.changes.items()}
                if update.device_id in added:
                    added[update.device_id] |= {**values, "rev": update.rev}
                    continue
                known = changed.setdefault(
                    update.device_id, {"type": "device_update", "device_id": update.device_id, "changes": {}}
                )
                known |= {"rev": update.rev, "timestamp": instant(update.at)}
                known["changes"] |= values
    return {
        "updates": list(changed.values()),
        "added": list(added.values()),
        "removed": list(removed),
        "alerts": list(alerts.values()),
    }


def batch_device_updates(window: Window) -> None:
    """Ring the channel layer with a window. A bell that is lost costs nothing: the hubs read the window itself."""
    message = {"type": "batch_update", "seq": window.seq, "epoch": window.epoch, "updates": []}
    if (
        2 * len(window.text.encode()) <= LARGEST_BELL
    ):  # the frame, and its updates again for the guide's consumers
        message |= {"updates": window.frame["updates"], "frame": window.text}
    try:
        async_to_sync(_ring)(message)
    except (OSError, RedisError) as error:
        logger.warning("The channel layer did not take window %s: %r", window.seq, error)


async def _ring(message: dict[str, Any]) -> None:
    # The layer's sockets have no timeout, because its listeners wait for ever.
    async with asyncio.timeout(RING_WITHIN_S):
        await get_channel_layer().group_send("devices", message)
