"""The values of a channel over time, as few points as a plot can show: downsampled where the records are.

A record holds the state after a change, and a value holds until the next one: the series are steps. Of each bucket stay
the least and the greatest value, the last one, and where there was none, so that a peak is never lost, a line leaves
a bucket where it should, and a gap is a gap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from core.domain.state import SEVERITY
from dashboard.device.ranges import Span

BUCKETS = 500  # of at most four points each
MOST_POINTS = 4 * BUCKETS

NAMES = (
    "battery_minutes",
    "battery_level",
    "battery_bars",
    "rf_signal_a",
    "rf_signal_b",
    "rf_signal",
    "audio_level",
    "peak_level",
)
STATE = "state"

Point = tuple[int, int | None]  # milliseconds since 1970, value; None: from here on there is no value


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What plots are drawn from: points by the feed's names, and of the state its rank, worst first from 0."""

    span: Span
    points: Mapping[str, list[Point]]


def _columns(name: str) -> str:
    """Return the four aggregates of one series.

    A value and the milliseconds since the range began go into one number, so that the least and the greatest come
    with their instants: in which order says which of the two is compared first.
    """
    return f"""
       min({name}::bigint << 32 | ms), max({name}::bigint << 32 | ms),
       max(CASE WHEN {name} IS NOT NULL THEN ms << 16 | ({name} + 32768) END),
       max(CASE WHEN {name} IS NULL THEN ms END)"""


_RANKS = " ".join(f"WHEN '{state}' THEN {rank}" for rank, state in enumerate(SEVERITY))

# What was recorded last before the range still holds when it begins. What nobody has heard lately is no value; a
# trouble outlives its age, so the reasons tell of that too.
_SERIES = f"""
WITH kept AS (
    (SELECT %(since)s::timestamptz AS at, c.state FROM core_changerecord c
      WHERE c.channel_id = %(channel)s AND c.at <= %(since)s AND c.kind <> 'alert'
      ORDER BY c.at DESC, c.id DESC LIMIT 1)
    UNION ALL
    SELECT at, state FROM core_changerecord
     WHERE channel_id = %(channel)s AND at > %(since)s AND at <= %(until)s AND kind <> 'alert'
),
told AS (
    SELECT (extract(epoch FROM at - %(since)s) * 1000)::bigint AS ms, state AS s,
           coalesce(state ->> 'state' NOT IN ('stale', 'offline', 'off') AND NOT state -> 'reasons' ? 'stale', false)
               AS holds
      FROM kept
),
val AS MATERIALIZED (
    SELECT ms, least(ms * {BUCKETS} / %(span_ms)s, {BUCKETS - 1}) AS bucket,
           CASE s ->> 'state' {_RANKS} END AS state,
           {", ".join(f"CASE WHEN holds THEN (s ->> '{name}')::int END AS {name}" for name in NAMES)}
      FROM told
)
SELECT {", ".join(_columns(name) for name in (STATE, *NAMES))}
  FROM val GROUP BY bucket ORDER BY bucket
"""  # noqa: S608  built from names of this module

_AGGREGATES = 4
_LOW_32, _LOW_16, _HALF_16 = 2**32 - 1, 2**16 - 1, 2**15


def read_series(channel_id: int, span: Span) -> Series:
    """Return what was recorded of a channel in this part of the past."""
    since_ms = milliseconds(span.since)
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, _asked(channel_id, span))
        buckets = cursor.fetchall()
    points = {
        name: list(
            steps(
                point
                for bucket in buckets
                for point in _points(bucket[at : at + _AGGREGATES], since_ms=since_ms)
            )
        )
        for at, name in zip(
            range(0, len((STATE, *NAMES)) * _AGGREGATES, _AGGREGATES), (STATE, *NAMES), strict=True
        )
    }
    return Series(span=span, points=points)


def explain_series(channel_id: int, span: Span) -> str:
    """Return how Postgres goes about it."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {_SERIES}", _asked(channel_id, span))
        return "\n".join(line for (line,) in cursor.fetchall())


def _asked(channel_id: int, span: Span) -> dict[str, Any]:
    return {
        "channel": channel_id,
        "since": span.since,
        "until": span.until,
        "span_ms": int((span.until - span.since).total_seconds() * 1000),
    }


def _points(bucket: tuple[int | None, ...], *, since_ms: int) -> list[Point]:
    """Return a bucket's points of one series, in order and each once."""
    least, greatest, last, hole = bucket
    found: set[Point] = set()
    for packed in (least, greatest):
        if packed is not None:
            found.add((since_ms + (packed & _LOW_32), packed >> 32))
    if last is not None:
        found.add((since_ms + (last >> 16), (last & _LOW_16) - _HALF_16))
    if hole is not None:
        found.add((since_ms + hole, None))
    return sorted(found, key=lambda point: (point[0], point[1] is None, point[1] or 0))


def steps(points: Iterator[Point]) -> Iterator[Point]:
    """Leave out points at which nothing changes."""
    before: int | None = None
    first = True
    for at, value in points:
        if first or value != before:
            yield at, value
        before, first = value, False


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
