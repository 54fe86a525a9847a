"""What one poll learnt. `None` in any field means that the device did not say."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where an answer comes from: the server over HTTPS, or the receiver itself over TCP 2202."""

    SYSTEM_API = "system_api"
    COMMAND_STRINGS = "command_strings"


class Kind(StrEnum):
    MICROPHONE = "microphone"
    BAY = "bay"


class Activity(StrEnum):
    """How loud the server finds an audio channel that tells no level in dB."""

    LOW = "LOW"
    GOOD = "GOOD"
    CLIPPING = "CLIPPING"


class DeviceState(StrEnum):
    """What the server says of a device. A DISCOVERED one has no serial, firmware or capabilities."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    DISCOVERED = "DISCOVERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReading:
    """One device as its server lists it. `source_id` is the server's own id, compared without case."""

    source_id: str
    state: DeviceState
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    address: str | None = None
    compatibility: str | None = None
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Something in a server's device list that was left out, or that somebody should look at.

    `source_id` is None where the entry did not even tell that; `position` counts entries from 0.
    """

    source_id: str | None
    position: int | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """A battery as the server reports it, of a device that has one itself.

    `minutes` is time to empty, `minutes_to_full` time to full; the server tells at most one of them.
    """

    percent: int | None = None
    minutes: int | None = None
    minutes_to_full: int | None = None
    charging: bool | None = None
    calculating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryHealthReading:
    percent: int | None = None
    cycles: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChannelReading:
    """One audio channel in the server's words; `capabilities` says what can be asked of it."""

    source_id: str
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReading:
    """One channel as its receiver reports it.

    `transmitter_on` is False when the receiver says that it hears none. Levels: `rf_dbm` of the better
    antenna, `rf_a_dbm` to `rf_d_dbm` where the family reports each, `audio_dbfs` (RMS where the family
    tells) and `audio_peak_dbfs`, with `overloaded` and `rf_overloaded` the receiver's own overload bits.
    `antennas` names those that hear the transmitter ("A", "AB", "" for none). `group_channel` is None
    where the frequency was set directly. `occupied`, `minutes_to_full`, `battery_state` (the charger's
    own word in lower case) and `battery_error` (0 is none) are told by bays alone.
    """

    number: int
    kind: Kind = Kind.MICROPHONE
    name: str | None = None
    frequency_khz: int | None = None
    group_channel: str | None = None
    transmitter_on: bool | None = None
    transmitter: str | None = None
    battery_percent: int | None = None
    battery_minutes: int | None = None
    battery_bars: int | None = None
    battery_calculating: bool = False
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
    rf_overloaded: bool | None = None
    antennas: str | None = None
    link_quality: int | None = None
    interference: bool | None = None
    audio_dbfs: int | None = None
    audio_peak_dbfs: int | None = None
    overloaded: bool | None = None
    muted: bool | None = None
    encryption_ok: bool | None = None
    gain_db: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReading:
    """One session with a receiver: what it says of itself, and every one of its channels."""

    name: str | None = None
    model: str | None = None
    firmware: str | None = None
    channels: tuple[ChannelReading, ...]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source answered, and nothing is different from what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The source did not answer. `reason` is one lower-case word for machines (`refused`, `silent`,
    `timeout`, `unauthorised`, `throttled`, `malformed`, …), `detail` a sentence with the next step.
    `counts` is False where the source told us to wait: that is no sign of loss.
    """

    reason: str
    detail: str
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReading:
    """What the server says of a device that speaks no command strings; None where it says nothing of it."""

    battery: BatteryReading | Unchanged | None = None
    battery_health: BatteryHealthReading | Unchanged | None = None
    activity: Activity | Unchanged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One poll of one receiver: each source's answer, or None where this poll did not ask it."""

    system_api: DeviceReading | Unchanged | Failure | None = None
    name: str | None = None
    values: ServerReading | None = None
    command_strings: ReceiverReading | Failure | None = None
