"""What the digits and words of a command string mean. Whatever stands for "unknown" becomes None here.

Source: Shure's command strings of ULX-D, QLX-D, Axient Digital, SLX-D and the networked chargers.
"""

import re
from collections.abc import Callable, Mapping

from pollers.shure.errors import Malformed

LONGEST_TEXT = 255

# 255 is unknown everywhere; QLX-D uses all four, the chargers 254 for an error.
_NO_LEVEL = range(252, 256)
# 65535 unknown, 65534 calculating, 65533 a communication warning, 65532 on QLX-D, 65529 full on a
# charger: none of them is a time, and no battery lasts 45 days.
_NO_COUNT = range(65_529, 65_536)
_CALCULATING = 65_534
_CHARGER_CALCULATING = 65_533
_CHARGER_FULL = 65_529

_NUMBER = re.compile(r"[0-9]{1,7}")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def text(raw: str) -> str:
    """Return a string without the braces and blanks around it, fit to be stored."""
    inner = raw.strip().removeprefix("{").removesuffix("}")
    return storable(inner.strip())


def storable(told: str) -> str:
    """Return a name as it can be kept: half characters and NUL replaced, no longer than 255."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", told)[:LONGEST_TEXT]


def firmware(raw: str) -> str:
    """Return the version. An asterisk behind it says that an update did not finish or a self-test failed."""
    return text(raw).rstrip("* ")


def number(raw: str) -> int:
    digits = raw.strip()
    if not _NUMBER.fullmatch(digits):
        raise Malformed(f"{digits[:40]!r} is not a number.")
    return int(digits)


def between(low: int, high: int) -> Callable[[str], int | None]:
    """Return a readout of three digits that knows the values from `low` to `high`."""

    def readout(raw: str) -> int | None:
        value = number(raw)
        if value in _NO_LEVEL:
            return None
        if not low <= value <= high:
            raise Malformed(f"{value} is not between {low} and {high}.")
        return value

    return readout


percent = between(0, 100)
bars = between(0, 5)
link_quality = between(0, 5)


def offset(by: int, *, high: int) -> Callable[[str], int | None]:
    """Return a readout of three digits, 0 to `high`, that stand for a value greater by `by`."""
    raw_value = between(0, high)

    def readout(raw: str) -> int | None:
        value = raw_value(raw)
        return None if value is None else value - by

    return readout


gain_db = offset(18, high=60)
celsius = offset(40, high=251)


def count(raw: str) -> int | None:
    value = number(raw)
    return None if value in _NO_COUNT else value


minutes = count


def minutes_calculating(raw: str) -> bool:
    return number(raw) == _CALCULATING


def minutes_to_full(raw: str) -> int | None:
    """Return the minutes until a bay's battery is full, 0 when it is."""
    return 0 if number(raw) == _CHARGER_FULL else count(raw)


def time_to_full_calculating(raw: str) -> bool | None:
    return True if number(raw) == _CHARGER_CALCULATING else None


def frequency_khz(raw: str) -> int | None:
    return number(raw) or None


def group_channel(raw: str) -> str | None:
    """Return the preset as "group,channel", or None when the frequency was set directly."""
    told = text(raw).replace(" ", "")
    return None if not told or "--" in told else told


def one_of(words: Mapping[str, bool]) -> Callable[[str], bool | None]:
    """Return a readout of a word. A word that is not among them tells nothing."""
    return lambda raw: words.get(raw.strip().upper())


def word(raw: str) -> str | None:
    told = text(raw).lower()
    return None if told in {"", "unkn", "unknown"} else told


state_calculating = one_of({"CALCULATING": True, "DISCHARGE_CALC": True})

# A battery that is too hot or too cold is left alone until it is not.
_charging = one_of(
    dict.fromkeys(("CALCULATING", "NORMAL", "WARM", "PRECHARGE", "FULL", "WARM_FULL"), True)
    | dict.fromkeys(("HOT", "COLD", "READY_TO_STORE", "ERROR", "NO_BATT"), False)
)


def charging(raw: str) -> bool | None:
    """Return whether a bay's state means that its battery is being charged, None for a word that tells nothing."""
    return False if raw.strip().upper().startswith("DISCHARG") else _charging(raw)


def transmitter(raw: str) -> str | None:
    """Return the transmitter's model, or None when none is heard."""
    model = text(raw)
    return None if model.upper() in {"", "UNKN", "UNKNOWN"} else model


def battery_type(raw: str) -> str | None:
    """Return the chemistry. WARN is none: a battery that is no Shure rechargeable sits on a charger."""
    kind = text(raw).upper()
    return None if kind in {"", "UNKN", "UNKNOWN", "WARN"} else kind


def antennas(raw: str) -> str:
    """Return the letters of the antennas that hear the transmitter: "AB" of AB, "B" of XB, "" of XX.

    Axient Digital writes a colour in each place instead of its letter; X is dark everywhere.
    """
    places = zip("ABCD", raw.strip().upper(), strict=False)
    return "".join(letter for letter, told in places if told != "X")
