"""The wall as it is first painted: what the address asks for, and the snapshot put into that form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dashboard import order
from dashboard.faces import STATE_WORDS, Face, Seen, face, seen
from dashboard.shown import span

THEMES = ("dark", "light", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a wall's address asks for. A value that means nothing is as good as none.

    Without a theme the browser's own choice holds, which only the browser knows.
    """

    group: str | None
    sort: str
    fit: str
    theme: str
    kiosk: bool

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        sort, theme = query.get("sort", ""), query.get("theme", "")
        return cls(
            group=query.get("group") or None,
            sort=sort if sort in order.SORTS else "",
            fit="3m" if query.get("fit") == "3m" else "",
            theme=theme if theme in THEMES else "",
            kiosk=query.get("kiosk") == "1",
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
    title: str
    worst: str


def first_paint(snapshot: Mapping[str, Any], wish: Wish) -> Wall:
    """Return the wall at the snapshot's own time, as its socket's client would draw it."""
    now = datetime.fromisoformat(snapshot["timestamp"])
    last = {row["device_id"]: seen(row, snapshot["intervals"], now) for row in snapshot["devices"]}
    faces = {
        row["device_id"]: face(row, last[row["device_id"]], alerts=snapshot["alerts"])
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
