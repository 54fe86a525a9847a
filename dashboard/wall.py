"""The wall as it is first painted: what the address asks for, and the snapshot put into that form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dashboard import ends, order
from dashboard.faces import STATE_WORDS, Face, Seen, face, seen
from dashboard.shown import span

THEMES = ("dark", "light", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a wall's address asks for. A value that means nothing is as good as none.

    Without a theme the browser's own choice holds, which only the browser knows. `until` is as it was written: one that
    is no time of day is told to whoever wrote it, because a wall that quietly looks to another end misleads.
    """

    group: str | None
    sort: str
    fit: str
    theme: str
    kiosk: bool
    until: str

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        sort, theme = query.get("sort", ""), query.get("theme", "")
        return cls(
            group=query.get("group") or None,
            sort=sort if sort in order.SORTS else "",
            fit="3m" if query.get("fit") == "3m" else "",
            theme=theme if theme in THEMES else "",
            kiosk=query.get("kiosk") == "1",
            until=query.get("until", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    state: str
    number: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    tiles: list[Face]
    counts: list[Count]
    strip: list[Face]
    more: int
    clock: datetime
    bound: str
    end: ends.Told | None
    title: str
    worst: str


def first_paint(snapshot: Mapping[str, Any], wish: Wish, *, places: ends.Places | None = None) -> Wall:
    """Return the wall at the snapshot's own time, as its socket's client would draw it.

    Without `places` it knows of no end: where events of the past were to end is not recorded.
    """
    now = datetime.fromisoformat(snapshot["timestamp"])
    of_wall = order.of_wall(snapshot["devices"], wish.group)
    end = None if places is None else ends.end_of(of_wall, places, now, until=wish.until)
    ends_at = end.at if end is not None and end.is_own else None
    last = {row["device_id"]: seen(row, snapshot["intervals"], now) for row in snapshot["devices"]}
    faces = {
        row["device_id"]: face(row, last[row["device_id"]], alerts=snapshot["alerts"], ends_at=ends_at)
        for row in snapshot["devices"]
    }
    rows = order.ordered(snapshot["devices"], faces, group=wish.group, sort=wish.sort or "slot")
    tiles = [faces[row["device_id"]] for row in rows]
    counts = order.counts(tiles)
    risen, more = order.strip(tiles)
    return Wall(
        tiles=tiles,
        counts=[
            Count(state=state, number=number, word=STATE_WORDS[state]) for state, number in counts.items()
        ],
        strip=risen,
        more=more,
        clock=now,
        end=None if end is None else ends.told(end, now),
        bound=_bound([(tile, last[tile.id]) for tile in tiles]),
        title=title(counts),
        worst=next((state for state, number in counts.items() if number), "off"),
    )


def title(counts: Mapping[str, int]) -> str:
    """Return the page's name, so that a background tab tells how many need a hand: "(2!) Wall"."""
    if urgent := counts["critical"] + counts["offline"]:
        return f"({urgent}!) Wall"
    return f"({counts['warning']}) Wall" if counts["warning"] else "Wall"


def _bound(tiles: list[tuple[Face, Seen]]) -> str:
    """Return how old the oldest value is that is shown as fresh; nothing where there is nobody."""
    if not tiles:
        return ""
    ages = [
        last.age_s
        for tile, last in tiles
        if tile.freshness == "fresh" and tile.state != "offline" and last.age_s is not None
    ]
    return f"data ≤ {span(-(-max(ages) // 1))}" if ages else "no fresh data"
