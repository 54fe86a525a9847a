"""What one tile says: from a channel's values on the feed to words. Pure.

`static/micboard/js/face.js` does the same from the first frame on; the vectors in tests/vectors hold them
together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.colours import Colour
from dashboard.in_hand import Alert, in_hand
from dashboard.outlook import Outlook, estimate, is_current, outlook
from dashboard.reasons import TROUBLES, complaint, explained, subjects, words
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
_QUALITIES = frozenset({"excellent", "good", "fair", "poor", "overload", "no_tx"})

Channel = Mapping[str, Any]
"""One channel's row as the feed's `initial_data` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One tile, ready to be drawn: text that is safe to read, and attributes from closed lists."""

    id: str
    name: str
    name_size: str
    state: str
    freshness: str
    word: str
    about: str
    headline: str
    headline_size: str
    unit: str
    estimate: str
    outlook: str
    short: bool
    bars: int | None
    quality: str
    rf: str
    age: str
    notice: str
    details: str
    muted: bool
    acked: bool
    acked_by: str
    acked_at: str
    label: str
    colour: str | None = None


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


def is_known(state: str, freshness: str) -> bool:
    """Say whether there are values to show: a transmitter that was heard not too long ago."""
    return state not in {"offline", "off"} and freshness != "lapsed"


def face(
    channel: Channel, last: Seen, *, alerts: Iterable[Alert] = (), ends_at: datetime | None = None
) -> Face:
    """Return the face of a channel. `alerts` tell who has it in hand; `ends_at` is a wall's own end, to which batteries
    have to last.
    """
    state = state_now(channel, last)
    headline, unit = _headline(channel, state, last)
    current = is_current(state, last.freshness)
    is_figure = _said(channel, state) is None
    estimated = estimate(channel) if current and is_figure else ""
    prospect = outlook(channel, last.now, ends_at) if current else Outlook()
    # That the battery lasts is no news beside trouble of another kind, or on a charger.
    if not (prospect.short or (is_figure and not channel["charging"])):
        prospect = Outlook()
    word, about = _note(channel, state, last, prospect)
    name = shown(channel["name"])
    complaints = _complaints(channel, state)
    notice = next(filter(None, map(complaint, complaints)), "")
    known = is_known(state, last.freshness)
    muted = known and channel["mute_status"] is True
    taken = in_hand(channel, state, alerts, last.now)
    colour = channel.get("colour") if channel.get("colour") in list(Colour) else None
    spoken = [
        channel["device_id"],
        name,
        STATE_WORDS[state],
        f"{headline} {unit}".strip(),
        estimated.replace("~", "about "),
        prospect.spoken(),
        notice,
        "muted" if muted else "",
        taken.spoken,
        f"marked {colour}" if colour else "",
    ]
    return Face(
        id=channel["device_id"],
        name=name,
        name_size=_size(name, large=8, medium=16),
        state=state,
        freshness=last.freshness,
        word=word,
        about=about,
        headline=headline,
        headline_size=_size(headline, large=6, medium=8),
        unit=unit,
        estimate=estimated,
        outlook=prospect.says,
        short=prospect.short,
        bars=_bars(channel) if known else None,
        quality=_quality(channel, state, last),
        rf=_rf(channel, state, last),
        age=_age(state, last),
        notice=notice,
        details=explained(complaints),
        muted=muted,
        acked=bool(taken.by),
        acked_by=taken.by,
        acked_at=taken.at,
        label=", ".join(filter(None, spoken)),
        colour=colour,
    )


BLANK = Face(
    id="",
    name="",
    name_size="large",
    state="stale",
    freshness="lapsed",
    word="",
    about="",
    headline=UNKNOWN,
    headline_size="large",
    unit="",
    estimate="",
    outlook="",
    short=False,
    bars=None,
    quality="unknown",
    rf="",
    age="",
    notice="",
    details="",
    muted=False,
    acked=False,
    acked_by="",
    acked_at="",
    label="",
)
"""The tile of a channel that is still to come."""


def _headline(channel: Channel, state: str, last: Seen) -> tuple[str, str]:
    """Return what is said in large type, and its unit. An old word is doubted; an old figure ends as unknown."""
    doubt = "?" if last.is_old and state != "offline" else ""
    if said := _said(channel, state):
        return f"{said}{doubt}", ""
    known = _battery(channel, "left" if state in {"critical", "warning"} else "")
    if known is None or last.freshness == "lapsed":
        return UNKNOWN, ""
    return f"{known[0]}{doubt}", known[1]


def _said(channel: Channel, state: str) -> str | None:
    """Return the headline in words, or None where the battery's figure says it best."""
    if state == "offline":
        return "NO RECEIVER"
    if state in {"critical", "warning"}:
        reason = next(iter(channel["reasons"]), state)
        says = TROUBLES[reason].says if reason in TROUBLES else words(reason).upper()
        return says or (None if _battery(channel, "") else "BATTERY")
    return "TX OFF" if state == "off" or channel.get("transmitter_on") is False else None


def _battery(values: Mapping[str, Any], unit: str) -> tuple[str, str] | None:
    if values["battery_minutes"] is not None:
        return runtime(values["battery_minutes"]), unit
    if values["battery_bars"] is not None:
        return f"{values['battery_bars']}/5", "bars"
    return None if values["battery_level"] is None else (level(values["battery_level"], "%"), unit)


def _size(text: str, *, large: int, medium: int) -> str:
    """Return how large a text is set, by the most characters that a size has room for."""
    return "large" if len(text) <= large else "medium" if len(text) <= medium else "small"


def _complaints(channel: Channel, state: str) -> list[str]:
    """Return the reasons that may be complaints: a trouble that this page has no words for is the headline already."""
    reasons: list[str] = channel["reasons"]
    return reasons[1:] if state in {"critical", "warning"} else reasons


def _bars(channel: Channel) -> int | None:
    known: int | None = channel["battery_bars"]
    return bars(channel["battery_level"]) if known is None else known


def _quality(channel: Channel, state: str, last: Seen) -> str:
    unknown = state == "offline" or last.freshness == "lapsed" or channel["rf_quality"] not in _QUALITIES
    return "unknown" if unknown else str(channel["rf_quality"])


def _note(channel: Channel, state: str, last: Seen, prospect: Outlook) -> tuple[str, str]:
    """Return the state's word, empty where the headline is it, and what there is to add."""
    since = datetime.fromisoformat(channel["state_since"])
    before = _last_figure(channel, state, last)
    about = before or subjects(prospect.beside(channel["reasons"]))
    match state:
        case "critical":
            return "CRITICAL", about
        case "warning" if channel["reasons"][:1] == ["battery_low"]:
            return "LOW", about
        case "warning":
            return "" if about or prospect.says else "WARNING", about
        case "offline":
            return "OFFLINE", span((last.now - since).total_seconds())
        case "off":
            was = _in_brief(channel["last"]) if channel["last"] else ""
            return "", f"since {moment(since, last.now)}" + (f" · was {was}" if was else "")
        case "stale" if last.at is None:
            return "", "not read yet"
        case "stale":
            return "" if before else "STALE", before
        case _:
            return "OK", "charging" if channel["charging"] else ""


def _last_figure(channel: Channel, state: str, last: Seen) -> str:
    """Return the figure that the headline no longer says because it has lapsed, and of when it is."""
    if last.freshness != "lapsed" or last.at is None or _said(channel, state):
        return ""
    known = _battery(channel, "")
    return f"last {known[0]} at {moment(last.at, last.now)}" if known else ""


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
