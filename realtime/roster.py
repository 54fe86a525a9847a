"""Edits on their way to the sockets: what the feed has told of each channel, brought up to what is true now.

Triggers note the receivers of which anything was edited; here each is compared with the roster. It does not
matter who edited, or how often.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.backends.utils import CursorWrapper

from core.domain.state import display_name, instant
from core.models.records import Kind
from realtime.snapshot import row_of

RECEIVERS_AT_ONCE = 500

# A receiver that is being recorded at this moment waits for the next window; one that is gone has no claim.
# `recorded_seq` tells a poll under way to judge anew, or to give up what is disabled now.
_TAKE = """
WITH free AS (
    SELECT receiver_id FROM core_claim
     WHERE receiver_id IN (SELECT receiver_id FROM core_edited ORDER BY id LIMIT %s)
       FOR UPDATE SKIP LOCKED
),
held AS (
    UPDATE core_claim c SET recorded_seq = recorded_seq + 1
      FROM free WHERE c.receiver_id = free.receiver_id
    RETURNING c.receiver_id
),
gone AS (
    SELECT receiver_id FROM core_edited e
     WHERE NOT EXISTS (SELECT FROM core_claim c WHERE c.receiver_id = e.receiver_id)
)
DELETE FROM core_edited
 WHERE receiver_id IN (SELECT receiver_id FROM held UNION ALL SELECT receiver_id FROM gone)
RETURNING receiver_id
"""

_CURRENT = """
SELECT ch.id, r.id, r.name, ch.alias, cr.rev, cr.recorded, cl.seen_at,
       jsonb_build_object(
           'device_id', ch.device_id, 'receiver_id', r.code, 'channel', ch.number, 'kind', ch.kind,
           'model', nullif(r.model, ''), 'source_id', r.source_id, 'server', s.name,
           'location', (SELECT slug FROM core_location l WHERE l.id = coalesce(r.location_id, s.location_id)),
           'groups', (SELECT coalesce(jsonb_agg(jsonb_build_array(g.slug, sl.number) ORDER BY g.slug), '[]')
                        FROM core_slot sl JOIN core_group g ON g.id = sl.group_id WHERE sl.channel_id = ch.id),
           'colour', ch.colour, 'interval_s', r.interval_s)
  FROM core_channel ch
  JOIN core_receiver r ON r.id = ch.receiver_id AND r.enabled
  JOIN core_server s ON s.id = r.server_id AND s.enabled
  JOIN core_channelrecord cr ON cr.channel_id = ch.id
  JOIN core_claim cl ON cl.receiver_id = r.id
 WHERE r.id = ANY(%s)
 ORDER BY ch.device_id
"""

_TOLD = "SELECT channel_id, receiver_id, device_id, identity FROM core_roster WHERE receiver_id = ANY(%s)"

# The claims are held, so revs cannot move meanwhile.
_TELL = """
WITH new AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS n (
        kind text, channel_id bigint, receiver_id bigint, device_id text, rev bigint,
        identity jsonb, recorded jsonb, changes jsonb, state jsonb)
),
raised AS (
    UPDATE core_channelrecord r SET rev = new.rev, recorded = new.recorded
      FROM new WHERE r.channel_id = new.channel_id AND new.kind <> 'removed'
),
told AS (
    INSERT INTO core_roster (channel_id, receiver_id, device_id, identity)
    SELECT channel_id, receiver_id, device_id, identity FROM new WHERE kind <> 'removed'
    ON CONFLICT (channel_id) DO UPDATE SET device_id = excluded.device_id, identity = excluded.identity
),
forgotten AS (
    DELETE FROM core_roster o USING new WHERE o.channel_id = new.channel_id AND new.kind = 'removed'
)
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), kind, channel_id, device_id, rev, changes, state FROM new ORDER BY device_id
"""


# Nobody waits any more for what is no longer watched.
_RESOLVE = """
WITH resolved AS (
    UPDATE core_alert SET state = 'resolved', resolved_at = now(), changed_at = now()
     WHERE state <> 'resolved'
       AND (channel_id = ANY(%(channels)s) OR receiver_id = ANY(%(receivers)s))
    RETURNING id, channel_id, target, core_alert_told(core_alert) AS told
)
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), 'alert', channel_id, coalesce(target ->> 'device_id', target ->> 'receiver_id'), 0, '{}', told
  FROM resolved ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """A channel as it is now."""

    channel_id: int
    receiver_id: int
    receiver_name: str
    alias: str
    rev: int
    recorded: dict[str, Any]
    seen_at: datetime | None
    identity: dict[str, Any]

    @property
    def name(self) -> str:
        return display_name(
            alias=self.alias,
            reported=self.recorded["reported_name"],
            receiver=self.receiver_name,
            number=self.identity["channel"],
            device_id=self.identity["device_id"],
        )


def tell_edits(cursor: CursorWrapper) -> None:
    """Put an inbox row for each channel that was added, removed or renamed, or whose identity changed."""
    cursor.execute(_TAKE, [RECEIVERS_AT_ONCE])
    receiver_ids = list({receiver_id for (receiver_id,) in cursor.fetchall()})
    if not receiver_ids:
        return
    cursor.execute(_TOLD, [receiver_ids])
    told = {
        channel_id: (receiver_id, device_id, orjson.loads(identity))
        for channel_id, receiver_id, device_id, identity in cursor.fetchall()
    }
    cursor.execute(_CURRENT, [receiver_ids])
    current = {
        channel_id: Current(
            channel_id=channel_id,
            receiver_id=receiver_id,
            receiver_name=receiver_name,
            alias=alias,
            rev=rev,
            recorded=orjson.loads(recorded),
            seen_at=seen_at,
            identity=orjson.loads(identity),
        )
        for channel_id, receiver_id, receiver_name, alias, rev, recorded, seen_at, identity in cursor.fetchall()
    }
    rows = list(_differences(told, current))
    if rows:
        cursor.execute(_TELL, [orjson.dumps(rows).decode()])
    gone = [channel_id for channel_id in told if channel_id not in current]
    watched = {channel.receiver_id for channel in current.values()}
    unwatched = [receiver_id for receiver_id in receiver_ids if receiver_id not in watched]
    if gone or unwatched:
        cursor.execute(_RESOLVE, {"channels": gone, "receivers": unwatched})


def _differences(
    told: Mapping[int, tuple[int, str, dict[str, Any]]], current: Mapping[int, Current]
) -> Iterator[dict[str, Any]]:
    for channel_id, (receiver_id, device_id, _) in told.items():
        if channel_id not in current:
            yield {
                "kind": Kind.REMOVED,
                "channel_id": channel_id,
                "receiver_id": receiver_id,
                "device_id": device_id,
                "rev": 0,
                "changes": {},
                "state": {},
            }
    for channel_id, channel in current.items():
        before = told[channel_id][2] if channel_id in told else None
        recorded = {**channel.recorded, "name": channel.name}
        row = {
            "channel_id": channel_id,
            "receiver_id": channel.receiver_id,
            "device_id": channel.identity["device_id"],
            "rev": channel.rev + 1,
            "identity": channel.identity,
            "recorded": recorded,
        }
        if before is None:
            row["recorded"] = recorded = {
                **recorded,
                "alert": None,
            }  # those it had were resolved when it went
            seen_at = instant(channel.seen_at) if channel.seen_at else None
            state = row_of(channel.identity, recorded, channel.rev + 1, seen_at)
            yield {**row, "kind": Kind.ADDED, "changes": {}, "state": state}
            continue
        changes = {
            name: [before.get(name), value]
            for name, value in channel.identity.items()
            if before.get(name) != value
        }
        if channel.name != channel.recorded["name"]:
            changes["name"] = [channel.recorded["name"], channel.name]
        if changes:
            state = {**channel.identity, **recorded}
            yield {**row, "kind": Kind.CHANGE, "changes": changes, "state": state}
