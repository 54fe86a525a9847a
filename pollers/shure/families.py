"""What each family of receivers says over command strings, and what it has to be asked.

A table a family: the subject of a frame, the fields of a channel's reading that it fills, and how much
depends on it. A new family is a new table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from core.domain.reading import Kind
from pollers.shure import readouts
from pollers.shure.errors import Malformed

Readout = Callable[[str], Any]

SAMPLE = "SAMPLE"  # the subject under which a meter's sample is kept


class Need(Enum):
    """REQUIRED: without it there is no reading. AWAITED: a moment's patience. WELCOME: if it comes."""

    REQUIRED = auto()
    AWAITED = auto()
    WELCOME = auto()


@dataclass(frozen=True, slots=True)
class Subject:
    need: Need
    fields: Mapping[str, Readout]


def required(**fields: Readout) -> Subject:
    return Subject(Need.REQUIRED, fields)


def awaited(**fields: Readout) -> Subject:
    return Subject(Need.AWAITED, fields)


def welcome(**fields: Readout) -> Subject:
    return Subject(Need.WELCOME, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of device. `questions` are asked once, `channel_questions` of each channel ({} is its number).

    A metered family tells its levels only while its meters run.
    """

    name: str
    channels: int
    kind: Kind = Kind.MICROPHONE
    questions: tuple[str, ...] = ("GET 0 ALL",)
    channel_questions: tuple[str, ...] = ()
    subjects: Mapping[str, Subject]
    device_subjects: Mapping[str, Subject]
    metered: bool = False
    when_silent: str = "check its firmware and that it is no other kind of device."


def family_of(model: str | None) -> Family | None:
    """Return the family of a model as a server names it, or None for one without command strings of use."""
    return _BY_MODEL.get((model or "").strip().upper().partition("-")[0])


def _nth(index: int, readout: Readout) -> Readout:
    def nth(raw: str) -> Any:
        values = raw.split()
        if index >= len(values):
            raise Malformed("It is too short.")
        return readout(values[index])

    return nth


def _bit(mask: int) -> Readout:
    # 255 is no sentinel among lamps: it is all of them lit.
    return lambda raw: bool(readouts.number(raw) & mask)


_SAMPLED_ANTENNAS = 4  # where an Axient Digital sample names its antennas; each has two values behind it


def _of_antenna(index: int, place: int, readout: Readout) -> Readout:
    """Return a readout of one antenna's value in an Axient Digital sample, None where there is no such one."""

    def of_antenna(raw: str) -> Any:
        if index >= len(_nth(_SAMPLED_ANTENNAS, str)(raw)):
            return None
        return _nth(_SAMPLED_ANTENNAS + 1 + 2 * index + place, readout)(raw)

    return of_antenna


def _of_all_antennas(place: int, readout: Readout, choose: Callable[[list[Any]], Any]) -> Readout:
    def of_all(raw: str) -> Any:
        told = [_of_antenna(index, place, readout)(raw) for index in range(len("ABCD"))]
        return choose([value for value in told if value is not None])

    return of_all


_level = readouts.offset(120, high=120)
_ON_AIR = {"transmitter": readouts.transmitter, "transmitter_on": lambda raw: bool(readouts.transmitter(raw))}
_RUN_TIME = {"battery_minutes": readouts.minutes, "battery_calculating": readouts.minutes_calculating}
_RF_LEVEL = {"rf_dbm": readouts.offset(128, high=128)}
_AUDIO_LEVEL = {"audio_dbfs": readouts.offset(50, high=50)}

_DEVICE = {
    "MODEL": awaited(model=readouts.text),
    # The server tells these two: nobody waits for them here.
    "DEVICE_ID": welcome(name=readouts.text),
    "FW_VER": welcome(firmware=readouts.firmware),
}

_QLXD_SUBJECTS = {
    "CHAN_NAME": required(name=readouts.text),
    "FREQUENCY": required(frequency_khz=readouts.frequency_khz),
    "GROUP_CHAN": awaited(group_channel=readouts.group_channel),
    "TX_TYPE": required(**_ON_AIR),
    "BATT_BARS": required(battery_bars=readouts.bars),
    "BATT_CHARGE": awaited(battery_percent=readouts.percent),
    "BATT_RUN_TIME": awaited(**_RUN_TIME),
    "BATT_HEALTH": awaited(battery_health_percent=readouts.percent),
    "BATT_CYCLE": awaited(battery_cycles=readouts.count),
    "BATT_TEMP_C": awaited(battery_celsius=readouts.celsius),
    "BATT_TYPE": awaited(battery_type=readouts.battery_type),
    "TX_MUTE_STATUS": awaited(muted=readouts.one_of({"ON": True, "OFF": False})),
    "ENCRYPTION_WARNING": awaited(encryption_ok=readouts.one_of({"ON": False, "OFF": True})),
    "AUDIO_GAIN": awaited(gain_db=readouts.gain_db),
    # Awaited and not required: what it says of the transmitter is a reading without its levels.
    "RX_RF_LVL": awaited(**_RF_LEVEL),
    "AUDIO_LVL": awaited(**_AUDIO_LEVEL),
    "RF_ANTENNA": awaited(antennas=readouts.antennas),
}
_ULXD_SUBJECTS = _QLXD_SUBJECTS | {
    "RX_RF_LVL": required(**_RF_LEVEL),
    "AUDIO_LVL": required(**_AUDIO_LEVEL),
    "RF_INT_DET": awaited(interference=readouts.one_of({"NONE": False, "CRITICAL": True})),
}
_AXIENT_DIGITAL_SUBJECTS = {
    "CHAN_NAME": required(name=readouts.text),
    "FREQUENCY": required(frequency_khz=readouts.frequency_khz),
    "GROUP_CHANNEL": awaited(group_channel=readouts.group_channel),
    "TX_MODEL": required(**_ON_AIR),
    "TX_BATT_BARS": required(battery_bars=readouts.bars),
    "TX_BATT_CHARGE_PERCENT": awaited(battery_percent=readouts.percent),
    "TX_BATT_MINS": awaited(**_RUN_TIME),
    "TX_BATT_HEALTH_PERCENT": awaited(battery_health_percent=readouts.percent),
    "TX_BATT_CYCLE_COUNT": awaited(battery_cycles=readouts.count),
    "TX_BATT_TEMP_C": awaited(battery_celsius=readouts.celsius),
    "TX_BATT_TYPE": awaited(battery_type=readouts.battery_type),
    "TX_MUTE_MODE_STATUS": awaited(muted=readouts.one_of({"ON": False, "MUTE": True})),
    "INTERFERENCE_STATUS": awaited(interference=readouts.one_of({"NONE": False, "DETECTED": True})),
    "ENCRYPTION_STATUS": awaited(encryption_ok=readouts.one_of({"OK": True, "ERROR": False})),
    "AUDIO_GAIN": awaited(gain_db=readouts.gain_db),
    SAMPLE: required(
        link_quality=_nth(0, readouts.link_quality),
        overloaded=_nth(1, _bit(0x80)),
        audio_peak_dbfs=_nth(2, _level),
        audio_dbfs=_nth(3, _level),
        antennas=_nth(_SAMPLED_ANTENNAS, readouts.antennas),
        rf_a_dbm=_of_antenna(0, 1, _level),
        rf_b_dbm=_of_antenna(1, 1, _level),
        rf_c_dbm=_of_antenna(2, 1, _level),
        rf_d_dbm=_of_antenna(3, 1, _level),
        rf_dbm=_of_all_antennas(1, _level, lambda levels: max(levels, default=None)),
        rf_overloaded=_of_all_antennas(0, _bit(0x20), any),
    ),
}
_SLXD_SUBJECTS = {
    "CHAN_NAME": required(name=readouts.text),
    "FREQUENCY": required(frequency_khz=readouts.frequency_khz),
    "GROUP_CHANNEL": awaited(group_channel=readouts.group_channel),
    "TX_MODEL": required(**_ON_AIR),
    "TX_BATT_BARS": required(battery_bars=readouts.bars),
    "TX_BATT_MINS": awaited(**_RUN_TIME),
    "AUDIO_GAIN": welcome(gain_db=readouts.gain_db),
    SAMPLE: required(audio_peak_dbfs=_nth(0, _level), audio_dbfs=_nth(1, _level), rf_dbm=_nth(2, _level)),
}
_CHARGER_SUBJECTS = {
    # In this order: the state of a battery knows better than its presence whether it is being charged.
    "BATT_DETECTED": required(
        occupied=readouts.one_of({"YES": True, "NO": False}),
        charging=readouts.one_of({"YES": True, "NO": False}),
    ),
    "BATT_STATE": awaited(
        battery_state=readouts.word,
        battery_calculating=readouts.state_calculating,
        charging=readouts.charging,
    ),
    "BATT_CHARGE": awaited(battery_percent=readouts.percent),
    "BATT_HEALTH": awaited(battery_health_percent=readouts.percent),
    "BATT_CYCLE": awaited(battery_cycles=readouts.count),
    "BATT_TEMP_C": awaited(battery_celsius=readouts.celsius),
    "BATT_TIME_TO_FULL": awaited(
        minutes_to_full=readouts.minutes_to_full, battery_calculating=readouts.time_to_full_calculating
    ),
    "BATT_ERROR": awaited(battery_error=readouts.between(0, 251)),
}


def _ulxd(channels: int) -> Family:
    return Family(
        name="ULX-D",
        channels=channels,
        # One answer instead of meters: nothing to switch off again.
        channel_questions=("GET {} RX_RF_LVL", "GET {} AUDIO_LVL", "GET {} RF_ANTENNA"),
        subjects=_ULXD_SUBJECTS,
        device_subjects=_DEVICE,
    )


_QLXD = Family(
    name="QLX-D",
    channels=1,
    # Asked by its one channel, so the device's own by name. Its meters stay off: receivers have locked up with
    # them on.
    questions=("GET 1 ALL", "GET DEVICE_ID", "GET FW_VER"),
    channel_questions=("GET {} RX_RF_LVL", "GET {} AUDIO_LVL", "GET {} RF_ANTENNA"),
    subjects=_QLXD_SUBJECTS,
    device_subjects={name: _DEVICE[name] for name in ("DEVICE_ID", "FW_VER")},
)


def _axient_digital(channels: int) -> Family:
    return Family(
        name="Axient Digital",
        channels=channels,
        subjects=_AXIENT_DIGITAL_SUBJECTS,
        device_subjects=_DEVICE,
        metered=True,
    )


def _slxd(channels: int) -> Family:
    return Family(
        name="SLX-D",
        channels=channels,
        subjects=_SLXD_SUBJECTS,
        device_subjects=_DEVICE,
        metered=True,
        when_silent="allow third-party controllers on its front panel (Advanced Settings > Controller Access).",
    )


def _charger(bays: int) -> Family:
    return Family(
        name="charger",
        channels=bays,
        kind=Kind.BAY,
        subjects=_CHARGER_SUBJECTS,
        device_subjects=_DEVICE,
    )


_BY_MODEL = {
    "ULXD4": _ulxd(1),
    "ULXD4D": _ulxd(2),
    "ULXD4Q": _ulxd(4),
    "QLXD4": _QLXD,
    "AD4D": _axient_digital(2),
    "AD4Q": _axient_digital(4),
    "SLXD4": _slxd(1),
    "SLXD4D": _slxd(2),
    "SBC220": _charger(2),
    "SBC240": _charger(2),
    "SBC840": _charger(8),
    "SBRC": _charger(8),
}
