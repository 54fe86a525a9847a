"""The fields of a reading that families of receivers have in common, and what their digits can carry."""

from types import MappingProxyType

from pollers.simulator.families.wording import BARS, CELSIUS, COUNT, GAIN, PERCENT

OF_EVERY_RECEIVER = frozenset(
    {
        "name",
        "frequency_khz",
        "group_channel",
        "gain_db",
        "transmitter_on",
        "transmitter",
        "battery_minutes",
        "battery_bars",
        "battery_calculating",
        "rf_dbm",
        "audio_dbfs",
    }
)
OF_A_PACK = frozenset(
    {
        "battery_type",
        "battery_percent",
        "battery_health_percent",
        "battery_cycles",
        "battery_celsius",
    }
)
RANGES = MappingProxyType(
    {
        "battery_percent": PERCENT,
        "battery_minutes": COUNT,
        "battery_bars": BARS,
        "battery_health_percent": PERCENT,
        "battery_cycles": COUNT,
        "battery_celsius": CELSIUS,
        "gain_db": GAIN,
    }
)
