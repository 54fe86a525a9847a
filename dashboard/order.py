"""Which tiles stand where on the first paint. Pure. `order.js` keeps the order from then on."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dashboard.faces import WORST_FIRST, Channel, Face

MOST_ON_A_PAGE = 24
MOST_IN_THE_STRIP = 6  # what stands side by side at 1920 pixels
LONGEST_NUMBER = 20  # digits of a name that are put in order as a number
TROUBLE = frozenset({"critical", "offline", "warning"})

SORTS = ("slot", "name", "state")


def ordered(
    channels: Iterable[Channel], faces: Mapping[str, Face], *, group: str | None, sort: str
) -> list[Channel]:
    """Return the channels of a wall in their order: microphones only, of one group or all."""

    def in_place(channel: Channel) -> tuple[Any, ...]:
        slot = next((number for slug, number in channel["groups"] if slug == group), 0)
        return slot, natural(channel["receiver_id"]), channel["channel"]

    keys: Mapping[str, Callable[[Channel], tuple[Any, ...]]] = {
        "slot": in_place,
        "name": lambda channel: (natural(channel["name"]), in_place(channel)),
        "state": lambda channel: (_urgency(faces[channel["device_id"]]), in_place(channel)),
    }
    return sorted(of_wall(channels, group), key=keys[sort])


def of_wall(channels: Iterable[Channel], group: str | None) -> list[Channel]:
    """Return the microphones of a group, or all of them."""
    return [
        channel
        for channel in channels
        if channel["kind"] == "microphone"
        and (group is None or any(slug == group for slug, _ in channel["groups"]))
    ]


def counts(faces: Sequence[Face]) -> dict[str, int]:
    """Return how many are in each state, worst first."""
    found = Counter(face.state for face in faces)
    return {state: found[state] for state in WORST_FIRST}


def strip(faces: Sequence[Face]) -> tuple[list[Face], int]:
    """Return those in trouble, the most urgent first, as many as fit, and how many are left out."""
    troubled = sorted((face for face in faces if face.state in TROUBLE), key=_urgency)
    room = MOST_IN_THE_STRIP - 1 if len(troubled) > MOST_IN_THE_STRIP else MOST_IN_THE_STRIP
    return troubled[:room], max(0, len(troubled) - room)


def _urgency(face: Face) -> tuple[int, int]:
    """Return a key that puts first who needs a hand: trouble that nobody has taken over, then what is in hand.

    An open warning comes before a critical one in hand: that has its hand, and its tile keeps its place and colour.
    """
    waits = 2 if face.state not in TROUBLE else 1 if face.acked else 0
    return waits, WORST_FIRST.index(face.state)


def natural(text: str) -> bytes:
    """Return a key under which SHURE999 comes before SHURE1000, Éric beside Eric, and numbers before letters.

    Bytes of UTF-16, because that is how JavaScript compares text.
    """
    letters = "".join(
        char for char in unicodedata.normalize("NFD", text) if not unicodedata.category(char).startswith("M")
    )
    padded = re.sub(r"[0-9]+", lambda digits: digits[0].rjust(LONGEST_NUMBER, "0"), letters.lower())
    return padded.encode("utf-16-be", "surrogatepass")
