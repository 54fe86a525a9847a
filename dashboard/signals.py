"""How strong each channel's RF was in each of the last minutes: from the change records, where somebody watched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from core import absences
from core.domain.absences import Absence
from dashboard.faces import Channel

MINUTES = 30

Minutes = list[int | None]

# A level holds until the next change. Nobody knows it while the receiver is lost or its values are old: None.
# What changed since `now` is of the last minute.
_BY_MINUTE = """
WITH change AS (
    SELECT device_id, at, id, greatest(0, least(%(minutes)s - 1, floor(extract(epoch FROM %(now)s - at) / 60))) AS ago,
           CASE WHEN state ->> 'state' NOT IN ('offline', 'stale')
                THEN (state ->> 'rf_signal')::int END AS after,
           CASE WHEN coalesce(changes -> 'state' ->> 0, state ->> 'state') NOT IN ('offline', 'stale')
                THEN (CASE WHEN changes ? 'rf_signal' THEN changes -> 'rf_signal' ->> 0
                           ELSE state ->> 'rf_signal' END)::int END AS before
      FROM core_changerecord
     WHERE at > %(now)s - make_interval(mins => %(minutes)s) AND kind = 'change'
       AND changes ?| array['rf_signal', 'state']
)
SELECT device_id, ago::int, (array_agg(before ORDER BY at, id))[1], min(after),
       (array_agg(after ORDER BY at DESC, id DESC))[1]
  FROM change GROUP BY device_id, ago ORDER BY device_id, ago DESC
"""


@dataclass(frozen=True, slots=True)
class Minute:
    """What changed in one minute, `ago` minutes before now: the level before it, the least in it, the last in it."""

    ago: int
    before: int | None
    least: int | None
    last: int | None


def lately(channels: Iterable[Channel], now: datetime) -> Mapping[str, Minutes]:
    """Return of each of these channels its weakest RF in each minute, the oldest first; None where nobody watched.

    `now` is when the channels were as they are given.
    """
    unwatched = without_watch(absences.between(now - timedelta(minutes=MINUTES), now), now)
    changed: dict[str, list[Minute]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_MINUTE, {"minutes": MINUTES, "now": now})
        for device_id, *told in cursor:
            changed.setdefault(device_id, []).append(Minute(*told))
    return {
        channel["device_id"]: carried(
            changed.get(channel["device_id"], ()), now=_present(channel), unwatched=unwatched
        )
        for channel in channels
        if channel["kind"] == "microphone"
    }


def without_watch(away: Iterable[Absence], now: datetime) -> set[int]:
    """Return the minutes, by how many lie between them and now, in all of which Micboard was away."""
    past = [(now - timedelta(minutes=ago + 1), now - timedelta(minutes=ago)) for ago in range(MINUTES)]
    return {
        ago
        for absence in away
        for ago, (begin, end) in enumerate(past)
        if absence.since <= begin and (absence.until is None or end <= absence.until)
    }


def carried(changed: Sequence[Minute], *, now: int | None, unwatched: Collection[int] = ()) -> Minutes:
    """Return a level for every minute, of which some changed; `now` is the level that holds where none did.

    Of an `unwatched` minute nothing is known, whatever held before and after.
    """
    held = changed[0].before if changed else now
    by_ago = {minute.ago: minute for minute in changed}
    levels: Minutes = []
    for ago in reversed(range(MINUTES)):
        minute = by_ago.get(ago)
        known = [value for value in (held, minute.least if minute else None) if value is not None]
        levels.append(None if ago in unwatched else min(known, default=None))
        held = minute.last if minute else held
    return levels


def _present(channel: Channel) -> int | None:
    level: int | None = channel["rf_signal"]
    return None if channel["state"] in {"offline", "stale"} else level
