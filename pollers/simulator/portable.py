"""A device with a battery of its own that its server alone knows: what it does at every second. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from types import MappingProxyType
from typing import Any

from core.domain.reading import ChannelReading
from pollers.simulator.families.server_alone import CALCULATING, CHARGING, DISCHARGING, FULL
from pollers.simulator.show import Moment, draw

RUNTIME_MINUTES = 420
CHARGE_MINUTES = 150
RESERVE = 0.25  # at which it goes back to its charger
FULL_MINUTES = 20
SPEECH_SECONDS = 9
SPEAKING_SHARE = 0.6
SPEAKING_DBFS, QUIET_DBFS = -18, -55


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One device. `place` counts those of the house from 0."""

    seed: int
    place: int
    number: int


class _Dice(IntEnum):
    """What a draw is for. Apart from the show's: the same seed casts microphones."""

    PHASE = 201
    SPEECH = auto()
    HEALTH = auto()


def play(
    unit: Unit, moment: Moment, held: Mapping[str, Any] = MappingProxyType({}), *, on_air: bool = True
) -> ChannelReading:
    """Return the device at this moment, with `battery_state` in its server's words, in lower case.

    A held state decides which way its minutes run, a held percentage how many they are; minutes that run the
    other way are never known.
    """
    state, left = _battery(unit, moment.drained)
    state = held.get("battery_state", state)
    percent = held.get("battery_percent", round(left * 100))
    spell = moment.second // SPEECH_SECONDS
    speaks = on_air and draw(unit.seed, unit.place, spell, _Dice.SPEECH) < SPEAKING_SHARE
    values = {
        "battery_percent": percent,
        "battery_health_percent": 100 - int(draw(unit.seed, unit.place, _Dice.HEALTH) * 12),
        "battery_cycles": 20 + 7 * unit.place,
        "audio_peak_dbfs": SPEAKING_DBFS if speaks else QUIET_DBFS,
        "battery_minutes": None if percent is None else RUNTIME_MINUTES * percent // 100,
        "minutes_to_full": None if percent is None else CHARGE_MINUTES * (100 - percent) // 100,
        **held,
        "battery_state": state,
        "battery_calculating": state == CALCULATING,
    }
    if state != DISCHARGING:
        values["battery_minutes"] = None
    if state != CHARGING:
        values["minutes_to_full"] = None
    return ChannelReading(number=unit.number, **values)


def _battery(unit: Unit, drained: int) -> tuple[str, float]:
    """Return which way the battery goes, and what is left of it."""
    use = round(RUNTIME_MINUTES * 60 * (1 - RESERVE))
    charge = round(CHARGE_MINUTES * 60 * (1 - RESERVE))
    cycle = use + charge + FULL_MINUTES * 60
    into = (drained + int(draw(unit.seed, unit.place, _Dice.PHASE) * cycle)) % cycle
    if into < use:
        return DISCHARGING, 1 - into / (RUNTIME_MINUTES * 60)
    if into < use + charge:
        return CHARGING, RESERVE + (into - use) / (CHARGE_MINUTES * 60)
    return FULL, 1.0
