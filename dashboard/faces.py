"""What one tile says: from a channel's values on the feed to words. Pure.

`static/micboard/js/face.js` does the same from the first frame on; the vectors in tests/vectors hold them
together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.reasons import TROUBLES, complaint, subjects, words
from dashboard.shown import UNKNOWN, bars, level, moment, runtime, shown, span

STATE_WORDS: Mapping[str, str] = {
    "critical": "critical",
    "offline": "no receiver",
    "warning": "warning",
    "stale": "stale",
    "ok": "ok",
    "off": "off",
}
WORST_FIRST = tuple(STATE_WORDS)

STALE_AT_LEAST_S = 45
LAPSED_S = 600
LONG_NAME = 12  # characters on one line; a longer one is set smaller, on two
_QUALITIES = frozenset({"excellent", "good", "fair", "poor", "overload", "no_tx"})

Channel = Mapping[str, Any]
"""One channel's row as the feed's `initial_data` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One tile, ready to be drawn: text that is safe to read, and attributes from closed lists."""

    id: str
    name: str
    long: bool
    state: str
    freshness: str
    headline: str
    unit: str
    size: str
    note: str
    bars: int | None
    quality: str
    rf: str
    age: str
    notice: str
    details: str
    muted: bool
    label: str


@dataclass(frozen=True, slots=True)
class Seen:
    """When a channel's receiver last answered, how many seconds ago that is, and how old that makes its values."""

    at: datetime | None
    age_s: float | None
    freshness: str
    now: datetime

    @property
    def is_old(self) -> bool:
        return self.freshness in {"stale", "lapsed"}


def seen(channel: Channel, intervals: Mapping[str, float], now: datetime) -> Seen:
    at = datetime.fromisoformat(channel["seen_at"]) if channel["seen_at"] else None
    age_s = None if at is None else max(0.0, (now - at).total_seconds())
    interval = channel["interval_s"] or intervals.get(channel["tier"]) or intervals.get("normal", 30)
    return Seen(at, age_s, freshness(age_s, interval), now)


def freshness(age_s: float | None, interval_s: float) -> str:
    """Return "fresh", "late", "stale", or "lapsed": too old to show as a value at all."""
    stale_s = max(STALE_AT_LEAST_S, 3 * interval_s)
    if age_s is None or age_s > max(LAPSED_S, stale_s):
        return "lapsed"
    if age_s > stale_s:
        return "stale"
    return "late" if age_s > 1.5 * interval_s + 2 else "fresh"


def state_now(channel: Channel, last: Seen) -> str:
    """Return the state to show: the recorded one, but never quiet about a value that has grown old."""
    state: str = channel["state"]
    return "stale" if state in {"ok", "off"} and last.is_old else state


def face(channel: Channel, last: Seen) -> Face:
    state = state_now(channel, last)
    headline, unit = _doubted(*_headline(channel, state), state, last)
    name = shown(channel["name"])
    complaints = _complaints(channel, state)
    muted = channel["mute_status"] is True
    spoken = [
        channel["device_id"],
        name,
        STATE_WORDS[state],
        f"{headline} {unit}".strip(),
        complaints[0] if complaints else "",
        "muted" if muted else "",
    ]
    return Face(
        id=channel["device_id"],
        name=name,
        long=len(name) > LONG_NAME,
        state=state,
        freshness=last.freshness,
        headline=headline,
        unit=unit,
        size=_size(headline),
        note=_note(channel, state, last),
        bars=_bars(channel, state, last),
        quality=_quality(channel, state, last),
        rf=_rf(channel, state, last),
        age=_age(state, last),
        notice=complaints[0] if complaints else "",
        details="; ".join(complaints),
        muted=muted,
        label=", ".join(filter(None, spoken)),
    )


BLANK = Face(
    id="",
    name="",
    long=False,
    state="stale",
    freshness="lapsed",
    headline=UNKNOWN,
    unit="",
    size="large",
    note="",
    bars=None,
    quality="unknown",
    rf="",
    age="",
    notice="",
    details="",
    muted=False,
    label="",
)
"""The tile of a channel that is still to come."""


def _headline(channel: Channel, state: str) -> tuple[str, str]:
    reason = next(iter(channel["reasons"]), state)
    match state:
        case "offline":
            return "NO RECEIVER", ""
        case "critical" | "warning" if reason not in TROUBLES:
            return words(reason).upper(), ""
        case "critical" | "warning":
            says = TROUBLES[reason].says
            return (says, "") if says else (_battery(channel, "left") or ("BATTERY", ""))
        case "off":
            return "TX OFF", ""
        case _ if channel.get("transmitter_on") is False:
            return "TX OFF", ""
        case _:
            return _battery(channel, "") or (UNKNOWN, "")


def _doubted(headline: str, unit: str, state: str, last: Seen) -> tuple[str, str]:
    if state == "offline" or not last.is_old or headline == UNKNOWN:
        return headline, unit
    return (UNKNOWN, "") if last.freshness == "lapsed" else (f"{headline}?", unit)


def _battery(values: Mapping[str, Any], unit: str) -> tuple[str, str] | None:
    if values["battery_minutes"] is not None:
        return runtime(values["battery_minutes"]), unit
    if values["battery_bars"] is not None:
        return f"{values['battery_bars']}/5", "bars"
    return None if values["battery_level"] is None else (level(values["battery_level"], "%"), unit)


def _size(headline: str) -> str:
    """Return how large the headline is set, so that it stays on one line."""
    return "large" if len(headline) <= 6 else "medium" if len(headline) <= 8 else "small"  # noqa: PLR2004 - what fits


def _complaints(channel: Channel, state: str) -> list[str]:
    # A trouble that this page has no words for is the headline already.
    reasons = channel["reasons"][1:] if state in {"critical", "warning"} else channel["reasons"]
    return [told for reason in reasons if (told := complaint(reason))]


def _bars(channel: Channel, state: str, last: Seen) -> int | None:
    if state in {"off", "offline"} or last.freshness == "lapsed":
        return None
    known: int | None = channel["battery_bars"]
    return bars(channel["battery_level"]) if known is None else known


def _quality(channel: Channel, state: str, last: Seen) -> str:
    unknown = state == "offline" or last.freshness == "lapsed" or channel["rf_quality"] not in _QUALITIES
    return "unknown" if unknown else str(channel["rf_quality"])


def _note(channel: Channel, state: str, last: Seen) -> str:
    about = subjects(channel["reasons"])
    since = datetime.fromisoformat(channel["state_since"])
    before = _before_it_lapsed(channel, last)
    match state:
        case "critical":
            return f"CRITICAL · {before}" if before else f"CRITICAL {about}".strip()
        case "warning" if before:
            return before
        case "warning":
            return f"LOW {about}" if channel["reasons"][:1] == ["battery_low"] else about or "WARNING"
        case "offline":
            return f"OFFLINE {span((last.now - since).total_seconds())}"
        case "off":
            was = _in_brief(channel["last"]) if channel["last"] else ""
            return f"since {moment(since, last.now)}" + (f" · was {was}" if was else "")
        case "stale":
            return "not read yet" if last.at is None else before or "STALE"
        case _:
            return "OK · charging" if channel["charging"] else "OK"


def _before_it_lapsed(channel: Channel, last: Seen) -> str:
    known = _battery(channel, "") if last.freshness == "lapsed" else None
    return f"last {known[0]} at {moment(last.at, last.now)}" if known and last.at else ""


def _in_brief(values: Mapping[str, Any]) -> str:
    if values["battery_bars"] is not None:
        return f"{values['battery_bars']}/5"
    known = _battery(values, "")
    return known[0] if known else ""


def _rf(channel: Channel, state: str, last: Seen) -> str:
    if state in {"off", "offline"}:
        return ""
    if channel["rf_signal"] is None or last.freshness == "lapsed":
        return f"RF {UNKNOWN}"
    return f"RF {level(channel['rf_signal'], 'dBm')}{'?' if last.is_old else ''}"


def _age(state: str, last: Seen) -> str:
    if last.at is None or last.age_s is None:
        return "never seen"
    if state == "offline":
        return f"seen {moment(last.at, last.now)}"
    return f"{span(last.age_s)} old" if last.is_old else span(last.age_s)
