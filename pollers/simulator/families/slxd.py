"""SLX-D. Source: Shure's command strings of SLX-D.

Levels come in samples alone. Nothing is told of antennas, mute, encryption or interference, and of a battery
only its bars and minutes. A receiver accepts connections and keeps silent until third-party controllers are
allowed on its front panel.
"""

from types import MappingProxyType

from core.domain.reading import ChannelReading
from pollers.simulator.families import capabilities, fields
from pollers.simulator.families.family import Family, Form, Radio
from pollers.simulator.families.fields import OF_EVERY_RECEIVER
from pollers.simulator.families.wording import (
    GAIN_OFFSET,
    TRANSMITTER,
    constant,
    digits,
    minutes,
    padded,
)

OFFSET = 120

_LEVELS = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "audio_dbfs", "audio_peak_dbfs")
_SETTABLE = OF_EVERY_RECEIVER | {"audio_peak_dbfs"}


def _level(level: int | None) -> str:
    return digits(level, plus=OFFSET)


def _sample(channel: ChannelReading) -> str:
    return f"{_level(channel.audio_peak_dbfs)} {_level(channel.audio_dbfs)} {_level(channel.rf_dbm)}"


SLX_D = Family(
    name="SLX-D",
    models=MappingProxyType({"SLXD4": 1, "SLXD4D": 2}),
    firmware="1.4.7.0",
    plate="RX",
    capabilities=capabilities.RECEIVER,
    radio=Radio(
        transmitters=MappingProxyType(
            {Form.HANDHELD: "SLXD2", Form.BODYPACK: "SLXD1", Form.GOOSENECK: "SLXD1"}
        ),
        mute_switches=frozenset(),
        runtime_minutes=480,
        band_khz=range(534_025, 539_925, 25),
        name_width=31,
        preset="{group},{channel}",
    ),
    settable=_SETTABLE,
    tells=_SETTABLE | {"number", "kind"},
    ranges=MappingProxyType(
        {
            **fields.RANGES,
            **dict.fromkeys(_LEVELS, range(-OFFSET, 1)),
            "frequency_khz": range(1, 10_000_000),
        }
    ),
    words=MappingProxyType({"group_channel": "[1-9][0-9]?,[1-9][0-9]{0,2}", "transmitter": TRANSMITTER}),
    device=MappingProxyType(
        {
            "MODEL": lambda plate: padded(plate.model, 32),
            "DEVICE_ID": lambda plate: padded(plate.name, 8),
            "RF_BAND": lambda _: padded("H55", 8),
            "LOCK_STATUS": lambda _: "OFF",
            "FW_VER": lambda plate: padded(plate.firmware, 24),
        }
    ),
    channel=MappingProxyType(
        {
            "CHAN_NAME": lambda c: padded(c.name, 31),
            "AUDIO_GAIN": lambda c: digits(c.gain_db, plus=GAIN_OFFSET),
            "AUDIO_OUT_LVL_SWITCH": constant("LINE"),
            "GROUP_CHANNEL": lambda c: "{" + (c.group_channel or "--,--") + "}",
            "FREQUENCY": lambda c: f"{c.frequency_khz:07d}",
            "TX_MODEL": lambda c: c.transmitter or "UNKNOWN",
            "TX_BATT_BARS": lambda c: digits(c.battery_bars),
            "TX_BATT_MINS": minutes,
        }
    ),
    sample=_sample,
)
