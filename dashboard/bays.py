"""What the tile of a charger's bay says. Pure.

`static/micboard/js/bay.js` does the same from the first frame on; the vectors in tests/vectors hold them together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboard import order
from dashboard.faces import STATE_WORDS, Channel, Face, Seen, face, seen
from dashboard.shown import UNKNOWN, level, runtime

FULL = 100  # per cent
TROUBLED = frozenset({"critical", "warning"})


def bays(snapshot: Mapping[str, Any]) -> list[Face]:
    """Return the faces of all bays, charger by charger, at the snapshot's own time."""
    now = datetime.fromisoformat(snapshot["timestamp"])
    rows = [row for row in snapshot["devices"] if row["kind"] == "bay"]
    rows.sort(key=lambda row: (order.natural(row["receiver_id"]), row["channel"]))
    return [bay_face(row, seen(row, snapshot["intervals"], now)) for row in rows]


def bay_face(channel: Channel, last: Seen) -> Face:
    drawn = face(channel, last)
    headline = _headline(channel, drawn)
    word, about = _note(channel, drawn)
    spoken = (drawn.id, drawn.name, STATE_WORDS[drawn.state], headline, word.lower(), about, drawn.notice)
    return replace(
        drawn,
        headline=headline,
        headline_size="small" if len(headline) > 8 else "medium" if len(headline) > 6 else "large",  # noqa: PLR2004  as in faces
        unit="",
        quality="unknown",
        rf=" · ".join(_wear(channel)) if _is_known(drawn) else "",
        word=word,
        about=about,
        muted=False,
        label=", ".join(dict.fromkeys(filter(None, spoken))),
    )


def _headline(channel: Channel, drawn: Face) -> str:
    if drawn.state == "offline":
        return "NO CHARGER"
    if drawn.state == "off":
        return "EMPTY"
    if drawn.state in TROUBLED:
        return drawn.headline
    if channel["battery_level"] is None or drawn.freshness == "lapsed":
        return UNKNOWN
    return level(channel["battery_level"], "%") + ("?" if drawn.freshness == "stale" else "")


def _note(channel: Channel, drawn: Face) -> tuple[str, str]:
    """Return the state's word and what there is to add."""
    if drawn.state != "ok":
        return drawn.word, drawn.about
    if channel["battery_level"] == FULL:
        return "FULL", ""
    if not channel["charging"]:
        return "OK", ""
    minutes = channel.get("minutes_to_full")
    return "CHARGING", f"full in {runtime(minutes)}" if minutes else ""


def _is_known(drawn: Face) -> bool:
    return drawn.state not in {"off", "offline"} and drawn.freshness != "lapsed"


def _wear(channel: Channel) -> Iterator[str]:
    for field, said in (
        ("battery_health_percent", "health {}\u00a0%"),
        ("battery_cycles", "{} cycles"),
        ("battery_celsius", "{}\u00a0°C"),
    ):
        if channel.get(field) is not None:
            yield said.format(channel[field])
