"""Who stands where, and what each is struck with."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pollers.restraint import AT_ONCE
from pollers.simulator.families import BY_MODEL
from pollers.simulator.upsets import Candidate, Upset

from .cases import OF_RECEIVERS, OF_SERVERS, SPEAKING, Case, is_of_entries
from .evening import Watched
from .expected import ALONE

# Beside those that are struck, and behind a server that is not.
BYSTANDERS, ELSEWHERE = (SPEAKING, ALONE, "SBC220", "AD4D"), (SPEAKING, ALONE)

WELL: Mapping[str, Any] = {
    "transmitter_on": True,
    "rf_dbm": -45,
    "audio_dbfs": -20,
    "interference": False,
    "encryption_ok": True,
    "battery_type": "LION",
    "battery_percent": 85,
}
COMPATIBILITIES = ("COMPATIBLE_LATEST", "COMPATIBLE_OLD", "INCOMPATIBLE_TOO_OLD")
ALONE_AND_WELL: Mapping[str, Any] = {"battery_state": "discharging", "audio_peak_dbfs": -20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """Receivers behind one server: those that each case is about, in that order, and bystanders behind them.

    `first` is what number the first of its bystanders has among all.
    """

    cases: Sequence[Case] = ()
    bystanders: Sequence[str] = ()
    first: int = 0

    @property
    def models(self) -> list[str]:
        return [*(model for case in self.cases for model in case.models), *self.bystanders]

    @property
    def places(self) -> list[tuple[Case | None, int]]:
        struck = [(case, nth) for case in self.cases for nth in range(len(case.models))]
        return [*struck, *((None, self.first + nth) for nth in range(len(self.bystanders)))]

    def upsets(self, candidates: Sequence[Candidate]) -> dict[Hashable, Upset]:
        """Return what goes wrong here; `candidates` are those of `models`."""
        upsets: dict[Hashable, Upset] = {}
        at = 0
        for case in self.cases:
            victim, *partners = candidates[at : at + len(case.models)]
            at += len(case.models)
            upsets |= _upset(case, victim, candidates if case.of_server else partners)
        return upsets


def racks() -> Iterator[Rack]:
    """Yield them all. None is larger than what its server is asked at once: who has no turn says that it has none,
    and nothing of what it is struck with.
    """
    bystanders = iter(enumerate(BYSTANDERS))
    for cases in _by_rack(AT_ONCE - 1):
        first, *beside = next(bystanders, (0,))
        yield Rack(cases=cases, bystanders=beside, first=first)
    assert next(bystanders, None) is None
    yield Rack(bystanders=ELSEWHERE, first=len(BYSTANDERS))
    for case in OF_SERVERS:
        yield Rack(cases=[case])


def _by_rack(room: int) -> Iterator[list[Case]]:
    cases: list[Case] = []
    for case in OF_RECEIVERS:
        if sum(len(each.models) for each in (*cases, case)) > room:
            yield cases
            cases = []
        cases.append(case)
    yield cases


def _upset(case: Case, victim: Candidate, others: Sequence[Candidate]) -> dict[Hashable, Upset]:
    victims = others if is_of_entries(case.upset) else (victim,)
    upsets = {(case.name, one.serial): case.kind(one, others) for one in victims}
    return {key: upset for key, upset in upsets.items() if upset is not None}


def be_well(watched: Watched) -> None:
    values = ALONE_AND_WELL if watched.model == ALONE else WELL
    settable = BY_MODEL[watched.model].settable
    known = {name: value for name, value in values.items() if name in settable}
    watched.played.set(watched.serial, **{**known, **_news(watched, 0)})


def tell(watched: Watched, part: int) -> None:
    """Have something new of a receiver to tell, of each of its sources."""
    watched.played.set(watched.serial, **_news(watched, part))
    watched.played.patch(watched.serial, compatibility=COMPATIBILITIES[part])


def _news(watched: Watched, part: int) -> dict[str, Any]:
    """Return values that nobody else has, and that differ from those of the other parts."""
    if "frequency_khz" in BY_MODEL[watched.model].settable:
        return {"frequency_khz": 480_000 + 20_000 * part + 25 * (watched.id % 400)}
    minutes = {"battery_minutes": 400 - 50 * part} if watched.model == ALONE else {}
    return {"battery_percent": 90 - 10 * part, **minutes}
