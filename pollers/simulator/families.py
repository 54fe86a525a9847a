"""A family of receivers as a table of facts: its models, and its words on TCP 2202.

The properties and their order are those of Shure's documents and of dumps that real receivers gave. A
property is a name and the text that a channel gives for it; "RSSI 1" is the property RSSI of antenna 1, as
it goes over the wire. What no reading holds (locks, tones, the empty transmitter slots) is there as a
receiver in its delivery state says it, because a client has to read past it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.domain.reading import ChannelReading

Text = Callable[[ChannelReading], str]

LEVELS = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "audio_dbfs", "audio_peak_dbfs")
RF_OVERLOAD_DBM = -25

UNKNOWN = {3: 255, 5: 65535}  # by the width of the field
CALCULATING = 65534
GAIN_OFFSET = 18
TEMPERATURE_OFFSET = 40


class Form(StrEnum):
    """What the transmitter looks like, which decides its model and whether it has a mute switch."""

    HANDHELD = "handheld"
    BODYPACK = "bodypack"
    GOOSENECK = "gooseneck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """What a receiver says of itself."""

    model: str
    name: str
    firmware: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Facts of one family. `models`: channels by the model's name in the System API.

    `device` and `channel` map a property to its text, in the order of a dump; `sample` is what follows
    `SAMPLE x ALL`. `tells` are the fields of a reading that it has words for, `ranges` the values that those
    can carry. `hears` says for each antenna whether it hears the transmitter. `mute_switches`: the
    transmitters whose mute switch the receiver knows of.
    """

    name: str
    models: Mapping[str, int]
    firmware: str
    transmitters: Mapping[Form, str]
    mute_switches: frozenset[Form]
    runtime_minutes: int
    band_khz: range
    name_width: int
    ranges: Mapping[str, range]
    tells: frozenset[str]
    hears: Callable[[ChannelReading], tuple[bool, ...]]
    device: Mapping[str, Callable[[Plate], str]]
    channel: Mapping[str, Text]
    sample: Text

    def shown(self, reading: ChannelReading) -> ChannelReading:
        """Return the reading as the receiver's own meters show it: cut to their scale, with antennas and overload."""
        changed: dict[str, Any] = {
            field: min(max(value, self.ranges[field][0]), self.ranges[field][-1])
            for field in LEVELS
            if (value := getattr(reading, field)) is not None
        }
        hears = zip("ABCD", self.hears(reading), strict=False)
        levels = [level for level in (reading.rf_a_dbm, reading.rf_b_dbm) if level is not None]
        changed["antennas"] = "".join(letter for letter, heard in hears if heard)
        changed["rf_overloaded"] = any(level > RF_OVERLOAD_DBM for level in levels)
        return replace(reading, **changed)

    def told(self, shown: ChannelReading) -> ChannelReading:
        """Return what a perfect listener knows: the fields that the family has words for."""
        return ChannelReading(**{field: getattr(shown, field) for field in self.tells})


def padded(text: str | None, width: int) -> str:
    return "{" + (text or "")[:width].ljust(width) + "}"


def digits(value: int | None, width: int = 3, *, plus: int = 0) -> str:
    """Return a zero-padded number with the family's offset, or the width's word for unknown."""
    return f"{UNKNOWN[width] if value is None else value + plus:0{width}d}"


def minutes(channel: ChannelReading) -> str:
    return digits(CALCULATING if channel.battery_calculating else channel.battery_minutes, 5)


def fahrenheit(celsius: int | None) -> int | None:
    return None if celsius is None else round(celsius * 9 / 5 + 32)


def switch(*, on: str, off: str, unknown: str, value: bool | None) -> str:
    if value is None:
        return unknown
    return on if value else off


def while_on(text: str, *, otherwise: str) -> Text:
    """Return a constant of a transmitter that is heard, and what stands there when none is."""
    return lambda channel: text if channel.transmitter_on else otherwise


def constant(text: str) -> Text:
    return lambda _: text


# What both families have words for.
_COMMON = frozenset(
    {
        "number",
        "kind",
        "name",
        "frequency_khz",
        "gain_db",
        "transmitter_on",
        "transmitter",
        "battery_percent",
        "battery_minutes",
        "battery_bars",
        "battery_calculating",
        "battery_type",
        "battery_health_percent",
        "battery_cycles",
        "battery_celsius",
        "rf_dbm",
        "antennas",
        "interference",
        "audio_dbfs",
        "muted",
        "encryption_ok",
    }
)
_COMMON_RANGES = {
    "battery_percent": range(101),
    "battery_minutes": range(65_529),  # above are the sentinels
    "battery_bars": range(6),
    "battery_health_percent": range(101),
    "battery_cycles": range(65_529),
    "battery_celsius": range(-TEMPERATURE_OFFSET, 101),  # Fahrenheit has to fit its three digits too
    "link_quality": range(6),
    "gain_db": range(-GAIN_OFFSET, 43),
}

# ULX-D ------------------------------------------------------------------------------------------------

ULXD_RF_OFFSET = 128
ULXD_AUDIO_OFFSET = 50
EVEN_DB = 2  # antennas that differ by no more than this are both lit


def _ulxd_hears(channel: ChannelReading) -> tuple[bool, bool]:
    a, b = channel.rf_a_dbm, channel.rf_b_dbm
    if not channel.transmitter_on or a is None or b is None:
        return False, False
    return a >= b - EVEN_DB, b >= a - EVEN_DB


def _ulxd_antennas(channel: ChannelReading) -> str:
    a, b = _ulxd_hears(channel)
    return ("A" if a else "X") + ("B" if b else "X")


def _ulxd_rf(channel: ChannelReading) -> str:
    return digits(channel.rf_dbm, plus=ULXD_RF_OFFSET)


def _ulxd_audio(channel: ChannelReading) -> str:
    return digits(channel.audio_dbfs, plus=ULXD_AUDIO_OFFSET)


ULX_D = Family(
    name="ULX-D",
    models=MappingProxyType({"ULXD4Q": 4}),
    firmware="2.7.6.0",
    transmitters=MappingProxyType({Form.HANDHELD: "ULXD2", Form.BODYPACK: "ULXD1", Form.GOOSENECK: "ULXD8"}),
    mute_switches=frozenset({Form.GOOSENECK}),
    runtime_minutes=660,
    band_khz=range(470_125, 533_925, 375),
    name_width=8,
    ranges=MappingProxyType(
        {
            **_COMMON_RANGES,
            **dict.fromkeys(("rf_dbm", "rf_a_dbm", "rf_b_dbm"), range(-ULXD_RF_OFFSET, -12)),
            **dict.fromkeys(("audio_dbfs", "audio_peak_dbfs"), range(-ULXD_AUDIO_OFFSET, 1)),
            "frequency_khz": range(1_000_000),
        }
    ),
    tells=_COMMON,
    hears=_ulxd_hears,
    device=MappingProxyType(
        {
            "MODEL": lambda plate: padded(plate.model, 32),
            "DEVICE_ID": lambda plate: padded(plate.name, 8),
            "FW_VER": lambda plate: padded(plate.firmware, 24),
        }
    ),
    channel=MappingProxyType(
        {
            "CHAN_NAME": lambda c: padded(c.name, 8),
            "AUDIO_MUTE": constant("OFF"),
            "AUDIO_GAIN": lambda c: digits(c.gain_db, plus=GAIN_OFFSET),
            "GROUP_CHAN": constant("--,--"),
            "FREQUENCY": lambda c: f"{c.frequency_khz:06d}",
            "RF_INT_DET": lambda c: "CRITICAL" if c.interference else "NONE",
            "ENCRYPTION_WARNING": lambda c: "OFF" if c.encryption_ok else "ON",
            "RF_ANTENNA": _ulxd_antennas,
            "RX_RF_LVL": _ulxd_rf,
            "AUDIO_LVL": _ulxd_audio,
            "TX_TYPE": lambda c: c.transmitter or "UNKN",
            "TX_DEVICE_ID": constant(padded("", 8)),
            "TX_OFFSET": while_on("012", otherwise="255"),
            "TX_RF_PWR": while_on("NORMAL", otherwise="UNKN"),
            "TX_MENU_LOCK": while_on("OFF", otherwise="UNKN"),
            "TX_PWR_LOCK": while_on("OFF", otherwise="UNKN"),
            "TX_MUTE_STATUS": lambda c: switch(on="ON", off="OFF", unknown="UNKN", value=c.muted),
            "TX_MUTE_BUTTON_STATUS": constant("UNKN"),
            "TX_POWER_SOURCE": constant("UNKN"),
            "BATT_TYPE": lambda c: c.battery_type or "UNKN",
            "BATT_BARS": lambda c: digits(c.battery_bars),
            "BATT_CHARGE": lambda c: digits(c.battery_percent),
            "BATT_RUN_TIME": minutes,
            "BATT_HEALTH": lambda c: digits(c.battery_health_percent),
            "BATT_CYCLE": lambda c: digits(c.battery_cycles, 5),
            "BATT_TEMP_C": lambda c: digits(c.battery_celsius, plus=TEMPERATURE_OFFSET),
            "BATT_TEMP_F": lambda c: digits(fahrenheit(c.battery_celsius), plus=TEMPERATURE_OFFSET),
        }
    ),
    sample=lambda c: f"{_ulxd_antennas(c)} {_ulxd_rf(c)} {_ulxd_audio(c)}",
)

# Axient Digital ---------------------------------------------------------------------------------------

AXIENT_OFFSET = 120
AXIENT_HEARD_DBM = -95
AUDIO_OVERLOAD_BIT = 0x80
RF_OVERLOAD_BIT = 0x20
# The steps of the front panel's lamps are not published; these give the captured frames.
AUDIO_LAMPS_DBFS = (-60, -50, -40, -30, -20, -14, -8)
RF_LAMPS_DBM = (-95, -88, -80, -70, -60)

_SLOTS = range(1, 9)
_EMPTY_SLOT = {
    "SLOT_STATUS": "EMPTY",
    "SLOT_TX_MODEL": "UNKNOWN",
    "SLOT_TX_DEVICE_ID": padded("", 31),
    "SLOT_BATT_TYPE": "UNKN",
    "SLOT_BATT_BARS": "255",
    "SLOT_BATT_CHARGE_PERCENT": "255",
    "SLOT_BATT_MINS": "65535",
    "SLOT_BATT_HEALTH_PERCENT": "255",
    "SLOT_BATT_CYCLE_COUNT": "65535",
    "SLOT_INPUT_PAD": "255",
    "SLOT_OFFSET": "255",
    "SLOT_POLARITY": "UNKNOWN",
    "SLOT_RF_OUTPUT": "UNKNOWN",
    "SLOT_RF_POWER": "255",
    "SLOT_RF_POWER_MODE": "UNKNOWN",
    "SLOT_SHOWLINK_STATUS": "255",
}


def lamps(level: int | None, steps: tuple[int, ...]) -> int:
    """Return the bits of a row of lamps, lowest lamp first: one more is lit at each step reached."""
    return 0 if level is None else (1 << sum(level >= step for step in steps)) - 1


def _audio_bits(channel: ChannelReading) -> str:
    lit = lamps(channel.audio_peak_dbfs, AUDIO_LAMPS_DBFS)
    return digits(lit | (AUDIO_OVERLOAD_BIT if channel.overloaded else 0))


def _rf_bits(level: int | None) -> str:
    lit = lamps(level, RF_LAMPS_DBM)
    return f"{lit | (RF_OVERLOAD_BIT if level is not None and level > RF_OVERLOAD_DBM else 0):02d}"


def _axient_level(level: int | None) -> str:
    return digits(level, plus=AXIENT_OFFSET)


def _axient_hears(channel: ChannelReading) -> tuple[bool, bool]:
    def hears(level: int | None) -> bool:
        return bool(channel.transmitter_on) and level is not None and level >= AXIENT_HEARD_DBM

    return hears(channel.rf_a_dbm), hears(channel.rf_b_dbm)


def _axient_antennas(channel: ChannelReading) -> str:
    lit = "R" if channel.interference else "B"
    return "".join(lit if hears else "X" for hears in _axient_hears(channel))


def _axient_sample(channel: ChannelReading) -> str:
    a, b = channel.rf_a_dbm, channel.rf_b_dbm
    return (
        f"{digits(channel.link_quality)} {_audio_bits(channel)}"
        f" {_axient_level(channel.audio_peak_dbfs)} {_axient_level(channel.audio_dbfs)}"
        f" {_axient_antennas(channel)} {_rf_bits(a)} {_axient_level(a)} {_rf_bits(b)} {_axient_level(b)}"
    )


AXIENT_DIGITAL = Family(
    name="Axient Digital",
    models=MappingProxyType({"AD4D": 2}),
    firmware="2.0.15.2",
    transmitters=MappingProxyType({Form.HANDHELD: "AD2", Form.BODYPACK: "ADX1", Form.GOOSENECK: "AD1"}),
    mute_switches=frozenset(Form),
    runtime_minutes=480,
    band_khz=range(540_025, 607_825, 375),
    name_width=31,
    ranges=MappingProxyType(
        {
            **_COMMON_RANGES,
            **dict.fromkeys(
                ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "audio_dbfs", "audio_peak_dbfs"), range(-AXIENT_OFFSET, 1)
            ),
            "frequency_khz": range(10_000_000),
        }
    ),
    tells=_COMMON
    | {"rf_a_dbm", "rf_b_dbm", "rf_overloaded", "audio_peak_dbfs", "overloaded", "link_quality"},
    hears=_axient_hears,
    device=MappingProxyType(
        {
            "DEVICE_ID": lambda plate: padded(plate.name, 8),
            "MODEL": lambda plate: padded(f"{plate.model}-A", 32),  # the hardware's revision rides along
            "FW_VER": lambda plate: padded(plate.firmware, 24),
            "RF_BAND": lambda _: padded("G57", 8),
            "ENCRYPTION_MODE": lambda _: "ON",
            "QUADVERSITY_MODE": lambda _: "OFF",
            "TRANSMISSION_MODE": lambda _: "STANDARD",
        }
    ),
    channel=MappingProxyType(
        {
            "CHAN_NAME": lambda c: padded(c.name, 31),
            "AUDIO_MUTE": constant("OFF"),
            "AUDIO_GAIN": lambda c: digits(c.gain_db, plus=GAIN_OFFSET),
            "FD_MODE": constant("OFF"),
            "FREQUENCY": lambda c: f"{c.frequency_khz:07d}",
            "GROUP_CHANNEL": constant(padded("--,--", 10)),
            "ENCRYPTION_STATUS": lambda c: "OK" if c.encryption_ok else "ERROR",
            "INTERFERENCE_STATUS": lambda c: "DETECTED" if c.interference else "NONE",
            "UNREGISTERED_TX_STATUS": constant("OK"),
            "CHAN_QUALITY": lambda c: digits(c.link_quality),
            "AUDIO_LED_BITMAP": _audio_bits,
            "AUDIO_LEVEL_PEAK": lambda c: _axient_level(c.audio_peak_dbfs),
            "AUDIO_LEVEL_RMS": lambda c: _axient_level(c.audio_dbfs),
            "ANTENNA_STATUS": _axient_antennas,
            "RSSI_LED_BITMAP 1": lambda c: _rf_bits(c.rf_a_dbm),
            "RSSI_LED_BITMAP 2": lambda c: _rf_bits(c.rf_b_dbm),
            "RSSI 1": lambda c: _axient_level(c.rf_a_dbm),
            "RSSI 2": lambda c: _axient_level(c.rf_b_dbm),
            "TX_MODEL": lambda c: c.transmitter or "UNKNOWN",
            "TX_DEVICE_ID": constant(padded("", 31)),
            "TX_BATT_TYPE": lambda c: c.battery_type or "UNKN",
            "TX_BATT_BARS": lambda c: digits(c.battery_bars),
            "TX_BATT_CHARGE_PERCENT": lambda c: digits(c.battery_percent),
            "TX_BATT_MINS": minutes,
            "TX_BATT_HEALTH_PERCENT": lambda c: digits(c.battery_health_percent),
            "TX_BATT_CYCLE_COUNT": lambda c: digits(c.battery_cycles, 5),
            "TX_BATT_TEMP_C": lambda c: digits(c.battery_celsius, plus=TEMPERATURE_OFFSET),
            "TX_BATT_TEMP_F": lambda c: digits(fahrenheit(c.battery_celsius), plus=TEMPERATURE_OFFSET),
            "TX_INPUT_PAD": constant("255"),
            "TX_OFFSET": while_on("012", otherwise="255"),
            "TX_POLARITY": while_on("POSITIVE", otherwise="UNKNOWN"),
            "TX_POWER_LEVEL": while_on("010", otherwise="255"),
            "TX_LOCK": while_on("NONE", otherwise="UNKNOWN"),
            "TX_MUTE_MODE_STATUS": lambda c: switch(on="MUTE", off="ON", unknown="UNKNOWN", value=c.muted),
            "TX_TALK_SWITCH": while_on("OFF", otherwise="UNKNOWN"),
            **{f"{name} {slot}": constant(text) for slot in _SLOTS for name, text in _EMPTY_SLOT.items()},
        }
    ),
    sample=_axient_sample,
)

FAMILIES = (ULX_D, AXIENT_DIGITAL)
BY_MODEL = MappingProxyType({model: family for family in FAMILIES for model in family.models})
