"""The list: which channels its address asks for, in which order, and what each line says. Pure.

`static/micboard/js/listed.js` and `line.js` do the same from the first frame on; the vectors in tests/vectors hold
them together.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.http import QueryDict

from dashboard import order
from dashboard.faces import STATE_WORDS, WORST_FIRST, Channel, Face, face, is_known, seen
from dashboard.outlook import estimate, estimate_min, is_current
from dashboard.reasons import named
from dashboard.shown import UNKNOWN, level, runtime, shown
from dashboard.wall import THEMES


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWish:
    """What a list's address asks for. `states` empty: all of them; `sort` is a column, `descending` from its end."""

    q: str = ""
    states: frozenset[str] = frozenset()
    location: str = ""
    sort: str = "state"
    descending: bool = False
    theme: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Read an address. States stand in one parameter, or in several as a form sends them."""
        sort, theme = query.get("sort", ""), query.get("theme", "")
        column = sort.removeprefix("-")
        known = column in VALUES
        return cls(
            q=query.get("q", "").strip(),
            states=frozenset(",".join(query.getlist("state")).split(",")) & STATE_WORDS.keys(),
            location=query.get("location", ""),
            sort=column if known else "state",
            descending=known and sort.startswith("-"),
            theme=theme if theme in THEMES else "",
        )

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.states or self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, ready to be drawn."""

    id: str
    name: str
    state: str
    freshness: str
    word: str
    trouble: str
    runtime: str
    bars: int | None
    battery: str
    rf: str
    audio: str
    frequency: str
    location: str
    age: str
    muted: bool
    acked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A channel of the list, with the face that decides its state."""

    channel: Channel
    face: Face

    @property
    def is_known(self) -> bool:
        return is_known(self.face.state, self.face.freshness)

    @property
    def minutes(self) -> int | None:
        """The minutes that its battery lasts, as told, else by our own estimate; None where nobody knows."""
        if not self.is_known:
            return None
        told: int | None = self.channel["battery_minutes"]
        current = is_current(self.face.state, self.face.freshness)
        return estimate_min(self.channel) if told is None and current else told


def entries(snapshot: Mapping[str, Any]) -> list[Entry]:
    """Return every microphone on the board, at the snapshot's own time."""
    now = datetime.fromisoformat(snapshot["timestamp"])
    return [
        Entry(channel=row, face=face(row, seen(row, snapshot["intervals"], now), alerts=snapshot["alerts"]))
        for row in snapshot["devices"]
        if row["kind"] == "microphone"
    ]


def narrowed(found: Iterable[Entry], wish: ListWish) -> list[Entry]:
    """Return those that the wish asks for, in its order; whose value is unknown stand last either way."""
    terms = folded(wish.q).split()
    chosen = [entry for entry in found if _is_wanted(entry, terms, wish)]
    chosen.sort(key=_place)
    value = VALUES[wish.sort]
    known = [entry for entry in chosen if value(entry) is not None]
    unknown = [entry for entry in chosen if value(entry) is None]
    known.sort(key=value, reverse=wish.descending)  # stable: equals keep their places
    return known + unknown


def _is_wanted(entry: Entry, terms: Sequence[str], wish: ListWish) -> bool:
    if wish.states and entry.face.state not in wish.states:
        return False
    if wish.location and entry.channel["location"] != wish.location:
        return False
    text = folded(searched(entry.channel))
    return all(term in text for term in terms)


def searched(channel: Channel) -> str:
    """Return all of a channel that a search looks through."""
    groups = [slug for slug, _ in channel["groups"]]
    parts = (
        channel["device_id"],
        channel["name"],
        channel["model"],
        channel["transmitter"],
        channel["location"],
    )
    return " ".join(filter(None, (*parts, channel["server"], *groups, frequency(channel["frequency_khz"]))))


def folded(text: str) -> str:
    """Return text as it is compared in a search: in small letters, without accents."""
    plain = unicodedata.normalize("NFD", text)
    return "".join(char for char in plain if not unicodedata.category(char).startswith("M")).lower()


def _place(entry: Entry) -> tuple[bytes, int]:
    return order.natural(entry.channel["receiver_id"]), entry.channel["channel"]


def _when_known(field: str) -> Callable[[Entry], Any]:
    return lambda entry: entry.channel[field] if entry.is_known else None


def charge(channel: Channel) -> int | None:
    """Return how full a battery is, in per cent: as told, else as far as its bars tell."""
    percent: int | None = channel["battery_level"]
    bars: int | None = channel["battery_bars"]
    return 20 * bars if percent is None and bars is not None else percent


VALUES: Mapping[str, Callable[[Entry], Any]] = {
    "state": lambda entry: WORST_FIRST.index(entry.face.state),
    "name": lambda entry: order.natural(entry.channel["name"]),
    "id": _place,
    "runtime": lambda entry: entry.minutes,
    "battery": lambda entry: charge(entry.channel) if entry.is_known else None,
    "rf": _when_known("rf_signal"),
    "audio": _when_known("peak_level"),
    "frequency": lambda entry: entry.channel["frequency_khz"],
    "location": lambda entry: entry.channel["location"],
}
"""What the columns are sorted by; None is unknown."""


def line(entry: Entry, titles: Mapping[str, str]) -> Line:
    """Return what a line says. `titles` are the locations', by slug."""
    channel, drawn = entry.channel, entry.face
    doubt = "?" if drawn.freshness == "stale" else ""
    percent = charge(channel) if entry.is_known else None
    return Line(
        id=drawn.id,
        name=drawn.name,
        state=drawn.state,
        freshness=drawn.freshness,
        word=STATE_WORDS[drawn.state],
        trouble=trouble(channel, drawn),
        runtime=_runtime(entry, doubt),
        bars=drawn.bars,
        battery=UNKNOWN if percent is None else f"{level(percent, '%')}{doubt}",
        rf=_level(entry, "rf_signal", doubt),
        audio=_level(entry, "peak_level", doubt),
        frequency=frequency(channel["frequency_khz"]) or UNKNOWN,
        location=shown(titles.get(channel["location"], channel["location"] or "")),
        age=drawn.age,
        muted=drawn.muted,
        acked=drawn.acked,
    )


def trouble(channel: Channel, drawn: Face) -> str:
    """Return all that is wrong with a channel, or else what there is to add to its state."""
    reasons = [reason for reason in channel["reasons"] if reason != "battery_short" or not drawn.short]
    short = drawn.outlook if drawn.short else ""
    wrong = ", ".join(filter(None, (*named(reasons), short, drawn.notice)))
    taken = f"{drawn.acked_by} {drawn.acked_at}".strip()
    return " · ".join(filter(None, (wrong or drawn.about or drawn.outlook, taken)))


def frequency(khz: int | None) -> str:
    """Return a frequency as it stands on a receiver, in MHz; nothing where it is not told."""
    return "" if khz is None else f"{khz // 1000}.{khz % 1000:03}"


def _runtime(entry: Entry, doubt: str) -> str:
    if entry.minutes is None:
        return UNKNOWN
    return estimate(entry.channel) or f"{runtime(entry.minutes)}{doubt}"


def _level(entry: Entry, field: str, doubt: str) -> str:
    value = entry.channel[field] if entry.is_known else None
    return UNKNOWN if value is None else f"{level(value, '').strip()}{doubt}"


BLANK = Line(
    id="",
    name="",
    state="stale",
    freshness="lapsed",
    word="",
    trouble="",
    runtime=UNKNOWN,
    bars=None,
    battery=UNKNOWN,
    rf=UNKNOWN,
    audio=UNKNOWN,
    frequency=UNKNOWN,
    location="",
    age="",
    muted=False,
    acked=False,
)
"""The line of a channel that is still to come."""
