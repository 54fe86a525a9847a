"""The colours that a channel may be marked with. Pure."""

from enum import StrEnum


class Colour(StrEnum):
    """None of a state's: no red, amber, teal or grey. Each is told from the others in both themes."""

    BLUE = "blue"
    VIOLET = "violet"
    PINK = "pink"
    WHITE = "white"
