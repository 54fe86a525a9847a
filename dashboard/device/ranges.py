"""How far back a page looks. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

RANGES = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
DEFAULT_RANGE = "6h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the past: behind `since`, up to `until`."""

    since: datetime
    until: datetime


def chosen(name: str | None) -> str:
    """Return the range of this name; a name that means nothing is as good as none."""
    return name if name in RANGES else DEFAULT_RANGE


def wider(name: str) -> str | None:
    """Return the next range that looks further back, None where none does."""
    names = list(RANGES)
    return next(iter(names[names.index(name) + 1 :]), None)


def up_to(until: datetime, name: str) -> Span:
    return Span(since=until - RANGES[name], until=until)
