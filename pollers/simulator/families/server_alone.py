"""Devices that their server alone knows: a battery of their own, audio channels, and no command strings."""

from types import MappingProxyType

from pollers.simulator.families import capabilities
from pollers.simulator.families.family import Family
from pollers.simulator.families.wording import COUNT, PERCENT

CHARGING, DISCHARGING, FULL, DRAINED, CALCULATING = "charging", "discharging", "full", "empty", "calculating"
STATES = (CHARGING, DISCHARGING, FULL, DRAINED, CALCULATING, "optimal_storage")

SERVER_ALONE = Family(
    name="System API alone",
    models=MappingProxyType({"ADTQ": 1}),
    firmware="1.2.8.0",
    plate="UNIT",
    capabilities=capabilities.UNIT_WITH_BATTERY,
    settable=frozenset(
        {
            "battery_state",
            "battery_percent",
            "battery_minutes",
            "minutes_to_full",
            "battery_health_percent",
            "battery_cycles",
            "audio_peak_dbfs",
        }
    ),
    ranges=MappingProxyType(
        {
            "battery_percent": PERCENT,
            "battery_minutes": COUNT,
            "minutes_to_full": COUNT,
            "battery_health_percent": PERCENT,
            "battery_cycles": COUNT,
            "audio_peak_dbfs": range(-120, 1),
        }
    ),
    words=MappingProxyType({"battery_state": "|".join(STATES)}),
    speaks=False,
)
