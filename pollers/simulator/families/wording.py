"""How Shure's devices write numbers, names and what they do not know."""

from core.domain.reading import ChannelReading
from pollers.simulator.families.family import Text

UNKNOWN = {3: 255, 5: 65_535}  # by the width of the field
CALCULATING = 65_534
GAIN_OFFSET = 18
TEMPERATURE_OFFSET = 40

# Ranges that a wire's digits can carry. Above 65528 are the words for what is no number.
PERCENT = range(101)
BARS = range(6)
COUNT = range(65_529)
CELSIUS = range(-TEMPERATURE_OFFSET, 101)  # Fahrenheit has to fit its three digits too
GAIN = range(-GAIN_OFFSET, 43)

BATTERY_TYPES = "LION|ALKA|NIMH|LITH"
TRANSMITTER = "(?!UNKN)[A-Z0-9]{2,8}"


def padded(text: str | None, width: int) -> str:
    return "{" + (text or "")[:width].ljust(width) + "}"


def digits(value: int | None, width: int = 3, *, plus: int = 0, unknown: int | None = None) -> str:
    """Return a zero-padded number with the family's offset, or the width's word for unknown."""
    nothing = UNKNOWN[width] if unknown is None else unknown
    return f"{nothing if value is None else value + plus:0{width}d}"


def minutes(channel: ChannelReading) -> str:
    return digits(CALCULATING if channel.battery_calculating else channel.battery_minutes, 5)


def fahrenheit(celsius: int | None) -> int | None:
    return None if celsius is None else round(celsius * 9 / 5 + 32)


def switch(*, on: str, off: str, unknown: str, value: bool | None) -> str:
    if value is None:
        return unknown
    return on if value else off


def while_on(text: str, *, otherwise: str) -> Text:
    """Return a constant of a transmitter that is heard, and what stands there when none is."""
    return lambda channel: text if channel.transmitter_on else otherwise


def constant(text: str) -> Text:
    return lambda _: text
