"""Changes and alerts as they were recorded, a page at a time, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from core.domain.state import instant
from core.models.records import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which changes of a channel: from `since` on, before `until`, behind the place `after`. None: no bound."""

    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None


# The bounds on `at` alone are for the index and the partitions, which a comparison of pairs does not choose.
_CHANGES = """
SELECT at, id, kind, rev, seq, changes, CASE WHEN kind = 'alert' THEN state END
  FROM core_changerecord
 WHERE channel_id = %(channel)s AND kind <> 'keyframe'
   AND at >= coalesce(%(since)s::timestamptz, '-infinity') AND at < coalesce(%(until)s::timestamptz, 'infinity')
   AND at <= coalesce(%(after_at)s::timestamptz, 'infinity')
   AND (%(after_at)s::timestamptz IS NULL OR (at, id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
 ORDER BY at DESC, id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a list, and the place behind which it goes on, None where it ends."""

    entries: list[dict[str, Any]]
    ended_at: tuple[datetime, int] | None


def changes_of(channel_id: int, span: Span, *, limit: int) -> Page:
    """Return what was recorded of a channel."""
    after_at, after_id = span.after or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            _CHANGES,
            {
                "channel": channel_id,
                "since": span.since,
                "until": span.until,
                "after_at": after_at,
                "after_id": after_id,
                "limit": limit + 1,
            },
        )
        rows = cursor.fetchall()
    entries = [
        {
            "at": instant(at),
            "kind": Kind(kind),
            "rev": rev,
            "seq": seq,
            "changes": orjson.loads(changes),
            "alert": orjson.loads(alert) if alert else None,
        }
        for at, _, kind, rev, seq, changes, alert in rows[:limit]
    ]
    return Page(entries=entries, ended_at=rows[limit - 1][:2] if len(rows) > limit else None)


_ALERTS = """
SELECT id, core_alert_told(id, severity, state, rule, since, message, target)
  FROM core_alert
 WHERE state = ANY(%(states)s)
   AND (%(devices)s::text[] IS NULL OR target ->> 'device_id' = ANY(%(devices)s)
        OR target ->> 'receiver_id' = ANY(%(receivers)s))
   AND id < %(before)s
 ORDER BY id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which alerts: about these channels, or these receivers."""

    devices: list[str]
    receivers: list[str]


def alerts_in(
    states: Collection[str], about: About | None, *, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Return alerts, and the id behind which they go on. About: None for all that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ALERTS,
            {
                "states": list(states),
                "devices": about.devices if about else None,
                "receivers": about.receivers if about else None,
                "before": 2**63 - 1 if before is None else before,
                "limit": limit + 1,
            },
        )
        rows = cursor.fetchall()
    told = [orjson.loads(alert) for _, alert in rows[:limit]]
    return told, rows[limit - 1][0] if len(rows) > limit else None
