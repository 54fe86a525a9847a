"""ULX-D. Source: Shure's command strings of ULX-D, and dumps that receivers gave."""

from types import MappingProxyType

from core.domain.reading import ChannelReading
from pollers.simulator.families import capabilities, fields
from pollers.simulator.families.family import Family, Form, Radio
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

RF_OFFSET = 128
AUDIO_OFFSET = 50
EVEN_DB = 2  # antennas that differ by no more than this are both lit

SETTABLE = OF_EVERY_RECEIVER | OF_A_PACK | {"interference", "muted", "encryption_ok"}
RANGES = MappingProxyType(
    {
        **fields.RANGES,
        **dict.fromkeys(("rf_dbm", "rf_a_dbm", "rf_b_dbm"), range(-RF_OFFSET, -12)),
        **dict.fromkeys(("audio_dbfs", "audio_peak_dbfs"), range(-AUDIO_OFFSET, 1)),
        "frequency_khz": range(1, 1_000_000),
    }
)
WORDS = MappingProxyType(
    {"group_channel": "[0-9]{2},[0-9]{2}", "transmitter": TRANSMITTER, "battery_type": BATTERY_TYPES}
)
BAND_KHZ = range(470_125, 533_925, 375)


def hears(channel: ChannelReading) -> tuple[bool, bool]:
    a, b = channel.rf_a_dbm, channel.rf_b_dbm
    if not channel.transmitter_on or a is None or b is None:
        return False, False
    return a >= b - EVEN_DB, b >= a - EVEN_DB


def antennas(channel: ChannelReading) -> str:
    return "".join(letter if letter in (channel.antennas or "") else "X" for letter in "AB")


def rf_level(channel: ChannelReading) -> str:
    return digits(channel.rf_dbm, plus=RF_OFFSET)


def audio_level(channel: ChannelReading) -> str:
    return digits(channel.audio_dbfs, plus=AUDIO_OFFSET)


def sample(channel: ChannelReading) -> str:
    return f"{antennas(channel)} {rf_level(channel)} {audio_level(channel)}"


def mute_status(channel: ChannelReading) -> str:
    return switch(on="ON", off="OFF", unknown="UNKN", value=channel.muted)


ULX_D = Family(
    name="ULX-D",
    models=MappingProxyType({"ULXD4": 1, "ULXD4D": 2, "ULXD4Q": 4}),
    firmware="2.7.6.0",
    plate="RX",
    capabilities=capabilities.RECEIVER_WITH_DANTE,
    radio=Radio(
        transmitters=MappingProxyType(
            {Form.HANDHELD: "ULXD2", Form.BODYPACK: "ULXD1", Form.GOOSENECK: "ULXD8"}
        ),
        mute_switches=frozenset({Form.GOOSENECK}),
        runtime_minutes=660,
        band_khz=BAND_KHZ,
        name_width=8,
        preset="{group:02d},{channel:02d}",
        hears=hears,
    ),
    settable=SETTABLE,
    tells=SETTABLE | {"number", "kind", "antennas"},
    ranges=RANGES,
    words=WORDS,
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
            "GROUP_CHAN": lambda c: c.group_channel or "--,--",
            "FREQUENCY": lambda c: f"{c.frequency_khz:06d}",
            "RF_INT_DET": lambda c: "CRITICAL" if c.interference else "NONE",
            "ENCRYPTION_WARNING": lambda c: "OFF" if c.encryption_ok else "ON",
            "RF_ANTENNA": antennas,
            "RX_RF_LVL": rf_level,
            "AUDIO_LVL": audio_level,
            "TX_TYPE": lambda c: c.transmitter or "UNKN",
            "TX_DEVICE_ID": constant(padded("", 8)),
            "TX_OFFSET": while_on("012", otherwise="255"),
            "TX_RF_PWR": while_on("NORMAL", otherwise="UNKN"),
            "TX_MENU_LOCK": while_on("OFF", otherwise="UNKN"),
            "TX_PWR_LOCK": while_on("OFF", otherwise="UNKN"),
            "TX_MUTE_STATUS": mute_status,
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
    sample=sample,
)
