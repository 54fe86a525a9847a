"""A group's slots: who ends up in which after some of it was put elsewhere. Pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

LAST_SLOT = 9999

Who = TypeVar("Who", bound=Hashable)


def numbered(wishes: Mapping[Who, int | None], *, last: int) -> dict[Who, int]:
    """Return the wishes, those without a number in their order behind the last of the group."""
    last = max([last, *(number for number in wishes.values() if number is not None)])
    numbers: dict[Who, int] = {}
    for who, number in wishes.items():
        last += number is None
        numbers[who] = last if number is None else number
    return numbers


def clashes(placed: Mapping[Who, int], standing: Mapping[Who, int]) -> dict[Who, Who]:
    """Return of the placed those whose slot is taken, and by whom: what stands there, or was placed there before."""
    taken = {number: who for who, number in standing.items()}
    refused: dict[Who, Who] = {}
    for who, number in placed.items():
        if number in taken:
            refused[who] = taken[number]
        else:
            taken[number] = who
    return refused


def given_way(placed: Mapping[Who, int], standing: Mapping[Who, int]) -> dict[Who, int]:
    """Return the slots of what stands once it gave way: in the order that it had, no further on than it must."""
    taken = set(placed.values())
    numbers: dict[Who, int] = {}
    last = 0
    for who, number in sorted(standing.items(), key=lambda each: each[1]):
        last = max(number, last + 1)
        while last in taken:
            last += 1
        numbers[who] = last
    return numbers
