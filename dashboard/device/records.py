"""What was recorded of a channel and of its receiver's alerts, row by row, in the order in which it happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from core.models.records import Kind
from dashboard.device.ranges import Span

Place = tuple[datetime, int]

# What an operator wants to read about; levels move all the time, and are in the plots.
NOTABLE = (
    "state",
    "name",
    "transmitter_on",
    "transmitter",
    "frequency_khz",
    "group_channel",
    "battery_status",
    "battery_type",
    "charging",
    "occupied",
    "interference",
    "clipping",
    "mute_status",
    "encryption_ok",
    "gain_db",
    "location",
    "groups",
    "colour",
    "interval_s",
    "server",
    "model",
)
MARKED = ("transmitter_on", "frequency_khz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the history. For an alert `state` is the alert as the feed tells it."""

    at: datetime
    id: int
    kind: Kind
    rev: int
    seq: int
    changes: dict[str, list[Any]]
    state: dict[str, Any]

    @property
    def place(self) -> Place:
        return self.at, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose records: a channel's, and the alerts of the receiver that it is of."""

    channel_id: int
    receiver_code: str


# The bounds on `at` alone are for the index and the partitions, which a comparison of pairs does not choose. In two
# halves, because an index gives the rows of one channel in order, and those of either of two in none.
_COLUMNS = "at, id, kind, rev, seq, changes, state"
_PAGE = """
SELECT {columns} FROM (
    (SELECT {columns} FROM core_changerecord
      WHERE channel_id = %(channel)s AND {bounds} AND kind <> 'keyframe'
        AND (%(fields)s::text[] IS NULL OR kind <> 'change' OR changes ?| %(fields)s)
      ORDER BY {order} LIMIT %(limit)s)
    UNION ALL
    (SELECT {columns} FROM core_changerecord
      WHERE channel_id IS NULL AND {bounds} AND state #>> '{{target,receiver_id}}' = %(receiver)s
      ORDER BY {order} LIMIT %(limit)s)
) both_halves ORDER BY {order} LIMIT %(limit)s
"""
_BEFORE = _PAGE.format(
    columns=_COLUMNS,
    bounds="at > %(since)s AND at <= %(until)s AND (at, id) < (%(until)s, %(id)s)",
    order="at DESC, id DESC",
)
# In the order of time, for files: whoever reads on after a place misses nothing that came meanwhile.
_AFTER = _PAGE.format(
    columns=_COLUMNS,
    bounds="at >= %(since)s AND at <= %(until)s AND (at, id) > (%(since)s, %(id)s)",
    order="at, id",
)
_AFTER_ALL = 2**63 - 1


def records_before(
    subject: Subject, span: Span, *, place: Place | None = None, fields: tuple[str, ...] | None, limit: int
) -> list[Record]:
    """Return records in this part of the past, newest first, those before a place: all, or changes of these fields."""
    until, id_ = place or (span.until, _AFTER_ALL)
    return _page(
        _BEFORE, subject, {"since": span.since, "until": until, "id": id_}, fields=fields, limit=limit
    )


def records_after(subject: Subject, until: datetime, *, place: Place, limit: int) -> list[Record]:
    """Return the records that follow a place, oldest first, levels and all."""
    since, id_ = place
    return _page(_AFTER, subject, {"since": since, "until": until, "id": id_}, fields=None, limit=limit)


def _page(
    sql: str, subject: Subject, bounds: Mapping[str, Any], *, fields: tuple[str, ...] | None, limit: int
) -> list[Record]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                **bounds,
                "channel": subject.channel_id,
                "receiver": subject.receiver_code,
                "fields": None if fields is None else list(fields),
                "limit": limit,
            },
        )
        return list(_read(cursor.fetchall()))


def _read(rows: list[tuple[Any, ...]]) -> Iterator[Record]:
    for at, id_, kind, rev, seq, changes, state in rows:
        yield Record(
            at=at,
            id=id_,
            kind=Kind(kind),
            rev=rev,
            seq=seq,
            changes=orjson.loads(changes),
            state=orjson.loads(state),
        )
