"""When Micboard itself was away: nobody polled, so that nothing is known of any receiver. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """From the last poll up to the next one; `until` is None while there is none yet."""

    since: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.since < at and (self.until is None or at < self.until)

    def seconds(self, now: datetime) -> float:
        return ((self.until or now) - self.since).total_seconds()


def at_moment(absences: Iterable[Absence], at: datetime) -> Absence | None:
    """Return the absence that this moment is in."""
    return next((absence for absence in absences if absence.covers(at)), None)


def last_watched(absences: Iterable[Absence], at: datetime) -> datetime:
    """Return the last moment up to this one at which somebody watched."""
    absence = at_moment(absences, at)
    return absence.since if absence else at
