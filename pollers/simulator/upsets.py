"""What may go wrong around the receivers for a while: the kinds of upsets, and when chaos brings each.

Pure: `chaos` says from a seed which upsets are on at a second. Receivers are named by their serials, which stay
when an upset gives one another id.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from types import MappingProxyType
from typing import Any

from pollers.simulator.families import BY_MODEL, SLX_D
from pollers.simulator.faults import (
    Close,
    Cut,
    Drip,
    Etag,
    Fault,
    Glue,
    Hang,
    Html,
    Noise,
    NotModified,
    Refuse,
    Scrambled,
    Shred,
    Slow,
    Status,
    Truncated,
)
from pollers.simulator.show import draw

RECEIVER_ACT_SECONDS = 60
RECEIVER_UPSET_SECONDS = 25
RECEIVERS_A_SLOT = 4
SERVER_ACT_SECONDS = 90
SERVER_UPSET_SECONDS = 20
LONG_AGO = "Thu, 01 Jan 2026 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A receiver as far as chaos has to know it."""

    serial: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A fault: of the server, of a resource (`path`), of a receiver, or of one receiver's own resource."""

    fault: Fault
    serial: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The server speaks another dialect."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distorted:
    """The list is odd; `about` names the field that takes this receiver's id."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    about: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A receiver is another than it was."""

    serial: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Swapped:
    """Two receivers have each other's address; `told` is whether their server knows."""

    serial: str
    other: str
    told: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A receiver is at an address that nobody had."""

    serial: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another piece with the same serial, under this id or one of Shure's form."""

    serial: str
    source_id: str | None = None


Upset = Struck | Spoken | Distorted | Changed | Swapped | Moved | Replaced
Upsets = Mapping[Hashable, Upset]
Candidates = Sequence[Candidate]
Schedule = Callable[[int, int, Candidates], Upsets]


class _Dice(IntEnum):
    """What a draw is for. Apart from the show's: the same seed casts microphones."""

    RECEIVER = 301
    SERVER = auto()


def none(_seed: int, _second: int, _candidates: Candidates) -> Upsets:
    return MappingProxyType({})


def dead_rack(_seed: int, _second: int, candidates: Candidates) -> Upsets:
    """Return that the first third of those that speak command strings says nothing."""
    speaking = [each for each in candidates if BY_MODEL[each.model].speaks]
    dead = speaking[: -(-len(speaking) // 3)]
    return {("rack", each.serial): Struck(fault=Hang(), serial=each.serial) for each in dead}


def chaos(seed: int, second: int, candidates: Candidates) -> Upsets:
    """Return what is upset now: a quarter of the receivers at most, each for 25 s, and at times the server.

    The kinds take turns, so that each comes; whom it strikes is drawn. Between two upsets a receiver is left in
    peace for longer than one lasts.
    """
    return dict(_of_receivers(seed, second, candidates)) | dict(_of_the_server(seed, second, candidates))


def _of_receivers(seed: int, second: int, candidates: Candidates) -> Iterator[tuple[Hashable, Upset]]:
    slots = max(1, len(candidates) // RECEIVERS_A_SLOT)
    for slot in range(slots):
        act, into = divmod(second + slot * RECEIVER_ACT_SECONDS // slots, RECEIVER_ACT_SECONDS)
        if into >= RECEIVER_UPSET_SECONDS:
            continue
        mine = candidates[slot::slots]
        kind = RECEIVER_KINDS[(act * slots + slot + seed) % len(RECEIVER_KINDS)]
        first = int(draw(seed, slot, act, _Dice.RECEIVER) * len(mine))
        for victim in (*mine[first:], *mine[:first]):
            if upset := kind(victim, [each for each in mine if each is not victim]):
                yield ("receiver", slot, act), upset
                break


def _of_the_server(seed: int, second: int, candidates: Candidates) -> Iterator[tuple[Hashable, Upset]]:
    act, into = divmod(second, SERVER_ACT_SECONDS)
    if into < SERVER_UPSET_SECONDS and candidates:
        kind = SERVER_KINDS[(act + seed) % len(SERVER_KINDS)]
        victim = candidates[int(draw(seed, act, _Dice.SERVER) * len(candidates))]
        yield ("server", act), kind(victim, candidates)


_Kind = Callable[[Candidate, Candidates], Upset | None]
_ServerKind = Callable[[Candidate, Candidates], Upset]


def _speaks(candidate: Candidate) -> bool:
    return BY_MODEL[candidate.model].speaks


def _on_the_line(fault: Fault) -> _Kind:
    return lambda one, _: Struck(fault=fault, serial=one.serial) if _speaks(one) else None


def _at_its_server(fault: Fault) -> _Kind:
    return lambda one, _: Struck(fault=fault, serial=one.serial, path="")


def _changed(**changes: Any) -> _Kind:
    return lambda one, _: Changed(one.serial, changes)


def _panel(one: Candidate, _: Candidates) -> Upset | None:
    return Changed(one.serial, {"controllers_allowed": False}) if one.model in SLX_D.models else None


def _impostor(one: Candidate, _: Candidates) -> Upset | None:
    family = BY_MODEL[one.model]
    if "MODEL" not in family.device:
        return None
    return Changed(one.serial, {"answers_as": "ULXD4D" if one.model != "ULXD4D" else "ULXD4Q"})


def _swapped(*, told: bool) -> _Kind:
    def swapped(one: Candidate, others: Candidates) -> Upset | None:
        other = next(filter(_speaks, others), None)
        return Swapped(one.serial, other.serial, told) if other and _speaks(one) else None

    return swapped


def _anywhere(fault: Fault, path: str | None = None) -> _ServerKind:
    return lambda _one, _all: Struck(fault=fault, path=path)


def _spoken(**changes: Any) -> _ServerKind:
    return lambda _one, _all: Spoken(changes)


def _listed(**changes: Any) -> _ServerKind:
    return lambda _one, _all: Distorted(changes=changes)


RECEIVER_KINDS: tuple[_Kind, ...] = (
    _on_the_line(Hang()),
    _at_its_server(Status(status=500)),
    _on_the_line(Refuse()),
    _changed(state="OFFLINE"),
    _on_the_line(Close()),
    _at_its_server(Slow(ms=400)),
    _on_the_line(Cut()),
    _swapped(told=True),
    _on_the_line(Drip(ms=40)),
    _at_its_server(Truncated()),
    _on_the_line(Noise()),
    lambda one, _: Moved(one.serial),
    _on_the_line(Shred()),
    _at_its_server(Etag()),
    _on_the_line(Glue(ms=200)),
    _changed(name="Lent out"),
    _on_the_line(Slow(ms=400)),
    _at_its_server(Hang()),
    _panel,
    lambda one, _: Replaced(one.serial),
    _impostor,
    _at_its_server(Html()),
    _swapped(told=False),
    _at_its_server(NotModified()),
    _changed(state="DISCOVERED"),
    _at_its_server(Scrambled()),
    lambda one, _: Replaced(one.serial, f"loan/{one.serial}/ö"),
    _at_its_server(Cut()),
)
SERVER_KINDS: tuple[_ServerKind, ...] = (
    _anywhere(Status(status=500)),
    _listed(shown=0),
    _anywhere(Slow(ms=300)),
    _anywhere(Status(status=429, retry_after="2")),
    _spoken(listing="array"),
    _anywhere(Hang()),
    lambda one, _all: Distorted(about="malformed", serial=one.serial),
    _anywhere(Status(status=401)),
    _spoken(page_size=2),
    _anywhere(Refuse()),
    lambda one, _all: Distorted(about="twice", serial=one.serial),
    _anywhere(Html(), "/devices"),
    _spoken(etags=False),
    _anywhere(Drip(ms=20)),
    lambda _one, every: Distorted(changes={"shown": len(every) // 3}),
    _anywhere(Status(status=429, retry_after="a while")),
    _spoken(weak_etags=True),
    _anywhere(Close()),
    _listed(repeating=True),
    _anywhere(Status(status=403)),
    _spoken(listing="items"),
    _anywhere(Truncated(), "/devices"),
    _anywhere(Shred()),
    _anywhere(Status(status=429, retry_after=LONG_AGO)),
    _anywhere(Cut()),
    _anywhere(Etag()),
    _anywhere(Noise()),
    _anywhere(Scrambled(), "/devices"),
    _anywhere(NotModified(), "/devices/{id}/name"),
)
