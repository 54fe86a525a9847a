"""What happened to a channel, in operators' words. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from core.domain.absences import Absence
from core.models.records import Kind
from dashboard.device.records import Record
from dashboard.faces import STATE_WORDS
from dashboard.reasons import TROUBLES, complaint, words
from dashboard.shown import UNKNOWN, level, runtime, shown, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log. `state` is the one that it led to, empty where that stayed; `levels` moved beside it.

    `until` is when what the entry tells was over.
    """

    at: datetime
    state: str
    lines: list[str]
    levels: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened, to be drawn on a plot. `kind` chooses its sign."""

    at: datetime
    kind: str
    text: str


def entries(records: Iterable[Record]) -> Iterator[Entry]:
    for record in records:
        yield Entry(
            at=record.at,
            state=record.changes["state"][1] if "state" in record.changes else "",
            lines=list(lines(record)),
            levels=" · ".join(levels(record)),
        )


def absent(absences: Iterable[Absence], now: datetime) -> Iterator[Entry]:
    """Return an entry for each time that nobody watched."""
    for absence in absences:
        length = span(absence.seconds(now))
        line = f"Micboard was away for {length}: what happened meanwhile is not known"
        if absence.until is None:
            line = f"Micboard is away since, for {length}: nobody polls"
        yield Entry(at=absence.since, state="", lines=[line], until=absence.until)


def in_order(*of: Iterable[Entry]) -> list[Entry]:
    """Return the entries of several lists, newest first; those of one instant stay as they are."""
    return sorted(chain(*of), key=lambda entry: entry.at, reverse=True)


def lines(record: Record) -> Iterator[str]:
    """Return what a record tells, a line each, the state first."""
    match record.kind:
        case Kind.ADDED:
            yield "Came to the board"
        case Kind.REMOVED:
            yield "Went from the board"
        case Kind.ALERT:
            yield _alert(record.state)
        case _:
            if "state" in record.changes:
                yield _state(record)
            yield from _moved(record, _FIELDS)


def levels(record: Record) -> Iterator[str]:
    """Return which levels moved, each with its values before and after."""
    return _moved(record, _LEVELS)


def marks(records: Iterable[Record]) -> Iterator[Mark]:
    """Return what of these records is drawn on the plots."""
    for record in records:
        if record.kind is Kind.ALERT:
            kind = "alert" if record.state["state"] == "open" else str(record.state["state"])
            yield Mark(at=record.at, kind=kind, text=_alert(record.state))
        if "transmitter_on" in record.changes:
            on = record.changes["transmitter_on"][1]
            if on is not None:
                yield Mark(
                    at=record.at, kind="on" if on else "off", text=f"Transmitter {'on' if on else 'off'}"
                )
        if "frequency_khz" in record.changes:
            before, after = record.changes["frequency_khz"]
            if before is not None and after is not None:
                text = f"Retuned {megahertz(before)} → {megahertz(after)}"
                yield Mark(at=record.at, kind="retune", text=text)


def _moved(record: Record, fields: Mapping[str, tuple[str, Callable[[Any], str]]]) -> Iterator[str]:
    for name, (label, said) in fields.items():
        if name in record.changes:
            before, after = record.changes[name]
            yield f"{label}: {said(before)} → {said(after)}"


def _state(record: Record) -> str:
    before, after = (STATE_WORDS.get(state, state) for state in record.changes["state"])
    why = ", ".join(_reason(reason) for reason in record.state.get("reasons", ()))
    return f"{before} → {after}: {why}" if why else f"{before} → {after}"


def _reason(reason: str) -> str:
    return complaint(reason) or (words(reason) if reason in TROUBLES or reason else "")


def _alert(alert: Mapping[str, Any]) -> str:
    said = shown(str(alert["message"]))
    if alert["state"] == "resolved":
        return f"Over: {said}"
    if alert["state"] == "acknowledged":
        who = shown(str(alert.get("acknowledged_by") or ""))
        why = shown(str(alert.get("reason") or ""))
        return f"Acknowledged{f' by {who}' if who else ''}: {said}{f' ({why})' if why else ''}"
    return f"Alert, {alert['severity']}: {said}"


def megahertz(khz: int) -> str:
    return f"{khz / 1000:.3f}\u00a0MHz"


def _yes(value: bool | None) -> str:  # noqa: FBT001  a value of the feed
    return UNKNOWN if value is None else "yes" if value else "no"


def _text(value: Any) -> str:
    return UNKNOWN if value is None else shown(str(value)).replace("_", " ")


def _in(unit: str) -> Callable[[Any], str]:
    return lambda value: level(value, unit)


def _known(said: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: UNKNOWN if value is None else said(value)


def _groups(value: Any) -> str:
    return ", ".join(f"{shown(str(slug))} {number}" for slug, number in value or ()) or "none"


_FIELDS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "name": ("Name", _text),
    "transmitter_on": ("Transmitter on", _yes),
    "transmitter": ("Transmitter", _text),
    "frequency_khz": ("Frequency", _known(megahertz)),
    "group_channel": ("Group, channel", _text),
    "battery_status": ("Battery", _text),
    "battery_type": ("Battery type", _text),
    "charging": ("Charging", _yes),
    "occupied": ("Battery in the bay", _yes),
    "rf_quality": ("RF quality", _text),
    "interference": ("Interference", _yes),
    "clipping": ("Clipping", _yes),
    "mute_status": ("Muted", _yes),
    "encryption_ok": ("Encryption in order", _yes),
    "gain_db": ("Gain", _in("dB")),
    "location": ("Location", _text),
    "groups": ("Slots", _groups),
    "colour": ("Colour", _text),
    "interval_s": ("Own interval", _in("s")),
    "server": ("Server", _text),
    "model": ("Model", _text),
}

_LEVELS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "battery_minutes": ("Runtime", _known(runtime)),
    "battery_level": ("Battery level", _in("%")),
    "battery_bars": ("Battery bars", _text),
    "rf_signal_a": ("RF A", _in("dBm")),
    "rf_signal_b": ("RF B", _in("dBm")),
    "rf_signal": ("RF", _in("dBm")),
    "audio_level": ("Audio", _in("dBFS")),
    "peak_level": ("Audio peak", _in("dBFS")),
}
