"""Networked chargers. Source: Shure's command strings of SBC220/240, SBC840 and SBRC, and a dump of an SBC220.

Each bay tells of the battery in it; there are no meters. Where a battery or bay is at fault, every figure is 254
or 65534.
"""

from types import MappingProxyType

from core.domain.reading import ChannelReading, Kind
from pollers.simulator.families import capabilities
from pollers.simulator.families.family import Family
from pollers.simulator.families.wording import (
    CELSIUS,
    COUNT,
    PERCENT,
    TEMPERATURE_OFFSET,
    digits,
    fahrenheit,
    padded,
)

CALCULATING, FULL, ERROR, EMPTY = "calculating", "full", "error", "no_batt"
# The battery is being cared for; while it is too hot or too cold it is left alone.
CHARGING = frozenset({CALCULATING, "normal", "warm", "precharge", FULL})
STATES = (*sorted(CHARGING), "hot", "cold", "ready_to_store", "discharging", ERROR, EMPTY)

_TIME_TO_FULL = {FULL: 65_529, CALCULATING: 65_533, ERROR: 65_534}
_AT_FAULT = {3: 254, 5: 65_534}
_SETTABLE = frozenset(
    {
        "occupied",
        "battery_state",
        "battery_percent",
        "battery_health_percent",
        "battery_cycles",
        "battery_celsius",
        "battery_error",
        "minutes_to_full",
    }
)


def _figure(value: int | None, bay: ChannelReading, *, width: int = 3, plus: int = 0) -> str:
    unknown = _AT_FAULT[width] if bay.battery_state == ERROR else None
    return digits(value, width, plus=plus, unknown=unknown)


def _time_to_full(bay: ChannelReading) -> str:
    return digits(_TIME_TO_FULL.get(bay.battery_state or "", bay.minutes_to_full), 5)


CHARGERS = Family(
    name="charger",
    models=MappingProxyType({"SBC220": 2, "SBC240": 2, "SBC840": 8, "SBRC": 8}),
    firmware="1.4.53.0",
    plate="DOCK",
    capabilities=capabilities.CHARGER,
    kind=Kind.BAY,
    settable=_SETTABLE,
    tells=_SETTABLE | {"number", "kind", "charging", "battery_calculating"},
    ranges=MappingProxyType(
        {
            "battery_percent": PERCENT,
            "battery_health_percent": PERCENT,
            "battery_cycles": COUNT,
            "battery_celsius": CELSIUS,
            "battery_error": range(8),
            "minutes_to_full": COUNT,
        }
    ),
    words=MappingProxyType({"battery_state": "|".join(STATES)}),
    device=MappingProxyType(
        {
            "MODEL": lambda plate: padded(plate.model, 32),
            "DEVICE_ID": lambda plate: padded(plate.name, 31),
            "FW_VER": lambda plate: padded(plate.firmware, 24),
            "STORAGE_MODE": lambda _: "OFF",
        }
    ),
    channel=MappingProxyType(
        {
            "BATT_DETECTED": lambda bay: "YES" if bay.occupied else "NO",
            "BATT_TIME_TO_FULL": _time_to_full,
            "BATT_STATE": lambda bay: (bay.battery_state or EMPTY).upper(),
            "BATT_CHARGE": lambda bay: _figure(bay.battery_percent, bay),
            "BATT_CYCLE": lambda bay: _figure(bay.battery_cycles, bay, width=5),
            "BATT_TEMP_C": lambda bay: _figure(bay.battery_celsius, bay, plus=TEMPERATURE_OFFSET),
            "BATT_TEMP_F": lambda bay: _figure(fahrenheit(bay.battery_celsius), bay, plus=TEMPERATURE_OFFSET),
            "BATT_HEALTH": lambda bay: _figure(bay.battery_health_percent, bay),
            "BATT_ERROR": lambda bay: digits(bay.battery_error),
        }
    ),
)
