"""Until when the batteries of a wall have to last: the end of the event there, or the wall's own. Pure.

`static/micboard/js/ends.js` does the same from the first frame on; the vectors in tests/vectors hold them together.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.domain.forecast import HORIZON
from dashboard.outlook import minutes_to
from dashboard.shown import runtime

Places = Mapping[str, Mapping[str, Any]]
"""Every location by its slug: its `title`, `zone`, and when its event ends (`ends_at`, None: there is none)."""

OWN = "this wall"
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """`place` says of whom it is the end, where that is not all of the wall's channels."""

    at: datetime
    zone: str
    place: str

    @property
    def is_own(self) -> bool:
        return self.place == OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The end as the header says it."""

    to: str
    left: str
    place: str


def is_time(text: str) -> bool:
    """Say whether this is a time of day, such as 22:30."""
    return _TIME.fullmatch(text) is not None


def end_of(
    channels: Collection[Mapping[str, Any]], places: Places, now: datetime, *, until: str
) -> End | None:
    """Return the wall's own end where it has one, else the one that comes first of its channels' locations."""
    slugs = {channel["location"] for channel in channels}
    known = sorted(slugs & places.keys())
    if until:
        # By the clocks of a place; only a browser knows those of whoever has none.
        zone = places[known[0]]["zone"] if known else None
        return zone and End(at=next_time(until, zone, now), zone=zone, place=OWN)
    ends = {slug: _ends_at(places[slug], now) for slug in known}
    near = sorted((at, slug) for slug, at in ends.items() if at is not None)
    if not near:
        return None
    at, slug = near[0]
    later = any(other != at for other, _ in near)
    alone = len({ends.get(each) for each in slugs}) == 1
    title = str(places[slug]["title"])
    return End(
        at=at,
        zone=places[slug]["zone"],
        place="" if alone else f"{title} first" if later else title,
    )


def _ends_at(place: Mapping[str, Any], now: datetime) -> datetime | None:
    at = datetime.fromisoformat(place["ends_at"]) if place["ends_at"] else None
    return at if at is not None and is_near(at, now) else None


def is_near(at: datetime, now: datetime) -> bool:
    return timedelta() < at - now <= HORIZON


def next_time(text: str, zone: str, now: datetime) -> datetime:
    """Return when the clocks of a zone show this time next."""
    hours, minutes = text.split(":")
    wanted = 60 * int(hours) + int(minutes)
    whole = now.astimezone(UTC).replace(second=0, microsecond=0)
    ahead = (wanted - _minute_of_day(whole, zone)) % _DAY_MIN or _DAY_MIN
    at = whole + timedelta(minutes=ahead)
    # The clocks may be put back or forward until then.
    off = (wanted - _minute_of_day(at, zone) + _DAY_MIN // 2) % _DAY_MIN - _DAY_MIN // 2
    return at + timedelta(minutes=off)


def _minute_of_day(at: datetime, zone: str) -> int:
    there = at.astimezone(ZoneInfo(zone))
    return 60 * there.hour + there.minute


def told(end: End, now: datetime, own_zone: str = "UTC") -> Told:
    """Return what the header says. `own_zone` is that of its clock: another one is named."""
    there, here = end.at.astimezone(ZoneInfo(end.zone)), end.at.astimezone(ZoneInfo(own_zone))
    named = "" if there.utcoffset() == here.utcoffset() else f" {_offset(there)}"
    return Told(
        to=f"to {there:%H:%M}{named}",
        left=f"{runtime(minutes_to(end.at, now))} left" if is_near(end.at, now) else "",
        place=end.place,
    )


def _offset(there: datetime) -> str:
    minutes = int((there.utcoffset() or timedelta()) / timedelta(minutes=1))
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
