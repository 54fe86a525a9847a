"""What was seen on an evening on which everything went wrong at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.reading import Source
from realtime.board import Board

from .cases import Case
from .expected import ALONE, NOTHING, Expected
from .journal import Listed, Seen
from .machine import Machine
from .played import Played

INTERVAL_S = 6.0  # just more than a poll takes of somebody who hangs
SHORT_INTERVAL_S = 3.0  # of bystanders, and of what is only found out at the thirtieth poll
WHOLE_EVERY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A receiver that is watched: the `nth` of those that `case` is about, or of the bystanders, where that is None."""

    id: int
    server_id: int
    case: Case | None
    nth: int
    model: str
    played: Played
    serial: str

    @property
    def interval_s(self) -> float:
        return SHORT_INTERVAL_S if self.case is None or self.is_found_out_late else INTERVAL_S

    @property
    def source(self) -> Source:
        """Where the values of its channels come from."""
        return Source.SYSTEM_API if self.model == ALONE else Source.COMMAND_STRINGS

    @property
    def expected(self) -> Expected:
        return NOTHING if self.case is None else self.case.expected

    @property
    def is_lied_about(self) -> bool:
        return self.expected.lies

    @property
    def is_found_out_late(self) -> bool:
        """Whether the truth comes with what is asked for at each tenth poll, or each thirtieth."""
        return self.is_lied_about or (self.case is not None and "name" in self.case.words)

    def is_told_as_it_is(self, seen: Seen) -> bool:
        """Say whether it is well, or tells what it is struck with."""
        struck = self.expected.word is not None and seen.reasons <= self.expected.reasons(self.model)
        return struck or seen.is_well

    def is_listed_as_it_is(self, listed: Listed) -> bool:
        """Say whether its server's list came, or says what that is struck with."""
        told = self.expected.inventory
        return not listed.error or (told != "" and told in listed.error)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evening:
    """What was seen, and when, on the monotonic clock, striking and healing began (`at`) and had ended (`by`).

    `told` is the board as its windows told it from the beginning, `kept` as it is in the end; `missing` counts the
    receivers that their server's list lacks in the end. What failed because the machine stood still is in
    the journal, and in no part of the evening. `is_whole`: there was enough of it, and in time.
    """

    struck_at: float
    struck_by: float
    healed_at: float
    healed_by: float
    receivers: Sequence[Watched]
    journal: Mapping[int, Sequence[Seen]]
    lists: Mapping[int, Sequence[Listed]]
    machine: Machine
    went_wrong: Sequence[BaseException]
    missing: int
    told: Board
    kept: Board
    is_whole: bool

    def watched(self, case: Case | None, nth: int) -> Watched:
        return next(each for each in self.receivers if (each.case, each.nth) == (case, nth))

    def before(self, watched: Watched) -> list[Seen]:
        return [seen for seen in self.judged(watched) if seen.ended < self.struck_at]

    def during(self, watched: Watched) -> list[Seen]:
        """Return the polls that began and ended while everything was struck."""
        return [
            seen
            for seen in self.judged(watched)
            if seen.began >= self.struck_by and seen.ended <= self.healed_at
        ]

    def after(self, watched: Watched) -> list[Seen]:
        return [seen for seen in self.judged(watched) if seen.began >= self.healed_by]

    def judged(self, watched: Watched) -> list[Seen]:
        return judged(watched, self.journal[watched.id], self.machine)

    def lists_during(self, watched: Watched) -> list[Listed]:
        return [
            listed
            for listed in self.judged_lists(watched)
            if listed.began >= self.struck_by and listed.ended <= self.healed_at
        ]

    def lists_after(self, watched: Watched) -> list[Listed]:
        return [listed for listed in self.judged_lists(watched) if listed.began >= self.healed_by]

    def judged_lists(self, watched: Watched) -> list[Listed]:
        return judged_lists(watched, self.lists[watched.server_id], self.machine)


def judged(watched: Watched, polls: Iterable[Seen], machine: Machine) -> list[Seen]:
    """Return the polls without those that failed in another way than they were to while the machine stood still."""
    return [
        seen
        for seen in polls
        if watched.is_told_as_it_is(seen) or not machine.stood_still(seen.began, seen.ended)
    ]


def judged_lists(watched: Watched, lists: Iterable[Listed], machine: Machine) -> list[Listed]:
    return [
        listed
        for listed in lists
        if watched.is_listed_as_it_is(listed) or not machine.stood_still(listed.began, listed.ended)
    ]


def whole_of(polls: Sequence[Seen]) -> Seen | None:
    """Return the first poll that asked for everything whole."""
    return next((seen for seen in polls if seen.claim_seq % WHOLE_EVERY == 0), None)
