"""The chargers: what every bay does at every second, from a seed alone. Pure, like the show.

One cycle of a bay is: empty, a pack comes in, is looked at, fills, stands full, is taken out. Now and then one
comes in so empty that it has to be nursed first, stands in the sun, comes in from the cold, or is broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from types import MappingProxyType
from typing import Any

from core.domain.reading import ChannelReading, Kind
from pollers.simulator.families.chargers import CALCULATING, CHARGING, EMPTY, ERROR, FULL
from pollers.simulator.show import Moment, draw

FULL_PERCENT = 100
CALCULATING_SECONDS = 90
PRECHARGE_SECONDS = 420
DEEPLY_DISCHARGED = 4  # percent
SECONDS_A_PERCENT = 100  # from empty to full in not quite three hours
ERRORS = range(1, 8)

HOT_CELSIUS, COLD_CELSIUS, WARM_CELSIUS = 47, 3, 38
UNDISTURBED = 0.78  # of the packs; the others share what follows
HOT_SECONDS, COLD_SECONDS = 900, 1200


@dataclass(frozen=True, slots=True)
class Night:
    """How busy the bays are: seconds of a whole cycle, and how many of them a bay may stand empty at most."""

    cycle_seconds: int
    empty_seconds: int


EVENING = Night(cycle_seconds=16_200, empty_seconds=4_800)
AFTER_THE_SHOW = Night(cycle_seconds=12_600, empty_seconds=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bay:
    """One bay and what it keeps for the whole night. `place` counts the bays of the house from 0."""

    seed: int
    place: int
    number: int


class _Dice(IntEnum):
    """What a draw is for. Apart from the show's: the same seed casts microphones."""

    PHASE = 101
    EMPTY = auto()
    ARRIVES = auto()
    FATE = auto()
    ERROR = auto()
    HEALTH = auto()
    CYCLES = auto()


class _Fate(IntEnum):
    """What becomes of a pack while it is in the bay."""

    FINE = auto()
    WARM = auto()
    HOT = auto()
    COLD = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class _Visit:
    """One pack in a bay: how long it has been there, and what it is."""

    seconds: int
    arrived_percent: int
    fate: _Fate
    error: int
    health_percent: int
    cycles: int


def play(
    bay: Bay,
    moment: Moment,
    held: Mapping[str, Any] = MappingProxyType({}),
    *,
    night: Night = EVENING,
) -> ChannelReading:
    """Return the bay at this moment. A held field has the value it is held at; what hangs together follows.

    A battery that is taken out, or at fault, tells nothing of itself, held or not; a held state decides whether
    it is being charged, a held percentage whether it is full.
    """
    visit = _visit(bay, moment.drained, night)
    values = {} if visit is None else _battery(visit)
    state = _state(held, values.get("battery_state", EMPTY))
    if state == EMPTY:
        return ChannelReading(
            number=bay.number, kind=Kind.BAY, occupied=False, charging=False, battery_state=EMPTY
        )
    values = {**_PLAIN, **values} | {name: value for name, value in held.items() if name != "occupied"}
    percent = values["battery_percent"]
    values |= {
        "occupied": True,
        "battery_state": state,
        "charging": state in CHARGING,
        "battery_calculating": state == CALCULATING,
        "minutes_to_full": _minutes_to_full(state, percent, held),
    }
    if state == ERROR:
        values |= dict.fromkeys(_FIGURES)
    if "battery_error" not in held:
        code = values["battery_error"] or ERRORS[bay.place % len(ERRORS)]
        values["battery_error"] = code if state == ERROR else 0
    return ChannelReading(number=bay.number, kind=Kind.BAY, **values)


# What a pack is that somebody put in where none is: a used one, half full.
_PLAIN = {
    "battery_percent": 50,
    "battery_health_percent": 95,
    "battery_cycles": 40,
    "battery_celsius": 27,
    "battery_error": 0,
}
_FIGURES = (
    "battery_percent",
    "battery_health_percent",
    "battery_cycles",
    "battery_celsius",
    "minutes_to_full",
)


def _state(held: Mapping[str, Any], played: str) -> str:
    if not held.get("occupied", True):
        return EMPTY
    if "battery_state" in held:
        return str(held["battery_state"])
    if held.get("battery_error"):
        return ERROR
    if (percent := held.get("battery_percent")) is not None:
        return FULL if percent == FULL_PERCENT else "normal"
    put_in, put_right = held.get("occupied"), held.get("battery_error") == 0
    if (played == EMPTY and put_in) or (played == ERROR and put_right):
        return "normal"
    return played


def _minutes_to_full(state: str, percent: int | None, held: Mapping[str, Any]) -> int | None:
    if state == FULL:
        return 0
    if state not in CHARGING or state == CALCULATING:
        return None
    if "minutes_to_full" in held:
        minutes: int | None = held["minutes_to_full"]
        return minutes
    return None if percent is None else -((percent - FULL_PERCENT) * SECONDS_A_PERCENT // 60)


def _visit(bay: Bay, drained: int, night: Night) -> _Visit | None:
    """Return the pack that is in now, or None."""
    phase = int(draw(bay.seed, bay.place, _Dice.PHASE) * night.cycle_seconds)
    visit, into = divmod(drained + phase, night.cycle_seconds)

    def dice(kind: _Dice) -> float:
        return draw(bay.seed, bay.place, visit, kind)

    seconds = into - int(dice(_Dice.EMPTY) * night.empty_seconds)
    if seconds < 0:
        return None
    return _Visit(
        seconds=seconds,
        arrived_percent=int(dice(_Dice.ARRIVES) ** 2 * 60),
        fate=_fate(dice(_Dice.FATE)),
        error=ERRORS[int(dice(_Dice.ERROR) * len(ERRORS))],
        health_percent=100 - int(dice(_Dice.HEALTH) * 14),
        cycles=int(dice(_Dice.CYCLES) * 220),
    )


def _fate(drawn: float) -> _Fate:
    if drawn < UNDISTURBED:
        return _Fate.FINE
    others = (_Fate.WARM, _Fate.HOT, _Fate.COLD, _Fate.BROKEN)
    return others[int((drawn - UNDISTURBED) / (1 - UNDISTURBED) * len(others))]


def _battery(visit: _Visit) -> dict[str, Any]:
    state, charged = _progress(visit)
    percent = min(FULL_PERCENT, visit.arrived_percent + charged // SECONDS_A_PERCENT)
    if percent == FULL_PERCENT and state in CHARGING:
        state = FULL
    celsius = {"hot": HOT_CELSIUS, "cold": COLD_CELSIUS, "warm": WARM_CELSIUS, FULL: 25}
    return {
        "battery_state": state,
        "battery_percent": percent,
        "battery_health_percent": visit.health_percent,
        "battery_cycles": visit.cycles,
        "battery_celsius": celsius.get(state, 26 + percent // 25),
        "battery_error": visit.error if state == ERROR else 0,
    }


def _progress(visit: _Visit) -> tuple[str, int]:
    """Return what the bay says of its battery, and the seconds for which it was charged so far."""
    if visit.fate is _Fate.BROKEN:
        return ERROR, 0
    seconds = visit.seconds
    if visit.fate is _Fate.COLD:
        if seconds < COLD_SECONDS:
            return "cold", 0
        seconds -= COLD_SECONDS
    if seconds < CALCULATING_SECONDS:
        return CALCULATING, 0
    seconds -= CALCULATING_SECONDS
    if visit.arrived_percent < DEEPLY_DISCHARGED:
        if seconds < PRECHARGE_SECONDS:
            return "precharge", 0
        seconds -= PRECHARGE_SECONDS
    if visit.fate is _Fate.HOT:
        into_the_sun = seconds - SECONDS_A_PERCENT * 20
        if 0 <= into_the_sun < HOT_SECONDS:
            return "hot", seconds - into_the_sun
        seconds -= HOT_SECONDS if into_the_sun >= 0 else 0
    return ("warm" if visit.fate is _Fate.WARM else "normal"), seconds
