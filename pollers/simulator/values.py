"""Which values may be set from outside: those that the device's family could say on the wire."""

import re
from collections.abc import Mapping
from typing import Any

from core.domain.reading import DeviceState
from pollers.simulator.families import Family

SWITCHES = frozenset(
    {
        "transmitter_on",
        "battery_calculating",
        "interference",
        "overloaded",
        "muted",
        "encryption_ok",
        "occupied",
    }
)
NEVER_UNKNOWN = frozenset({"name", "frequency_khz", "transmitter", "battery_state"}) | SWITCHES - {"muted"}

TEXTS = frozenset({"name", "firmware", "compatibility", "answers_as"})
FLAGS = frozenset({"listening", "quadversity", "controllers_allowed"})
LISTS = frozenset({"capabilities", "channel_capabilities"})
PATCHABLE = TEXTS | FLAGS | LISTS | {"state", "listed_address"}


class Unknown(LookupError):
    """No such device, channel or field; the message names it."""


class Unplayable(ValueError):
    """Cannot be played; the message says what can."""


def check_channel(family: Family, values: Mapping[str, Any]) -> None:
    """Raise `Unknown` or `Unplayable` at the first value that no channel of this family could show."""
    for name, value in values.items():
        if name not in family.settable:
            known = ", ".join(sorted(family.settable))
            raise Unknown(f"{family.name} has no {name} to set; what it has: {known}")
        if value is None:
            expect(name not in NEVER_UNKNOWN, f"{name} is never unknown on the wire")
        else:
            _check_value(family, name, value)


def _check_value(family: Family, name: str, value: Any) -> None:
    if name in SWITCHES:
        expect(isinstance(value, bool), f"{name} is true or false")
    elif name in family.ranges:
        scale = family.ranges[name]
        expect(
            isinstance(value, int) and not isinstance(value, bool) and value in scale,
            f"{name} is a whole number from {scale[0]} to {scale[-1]} on {family.name}",
        )
    elif name in family.words:
        fits = isinstance(value, str) and re.fullmatch(family.words[name], value)
        expect(bool(fits), f"{name} matches {family.words[name]} on {family.name}")
    else:
        width = 0 if family.radio is None else family.radio.name_width
        expect(
            isinstance(value, str) and len(value) <= width and _fits_in_braces(value),
            f"{name} is at most {width} printable ASCII characters on {family.name}, without braces and outer blanks",
        )


def _fits_in_braces(text: str) -> bool:
    return text.isascii() and text.isprintable() and text == text.strip() and not set(text) & set("{}")


def checked_device(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a device keeps them; raise `Unknown` or `Unplayable` at the first that it cannot."""
    return {name: _checked_device(name, value) for name, value in values.items()}


def _checked_device(name: str, value: Any) -> Any:
    if name not in PATCHABLE:
        raise Unknown(f"a device's {name} cannot be set; what can: {', '.join(sorted(PATCHABLE))}")
    if name in FLAGS:
        expect(isinstance(value, bool), f"{name} is true or false")
        return value
    if name == "state":
        expect(value in set(DeviceState), f"state is one of {', '.join(DeviceState)}")
        return DeviceState(value)
    if name in LISTS:
        listed = isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)
        expect(listed, f"{name} is a list of words")
        return tuple(value)
    nothing_may_stand = name in {"listed_address", "answers_as"}
    expect(isinstance(value, str) or (value is None and nothing_may_stand), f"{name} is text")
    return value


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  the condition is the sentence's subject
    if not holds:
        raise Unplayable(otherwise)
