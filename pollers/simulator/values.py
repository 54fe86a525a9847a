"""Which values may be set from outside: those that the receiver's family could say on the wire."""

from collections.abc import Mapping
from typing import Any

from core.domain.reading import DeviceState
from pollers.simulator.families import Family

DERIVED = frozenset({"number", "kind", "antennas", "rf_overloaded"})
SWITCHES = frozenset(
    {"transmitter_on", "battery_calculating", "interference", "overloaded", "muted", "encryption_ok"}
)
WORDS = frozenset({"transmitter", "battery_type"})
NEVER_UNKNOWN = frozenset({"name", "frequency_khz", "transmitter"}) | SWITCHES - {"muted"}

PATCHABLE = frozenset(
    {"name", "state", "listening", "firmware", "compatibility", "capabilities", "channel_capabilities"}
)


class Unknown(LookupError):
    """No such receiver, channel or field; the message names it."""


class Unplayable(ValueError):
    """Cannot be played; the message says what can."""


def check_channel(family: Family, values: Mapping[str, Any]) -> None:
    """Raise `Unknown` or `Unplayable` at the first value that no channel of this family could show."""
    settable = family.tells - DERIVED
    for name, value in values.items():
        if name not in settable:
            raise Unknown(f"{family.name} has no {name} to set; what it has: {', '.join(sorted(settable))}")
        if value is None:
            _expect(name not in NEVER_UNKNOWN, f"{name} is never unknown on the wire")
        else:
            _check_value(family, name, value)


def _check_value(family: Family, name: str, value: Any) -> None:
    if name in SWITCHES:
        _expect(isinstance(value, bool), f"{name} is true or false")
    elif name == "name":
        _expect(
            isinstance(value, str) and len(value) <= family.name_width and _fits_in_braces(value),
            f"name is at most {family.name_width} printable ASCII characters without braces on {family.name}",
        )
    elif name in WORDS:
        _expect(isinstance(value, str) and value.isascii() and value.isalnum(), f"{name} is one ASCII word")
    else:
        scale = family.ranges[name]
        _expect(
            isinstance(value, int) and not isinstance(value, bool) and value in scale,
            f"{name} is a whole number from {scale[0]} to {scale[-1]} on {family.name}",
        )


def _fits_in_braces(text: str) -> bool:
    return text.isascii() and text.isprintable() and not set(text) & set("{}")


def checked_receiver(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a receiver keeps them; raise `Unknown` or `Unplayable` at the first that it cannot."""
    return {name: _checked_receiver(name, value) for name, value in values.items()}


def _checked_receiver(name: str, value: Any) -> Any:
    if name not in PATCHABLE:
        raise Unknown(f"a receiver's {name} cannot be set; what can: {', '.join(sorted(PATCHABLE))}")
    if name == "listening":
        _expect(isinstance(value, bool), "listening is true or false")
        return value
    if name == "state":
        _expect(value in set(DeviceState), f"state is one of {', '.join(DeviceState)}")
        return DeviceState(value)
    if name in {"capabilities", "channel_capabilities"}:
        listed = isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)
        _expect(listed, f"{name} is a list of words")
        return tuple(value)
    _expect(isinstance(value, str), f"{name} is text")
    return value


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  the condition is the sentence's subject
    if not holds:
        raise Unplayable(otherwise)
