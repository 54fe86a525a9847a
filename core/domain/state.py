"""What is recorded of one channel, and its translation to the feed's names: the one place where that happens."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.domain.tiers import Tier


class Status(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"


class State(StrEnum):
    """What an operator has to know first; the order of the wall is the order of `SEVERITY`."""

    CRITICAL = "critical"
    OFFLINE = "offline"
    WARNING = "warning"
    STALE = "stale"
    OK = "ok"
    OFF = "off"


SEVERITY = tuple(State)


class BatteryStatus(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    LOW = "low"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class RfQuality(StrEnum):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    OVERLOAD = "overload"
    NO_TX = "no_tx"
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """Why there is an alert. One about the receiver folds all of its channels, one about a server its receivers.

    What gets worse stays one alert: `battery_low` and `rf_poor` are warnings first, and critical then.
    """

    SERVER_DOWN = "server_down"
    RECEIVER_OFFLINE = "receiver_offline"
    BATTERY_LOW = "battery_low"
    BATTERY_SHORT = "battery_short"
    RF_POOR = "rf_poor"
    INTERFERENCE = "interference"
    ENCRYPTION = "encryption"
    CLIPPING = "clipping"


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMark:
    """The worst alert that touches a channel, as its tile shows it."""

    rule: Rule
    severity: Severity
    state: AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class LastKnown:
    """The battery as it was when its transmitter was last heard."""

    at: datetime
    battery_percent: int | None
    battery_minutes: int | None
    battery_bars: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How long a battery lasts. `lasts` says whether to the event's end, None where no event is near.

    `estimated` is ours, from how the charge fell; else the transmitter told. `short_minutes` are those that it lacks.
    """

    minutes: int
    estimated: bool
    lasts: bool | None = None
    short_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """The last recorded values of one channel, raw ones and what was decided from them.

    `name` is what people call the channel, `reported_name` what the receiver does. `clipped_at` is when
    clipping was last found to be over.
    """

    name: str = ""
    reported_name: str | None = None
    tier: Tier = Tier.NORMAL
    status: Status = Status.ONLINE
    state: State = State.STALE
    state_since: datetime
    reasons: tuple[str, ...] = ()
    battery_status: BatteryStatus = BatteryStatus.UNKNOWN
    rf_quality: RfQuality = RfQuality.UNKNOWN
    frequency_khz: int | None = None
    group_channel: str | None = None
    transmitter_on: bool | None = None
    transmitter: str | None = None
    battery_percent: int | None = None
    battery_minutes: int | None = None
    battery_bars: int | None = None
    battery_type: str | None = None
    battery_health_percent: int | None = None
    battery_cycles: int | None = None
    battery_celsius: int | None = None
    battery_state: str | None = None
    battery_error: int | None = None
    minutes_to_full: int | None = None
    occupied: bool | None = None
    charging: bool | None = None
    rf_dbm: int | None = None
    rf_a_dbm: int | None = None
    rf_b_dbm: int | None = None
    rf_c_dbm: int | None = None
    rf_d_dbm: int | None = None
    antennas: str | None = None
    link_quality: int | None = None
    interference: bool | None = None
    audio_dbfs: int | None = None
    audio_peak_dbfs: int | None = None
    clipping: bool = False
    clipped_at: datetime | None = None
    muted: bool | None = None
    encryption_ok: bool | None = None
    gain_db: int | None = None
    last: LastKnown | None = None
    forecast: Forecast | None = None
    alert: AlertMark | None = None


LONGEST_ALIAS = 64


def display_name(*, alias: str, reported: str | None, receiver: str, number: int, device_id: str) -> str:
    """Return what people call a channel: their own alias first, then what the devices say, then its id."""
    return alias or reported or (f"{receiver} {number}" if receiver else device_id)


WIRE_NAMES = {field.name: field.name for field in fields(ChannelState)} | {
    "battery_percent": "battery_level",
    "rf_dbm": "rf_signal",
    "rf_a_dbm": "rf_signal_a",
    "rf_b_dbm": "rf_signal_b",
    "rf_c_dbm": "rf_signal_c",
    "rf_d_dbm": "rf_signal_d",
    "audio_dbfs": "audio_level",
    "audio_peak_dbfs": "peak_level",
    "muted": "mute_status",
}


def instant(at: datetime) -> str:
    """Return a time as the feed writes it: ISO 8601, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wire_value(value: object) -> Any:
    """Return one field's value as JSON carries it."""
    match value:
        case datetime():
            return instant(value)
        case tuple():
            return list(value)
        case AlertMark():
            return {"rule": value.rule, "severity": value.severity, "state": value.state}
        case Forecast():
            return {
                "minutes": value.minutes,
                "estimated": value.estimated,
                "lasts": value.lasts,
                "short_minutes": value.short_minutes,
            }
        case LastKnown():
            return {
                "at": instant(value.at),
                "battery_level": value.battery_percent,
                "battery_minutes": value.battery_minutes,
                "battery_bars": value.battery_bars,
            }
        case _:
            return value


def to_wire(state: ChannelState) -> dict[str, Any]:
    return {wire: wire_value(getattr(state, name)) for name, wire in WIRE_NAMES.items()}


def from_wire(recorded: dict[str, Any]) -> ChannelState:
    """Return the state that `to_wire` wrote. A field that an older release did not know is left at its default."""
    known = {name: recorded[wire] for name, wire in WIRE_NAMES.items() if wire in recorded}
    for name, enumeration in _ENUMERATIONS.items():
        if name in known:
            known[name] = enumeration(known[name])
    for name in ("state_since", "clipped_at"):
        if known.get(name) is not None:
            known[name] = datetime.fromisoformat(known[name])
    known["reasons"] = tuple(known.get("reasons", ()))
    if (last := known.get("last")) is not None:
        known["last"] = LastKnown(
            at=datetime.fromisoformat(last["at"]),
            battery_percent=last["battery_level"],
            battery_minutes=last["battery_minutes"],
            battery_bars=last["battery_bars"],
        )
    if (forecast := known.get("forecast")) is not None:
        known["forecast"] = Forecast(**forecast)
    if (mark := known.get("alert")) is not None:
        known["alert"] = AlertMark(
            rule=Rule(mark["rule"]), severity=Severity(mark["severity"]), state=AlertState(mark["state"])
        )
    return ChannelState(**known)


_ENUMERATIONS: dict[str, type[StrEnum]] = {
    "tier": Tier,
    "status": Status,
    "state": State,
    "battery_status": BatteryStatus,
    "rf_quality": RfQuality,
}
