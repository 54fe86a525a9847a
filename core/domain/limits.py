"""The thresholds of one channel: what is said for the house, its location, its groups and its receiver, in that order.

A limit is named as it is stored and edited: `battery_minutes_low`, `rf_lost_dbm`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from core.domain.states import Levels, Thresholds

# A limit that values must not pass upwards; among groups of different minds the stricter one counts.
CEILINGS = frozenset({"rf_overload_dbm", "clipping_dbfs"})


class Scope(StrEnum):
    """What limits may be said for. A later one outweighs those before it."""

    HOUSE = "house"
    LOCATION = "location"
    GROUP = "group"
    RECEIVER = "receiver"


_ORDER = tuple(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is said in one place. `channels` are those that it is about, None for all of the receiver's."""

    scope: Scope
    values: Mapping[str, int]
    channels: frozenset[int] | None = None

    def is_about(self, channel_id: int) -> bool:
        return self.channels is None or channel_id in self.channels


def flat(thresholds: Thresholds) -> dict[str, int]:
    """Return every limit by its name."""
    values: dict[str, int] = {}
    for field in fields(thresholds):
        value = getattr(thresholds, field.name)
        if isinstance(value, Levels):
            values |= {f"{field.name}_{one.name}": getattr(value, one.name) for one in fields(value)}
        else:
            values[field.name] = value
    return values


def said(thresholds: Thresholds, values: Mapping[str, int]) -> Thresholds:
    """Return the thresholds with these limits in place of their own."""
    changed: dict[str, int | Levels] = {}
    for field in fields(thresholds):
        before = getattr(thresholds, field.name)
        if isinstance(before, Levels):
            of_levels = {one.name: values.get(f"{field.name}_{one.name}") for one in fields(before)}
            changed[field.name] = replace(
                before, **{name: value for name, value in of_levels.items() if value is not None}
            )
        elif field.name in values:
            changed[field.name] = values[field.name]
    return replace(thresholds, **changed)  # type: ignore[arg-type]  # each under its own field


def in_force(defaults: Thresholds, limits: Iterable[Limits], channel_id: int) -> Thresholds:
    """Return the thresholds of a channel: for each limit what is said closest to it, else the default."""
    mine = [one for one in limits if one.is_about(channel_id)]
    if not mine:
        return defaults
    values: dict[str, int] = {}
    for scope in _ORDER:
        values |= _strictest(one.values for one in mine if one.scope is scope)
    return said(defaults, values)


def _strictest(told: Iterable[Mapping[str, int]]) -> dict[str, int]:
    strictest: dict[str, int] = {}
    for values in told:
        for name, value in values.items():
            stricter = min if name in CEILINGS else max
            strictest[name] = stricter(strictest.get(name, value), value)
    return strictest
