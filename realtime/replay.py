"""The board as it was at a moment of the retained history, put together again from the change records.

Each channel's row is its last record before that moment, with who it was from the last record that tells it. A day
begins with a keyframe of every channel, so nothing older than the last ones has to be looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from core.absences import between as absences_between
from core.access import Principal, visible
from core.domain import states
from core.domain.absences import Absence, at_moment, last_watched
from core.domain.state import State, from_wire, instant, to_wire
from core.domain.states import stale_after
from realtime.board import Row
from realtime.snapshot import row_of

LONGEST_AGE = timedelta(minutes=10)  # a channel is stale, and recorded as such, long before

# Alert rows have a channel's id, too, and are no state of it. `since` asks for channels that changed after it alone.
_BOARD = """
WITH base AS MATERIALIZED (
    SELECT coalesce((SELECT at FROM core_changerecord
                      WHERE kind = 'keyframe' AND state ? 'receiver_id' AND at <= %(at)s
                      ORDER BY at DESC LIMIT 1), '-infinity') AS at
),
who AS MATERIALIZED (
    SELECT DISTINCT ON (channel_id) channel_id, state
      FROM core_changerecord
     WHERE state ? 'receiver_id' AND at >= (SELECT at FROM base) AND at <= %(at)s
     ORDER BY channel_id, at DESC, id DESC
)
SELECT who.state, last.state, last.rev, last.at, last.kind = 'removed'
  FROM who CROSS JOIN LATERAL (
    SELECT kind, state, rev, at FROM core_changerecord c
     WHERE c.channel_id = who.channel_id AND c.kind <> 'alert' AND c.at >= (SELECT at FROM base) AND c.at <= %(at)s
     ORDER BY c.at DESC, c.id DESC LIMIT 1
  ) last
 WHERE last.at > %(since)s
 ORDER BY who.state ->> 'device_id'
"""

_RETAINED = """
SELECT (SELECT at FROM core_changerecord WHERE state ? 'receiver_id' ORDER BY at LIMIT 1), now()
"""

_HEAD = "SELECT h.epoch, (SELECT jsonb_object_agg(t.tier, t.seconds) FROM core_tiers() t) FROM core_head h"

_MOMENTS = """
SELECT at, state FROM core_changerecord
 WHERE kind = 'alert' AND at > %(since)s AND at <= %(until)s
 ORDER BY at DESC, id DESC LIMIT %(limit)s
"""
MOST_MOMENTS = 500

# Who took one over is forgotten only where it got worse later, and was open again.
_IN_HAND = """
SELECT core_alert_told(a) || '{"state": "acknowledged"}' FROM core_alert a
 WHERE acknowledged_at <= %(at)s AND coalesce(resolved_at, 'infinity') > %(at)s
 ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """From when to when the board can be put together again; `since` is None where nothing is kept."""

    since: datetime | None
    until: datetime

    def holds(self, at: datetime) -> bool:
        return self.since is not None and self.since <= at <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An alert that opened, was acknowledged, or was over."""

    at: datetime
    alert: dict[str, Any]


def retained() -> Retained:
    with connection.cursor() as cursor:
        cursor.execute(_RETAINED)
        since, until = cursor.fetchone()
    return Retained(since=since, until=until)


def data_at(principal: Principal | None, at: datetime, *, since: datetime | None = None) -> dict[str, Any]:
    """Return what a principal may see of the board as it was, in the form of the feed's snapshot.

    With `since` only the rows that are others than they were then, and the ids of those that went, unless all are:
    `whole` says so. Its alerts are those that were in hand: what else was open, the rows tell. While nobody polled,
    `away` says from when to when, and every channel is stale.
    """
    epoch, intervals = _head()
    may_see = visible(principal)
    absences = absences_between(min(since or at, at - LONGEST_AGE), at)
    away = at_moment(absences, at)
    whole = since is None or at_moment(absences, since) != away
    found = list(_rows(at, None if whole else since, intervals, absences))
    devices = [row for row, removed in found if not removed and may_see.includes(row)]
    alerts = _in_hand(at)
    if alerts and may_see != may_see.everything():
        seen = devices if whole else data_at(principal, at)["devices"]
        alerts = [alert for alert in alerts if _is_about(alert, seen)]
    return {
        "type": "initial_data",
        "seq": 0,
        "epoch": epoch,
        "timestamp": instant(at),
        "intervals": intervals,
        "devices": devices,
        "removed": [row["device_id"] for row, removed in found if removed or not may_see.includes(row)],
        "alerts": alerts,
        "whole": whole,
        "away": away and told_absence(away),
    }


def _in_hand(at: datetime) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_IN_HAND, {"at": at})
        return [orjson.loads(alert) for (alert,) in cursor.fetchall()]


def _is_about(alert: dict[str, Any], rows: list[Row]) -> bool:
    ids = {row["device_id"] for row in rows} | {row["receiver_id"] for row in rows}
    return not ids.isdisjoint(map(str, alert["target"].values()))


def told_absence(absence: Absence) -> dict[str, Any]:
    return {"from": instant(absence.since), "to": absence.until and instant(absence.until)}


def moments(principal: Principal | None, since: datetime, until: datetime) -> list[Moment]:
    """Return the alerts of a part of the past, newest first, that are about something that may be seen."""
    with connection.cursor() as cursor:
        cursor.execute(_MOMENTS, {"since": since, "until": until, "limit": MOST_MOMENTS})
        found = [Moment(at=at, alert=orjson.loads(alert)) for at, alert in cursor.fetchall()]
    may_see = visible(principal)
    if not found or may_see == may_see.everything():
        return found
    seen = data_at(principal, until)["devices"]
    return [one for one in found if _is_about(one.alert, seen)]


def explain(at: datetime) -> str:
    """Return how Postgres goes about it."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {_BOARD}", {"at": at, "since": "-infinity"})
        return "\n".join(line for (line,) in cursor.fetchall())


def _head() -> tuple[str, dict[str, float]]:
    with connection.cursor() as cursor:
        cursor.execute(_HEAD)
        epoch, intervals = cursor.fetchone()
    return epoch, orjson.loads(intervals)


def _rows(
    at: datetime, since: datetime | None, intervals: dict[str, float], absences: Sequence[Absence]
) -> Iterator[tuple[Row, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_BOARD, {"at": at, "since": since or "-infinity"})
        found = cursor.fetchall()
    away = at_moment(absences, at)
    for who, last, rev, recorded_at, removed in found:
        row = row_of(orjson.loads(who), orjson.loads(last), rev, None)
        if not removed:
            seen_at = _seen_at(row, at, recorded_at, intervals)
            row["seen_at"] = seen_at and instant(last_watched(absences, seen_at))
            if away is not None:
                row |= _aged(row, away)
        yield row, removed


def _aged(row: Row, away: Absence) -> Row:
    """Return what of a row is another, because nobody polled from then on."""
    known = from_wire(row)
    lost = known.state is State.OFFLINE
    return to_wire(states.aged(known, now=away.since, tier=known.tier, lost=lost))


def _seen_at(row: Row, at: datetime, recorded_at: datetime, intervals: dict[str, float]) -> datetime | None:
    """Return when a receiver had last answered, as far as the records tell.

    Answers that changed nothing are in no record, but their absence is: it makes a channel stale. So one that is
    not stale had answered in time.
    """
    if "unread" in row["reasons"]:
        return None
    if row["state"] != "offline" and "stale" not in row["reasons"]:
        return at
    if row["state"] == "offline":
        return datetime.fromisoformat(row["state_since"])
    interval_s = row.get("interval_s") or intervals.get(row["tier"], 30)
    return min(at, recorded_at - stale_after(timedelta(seconds=interval_s)))
