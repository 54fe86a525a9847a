"""Axient Digital. Source: Shure's command strings of Axient Digital, and dumps that receivers gave.

An AD4Q with quadversity hears with four antennas; that all four of its channels go on telling is assumed.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from core.domain.reading import ChannelReading
from pollers.simulator.families import capabilities, fields
from pollers.simulator.families.family import RF_OVERLOAD_DBM, Family, Form, Radio, Text
from pollers.simulator.families.fields import OF_A_PACK, OF_EVERY_RECEIVER
from pollers.simulator.families.wording import (
    BATTERY_TYPES,
    GAIN_OFFSET,
    TEMPERATURE_OFFSET,
    TRANSMITTER,
    constant,
    digits,
    fahrenheit,
    minutes,
    padded,
    switch,
    while_on,
)

OFFSET = 120
HEARD_DBM = -95
AUDIO_OVERLOAD_BIT = 0x80
RF_OVERLOAD_BIT = 0x20
# The steps of the front panel's lamps are not published; these give the captured frames.
AUDIO_LAMPS_DBFS = (-60, -50, -40, -30, -20, -14, -8)
RF_LAMPS_DBM = (-95, -88, -80, -70, -60)
QUADVERSITY_MODELS = frozenset({"AD4Q"})

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
_SETTABLE = (
    OF_EVERY_RECEIVER
    | OF_A_PACK
    | {"rf_a_dbm", "rf_b_dbm", "link_quality", "interference"}
    | {"audio_peak_dbfs", "overloaded", "muted", "encryption_ok"}
)
_TELLS = _SETTABLE | {"number", "kind", "antennas", "rf_overloaded"}
_FOUR = frozenset({"rf_c_dbm", "rf_d_dbm"})
_LEVELS = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "audio_dbfs", "audio_peak_dbfs")


def lamps(level: int | None, steps: tuple[int, ...]) -> int:
    """Return the bits of a row of lamps, lowest lamp first: one more is lit at each step reached."""
    return 0 if level is None else (1 << sum(level >= step for step in steps)) - 1


def _audio_bits(channel: ChannelReading) -> str:
    lit = lamps(channel.audio_peak_dbfs, AUDIO_LAMPS_DBFS)
    return digits(lit | (AUDIO_OVERLOAD_BIT if channel.overloaded else 0))


def _rf_bits(level: int | None) -> str:
    lit = lamps(level, RF_LAMPS_DBM)
    return f"{lit | (RF_OVERLOAD_BIT if level is not None and level > RF_OVERLOAD_DBM else 0):02d}"


def _level(level: int | None) -> str:
    return digits(level, plus=OFFSET)


def _levels(channel: ChannelReading, antennas: int) -> tuple[int | None, ...]:
    return (channel.rf_a_dbm, channel.rf_b_dbm, channel.rf_c_dbm, channel.rf_d_dbm)[:antennas]


def _hears(antennas: int, channel: ChannelReading) -> tuple[bool, ...]:
    return tuple(
        bool(channel.transmitter_on) and level is not None and level >= HEARD_DBM
        for level in _levels(channel, antennas)
    )


def _antenna_status(antennas: int, channel: ChannelReading) -> str:
    lit = "R" if channel.interference else "B"
    return "".join(lit if hears else "X" for hears in _hears(antennas, channel))


def _sample(antennas: int, channel: ChannelReading) -> str:
    rf = "".join(f" {_rf_bits(level)} {_level(level)}" for level in _levels(channel, antennas))
    return (
        f"{digits(channel.link_quality)} {_audio_bits(channel)}"
        f" {_level(channel.audio_peak_dbfs)} {_level(channel.audio_dbfs)}"
        f" {_antenna_status(antennas, channel)}{rf}"
    )


def _of_each_antenna(antennas: int) -> Mapping[str, Text]:
    def bits(at: int) -> Text:
        return lambda channel: _rf_bits(_levels(channel, antennas)[at])

    def level(at: int) -> Text:
        return lambda channel: _level(_levels(channel, antennas)[at])

    return {
        **{f"RSSI_LED_BITMAP {at + 1}": bits(at) for at in range(antennas)},
        **{f"RSSI {at + 1}": level(at) for at in range(antennas)},
    }


def _channel(antennas: int) -> Mapping[str, Text]:
    return {
        "CHAN_NAME": lambda c: padded(c.name, 31),
        "AUDIO_MUTE": constant("OFF"),
        "AUDIO_GAIN": lambda c: digits(c.gain_db, plus=GAIN_OFFSET),
        "FD_MODE": constant("OFF"),
        "FREQUENCY": lambda c: f"{c.frequency_khz:07d}",
        "GROUP_CHANNEL": lambda c: padded(c.group_channel or "--,--", 10),
        "ENCRYPTION_STATUS": lambda c: "OK" if c.encryption_ok else "ERROR",
        "INTERFERENCE_STATUS": lambda c: "DETECTED" if c.interference else "NONE",
        "UNREGISTERED_TX_STATUS": constant("OK"),
        "CHAN_QUALITY": lambda c: digits(c.link_quality),
        "AUDIO_LED_BITMAP": _audio_bits,
        "AUDIO_LEVEL_PEAK": lambda c: _level(c.audio_peak_dbfs),
        "AUDIO_LEVEL_RMS": lambda c: _level(c.audio_dbfs),
        "ANTENNA_STATUS": lambda c: _antenna_status(antennas, c),
        **_of_each_antenna(antennas),
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


_RADIO = Radio(
    transmitters=MappingProxyType({Form.HANDHELD: "AD2", Form.BODYPACK: "ADX1", Form.GOOSENECK: "AD1"}),
    mute_switches=frozenset(Form),
    runtime_minutes=480,
    band_khz=range(540_025, 607_825, 375),
    name_width=31,
    preset="{group},{channel}",
    hears=lambda channel: _hears(2, channel),
)

AXIENT_DIGITAL = Family(
    name="Axient Digital",
    models=MappingProxyType({"AD4D": 2, "AD4Q": 4}),
    firmware="2.0.15.2",
    plate="RX",
    capabilities=capabilities.RECEIVER_WITH_DANTE,
    radio=_RADIO,
    settable=_SETTABLE,
    tells=_TELLS,
    ranges=MappingProxyType(
        {
            **fields.RANGES,
            "link_quality": range(6),
            **dict.fromkeys(_LEVELS, range(-OFFSET, 1)),
            "frequency_khz": range(1, 10_000_000),
        }
    ),
    words=MappingProxyType(
        {
            "group_channel": "[1-9][0-9]?,[1-9][0-9]{0,2}",
            "transmitter": TRANSMITTER,
            "battery_type": BATTERY_TYPES,
        }
    ),
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
    channel=MappingProxyType(_channel(2)),
    sample=lambda channel: _sample(2, channel),
)

QUADVERSITY = replace(
    AXIENT_DIGITAL,
    radio=replace(_RADIO, antennas=4, hears=lambda channel: _hears(4, channel)),
    settable=_SETTABLE | _FOUR,
    tells=_TELLS | _FOUR,
    ranges=MappingProxyType({**AXIENT_DIGITAL.ranges, **dict.fromkeys(_FOUR, range(-OFFSET, 1))}),
    device=MappingProxyType({**AXIENT_DIGITAL.device, "QUADVERSITY_MODE": lambda _: "ON"}),
    channel=MappingProxyType(_channel(4)),
    sample=lambda channel: _sample(4, channel),
)
