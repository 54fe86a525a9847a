"""Cuts out of a channel's series when nobody polled, and says so in words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.domain.absences import Absence
from dashboard.device.ranges import Span
from dashboard.device.series import Point, Series, milliseconds, steps
from dashboard.shown import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """How often and for how long nobody watched in a part of the past; `last` is the last time."""

    times: int
    in_all: str
    last: Absence


def cut(series: Series, absences: Iterable[Absence]) -> Series:
    """Return the series with no value where nobody watched: what was recorded before did not hold, it was unknown."""
    holes = [_hole(absence, series.span) for absence in absences]
    points = {name: list(steps(_cut(known, holes))) for name, known in series.points.items()}
    return replace(series, points=points)


def _hole(absence: Absence, of: Span) -> tuple[int, int | None]:
    return milliseconds(max(absence.since, of.since)), _end(absence)


def _end(absence: Absence) -> int | None:
    return None if absence.until is None else milliseconds(absence.until)


def _cut(points: Sequence[Point], holes: Iterable[tuple[int, int | None]]) -> Iterator[Point]:
    """Give the points outside of the holes, which are in order and apart, and where each begins and ends."""
    held: int | None = None
    index = 0
    for since, until in holes if points else ():
        while index < len(points) and points[index][0] < since:
            held = points[index][1]
            yield points[index]
            index += 1
        yield since, None
        while index < len(points) and (until is None or points[index][0] <= until):
            held = points[index][1]
            index += 1
        if until is not None:
            yield until, held
    yield from points[index:]


def summary(absences: Sequence[Absence], now: datetime) -> Away | None:
    if not absences:
        return None
    return Away(
        times=len(absences),
        in_all=span(sum(absence.seconds(now) for absence in absences)),
        last=absences[-1],
    )


def drawn(absences: Iterable[Absence]) -> list[dict[str, Any]]:
    """Return the absences as the plots take them, in milliseconds; `until` is None while one goes on."""
    return [{"since": milliseconds(absence.since), "until": _end(absence)} for absence in absences]
