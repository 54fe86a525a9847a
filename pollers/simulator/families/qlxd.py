"""QLX-D: as ULX-D, with less to say and less patience. Source: Shure's command strings of QLX-D.

A receiver knows channel 1 and no 0, has neither MODEL nor RF_INT_DET, lights one antenna at a time, and keeps
silent where others refuse. Its words for unknown are 252 to 255 and 65532 to 65535; which of them stands for
what is not published: here 255 and 65535 for no transmitter, 252 and 65532 for cells that tell nothing of
themselves.
"""

from types import MappingProxyType

from core.domain.reading import ChannelReading
from pollers.simulator.families import capabilities
from pollers.simulator.families.family import Family, Form, Radio, Text
from pollers.simulator.families.ulxd import (
    BAND_KHZ,
    RANGES,
    SETTABLE,
    ULX_D,
    WORDS,
    antennas,
    audio_level,
    mute_status,
    rf_level,
    sample,
)
from pollers.simulator.families.wording import (
    CALCULATING,
    TEMPERATURE_OFFSET,
    constant,
    digits,
    fahrenheit,
    padded,
    while_on,
)

_NO_FIGURE = {3: 252, 5: 65_532}
_SETTABLE = SETTABLE - {"interference"}


def _hears(channel: ChannelReading) -> tuple[bool, bool]:
    a, b = channel.rf_a_dbm, channel.rf_b_dbm
    if not channel.transmitter_on or a is None or b is None:
        return False, False
    return a >= b, b > a


def _of_the_pack(value: int | None, channel: ChannelReading, *, width: int = 3, plus: int = 0) -> str:
    unknown = _NO_FIGURE[width] if channel.transmitter_on else None
    return digits(value, width, plus=plus, unknown=unknown)


def _run_time(channel: ChannelReading) -> str:
    left = CALCULATING if channel.battery_calculating else channel.battery_minutes
    return _of_the_pack(left, channel, width=5)


_AS_ULX_D = (
    "CHAN_NAME",
    "AUDIO_GAIN",
    "GROUP_CHAN",
    "FREQUENCY",
    "ENCRYPTION_WARNING",
    "TX_TYPE",
    "TX_DEVICE_ID",
    "TX_MENU_LOCK",
    "TX_PWR_LOCK",
    "BATT_TYPE",
    "BATT_BARS",
)
_OWN: dict[str, Text] = {
    "TX_OFFSET": while_on("000", otherwise="255"),  # not shifted, unlike ULX-D's
    "TX_RF_PWR": while_on("HIGH", otherwise="UNKN"),
    "TX_MUTE_STATUS": mute_status,
    "TX_MUTE_BUTTON_STATUS": constant("UNKN"),
    "TX_POWER_SOURCE": constant("UNKN"),
    "BATT_CHARGE": lambda c: _of_the_pack(c.battery_percent, c),
    "BATT_RUN_TIME": _run_time,
    "BATT_HEALTH": lambda c: _of_the_pack(c.battery_health_percent, c),
    "BATT_CYCLE": lambda c: _of_the_pack(c.battery_cycles, c, width=5),
    "BATT_TEMP_C": lambda c: _of_the_pack(c.battery_celsius, c, plus=TEMPERATURE_OFFSET),
    "BATT_TEMP_F": lambda c: _of_the_pack(fahrenheit(c.battery_celsius), c, plus=TEMPERATURE_OFFSET),
    "RF_ANTENNA": antennas,
    "RX_RF_LVL": rf_level,
    "AUDIO_LVL": audio_level,
}

QLX_D = Family(
    name="QLX-D",
    models=MappingProxyType({"QLXD4": 1}),
    firmware="2.6.3",
    plate="RX",
    capabilities=capabilities.RECEIVER,
    radio=Radio(
        transmitters=MappingProxyType(
            {Form.HANDHELD: "QLXD2", Form.BODYPACK: "QLXD1", Form.GOOSENECK: "ULXD8"}
        ),
        mute_switches=frozenset({Form.GOOSENECK}),
        runtime_minutes=600,
        band_khz=BAND_KHZ,
        name_width=8,
        preset="{group:02d},{channel:02d}",
        hears=_hears,
    ),
    settable=_SETTABLE,
    tells=_SETTABLE | {"number", "kind", "antennas"},
    ranges=RANGES,
    words=WORDS,
    refuses=False,
    indexed_from_0=False,
    device=MappingProxyType(
        {
            "DEVICE_ID": lambda plate: padded(plate.name, 8),
            "FW_VER": lambda plate: padded(plate.firmware, 24),
            "MAC_ADDR": lambda plate: plate.mac,
            "ENCRYPTION": lambda _: "ON",
        }
    ),
    channel=MappingProxyType({**{name: ULX_D.channel[name] for name in _AS_ULX_D}, **_OWN}),
    by_name=frozenset({"RF_ANTENNA", "RX_RF_LVL", "AUDIO_LVL"}),
    sample=sample,
)
