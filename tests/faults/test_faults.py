"""Each fault of the simulator: whom it strikes tells the truth within an interval, and recovers by itself; everybody
else's data keeps coming.

All of them strike at once, on one evening: a receiver or a server each, beside bystanders.
"""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from core.domain.state import State
from pollers.simulator.faults import KINDS, Place
from pollers.simulator.upsets import RECEIVER_KINDS, SERVER_KINDS, Struck

from .cases import CASES, OF_SERVERS, Case
from .evening import Evening, Watched, whole_of
from .expected import EXPECTED
from .journal import Seen
from .playing import LOST_AFTER, SPARED_S
from .racks import BYSTANDERS, ELSEWHERE

pytestmark = pytest.mark.xdist_group("faults")

LATE_S = 4.0  # what a busy machine may add; a poll of somebody who hangs takes longer
LONGEST_POLL_S = 8.0
STEPS = 3  # of a poll after one another, each as late as a look at the machine

STRUCK = [
    pytest.param(case, nth, id=f"{case.name}, {model} {nth + 1}")
    for case in CASES
    for nth, model in enumerate(case.models)
]
BYSTANDING = [
    pytest.param(None, nth, id=f"bystander, {model} {nth + 1}")
    for nth, model in enumerate(BYSTANDERS + ELSEWHERE)
]


def test_everything_that_the_simulator_does_wrong_has_its_case() -> None:
    assert {case.words for case in CASES} == EXPECTED.keys()
    assert set(RECEIVER_KINDS) | set(SERVER_KINDS) <= {case.kind for case in CASES}
    assert {
        (case.upset.fault.kind, place(case.upset)) for case in CASES if isinstance(case.upset, Struck)
    } == {(kind, each) for kind, fault in KINDS.items() for each in fault.fits}


def late_s(evening: Evening, since: float, until: float) -> float:
    """Return by how much something may be late that happened then."""
    return LATE_S + STEPS * evening.machine.late_s(since, until)


def place(struck: Struck) -> Place:
    if struck.path is not None:
        return Place.RESOURCE
    return Place.SERVER if struck.serial is None else Place.RECEIVER


def test_nothing_is_raised_anywhere(evening: Evening) -> None:
    assert list(evening.went_wrong) == []


def test_there_was_enough_to_see(evening: Evening) -> None:
    assert evening.is_whole
    assert evening.machine.errors == []


def test_before_it_everything_is_well_and_true(evening: Evening) -> None:
    unwell = [watched for watched in evening.receivers if not evening.before(watched)[-1].is_well]

    assert unwell == []


@pytest.mark.parametrize(("case", "nth"), STRUCK)
def test_what_it_does_is_told_within_an_interval(evening: Evening, case: Case, nth: int) -> None:
    watched = evening.watched(case, nth)
    expected = case.expected.reasons(watched.model)
    during = evening.during(watched)
    first, last = during[0], during[-1]

    soonest = next(seen for seen in evening.journal[watched.id] if seen.began >= evening.struck_by)
    assert soonest.began - evening.struck_by <= watched.interval_s + late_s(
        evening, evening.struck_by, soonest.began
    )
    assert first.ended - first.began <= LONGEST_POLL_S + late_s(evening, first.began, first.ended)
    if case.expected.heals:
        assert all(seen.reasons <= expected | {()} for seen in during)
        assert last.reasons == {()}
    elif case.expected.lies:
        assert all(seen.reasons <= expected | {()} for seen in during)
        assert last.reasons <= expected
    else:
        assert all(seen.reasons <= expected for seen in during)


@pytest.mark.parametrize(("case", "nth"), STRUCK)
def test_a_receiver_is_lost_when_nothing_tells_of_it_and_not_otherwise(
    evening: Evening, case: Case, nth: int
) -> None:
    watched = evening.watched(case, nth)
    during = evening.during(watched)

    if not case.expected.loses(watched.model):
        assert not any(seen.alerts or seen.states == {State.OFFLINE} for seen in during)
        return
    disowned = case.expected.word == "server_says_offline"
    for seen in during:
        lost = disowned or seen.failures >= LOST_AFTER
        assert seen.states <= ({State.OFFLINE} if lost else {State.OK, State.STALE})
        assert seen.alerts == (("receiver_offline",) if lost else ())
    assert during[-1].states == {State.OFFLINE}


@pytest.mark.parametrize(("case", "nth"), [*STRUCK, *BYSTANDING])
def test_nothing_is_shown_as_fresh_that_is_not_so(evening: Evening, case: Case | None, nth: int) -> None:
    watched = evening.watched(case, nth)

    false = [
        seen
        for seen in evening.judged(watched)
        if seen.untrue and seen.says_fresh(watched.source) and not may_be_deceived(evening, watched, seen)
    ]

    assert [seen.untrue for seen in false] == []


def may_be_deceived(evening: Evening, watched: Watched, seen: Seen) -> bool:
    """Say whether a server that lies has not been asked for everything whole since it does."""
    whole = whole_of(evening.during(watched))
    return (
        watched.is_lied_about
        and evening.struck_at <= seen.began
        and whole is not None
        and seen.began < whole.began
    )


@pytest.mark.parametrize(("case", "nth"), STRUCK)
def test_what_still_answers_still_tells_what_is_new(evening: Evening, case: Case, nth: int) -> None:
    watched = evening.watched(case, nth)
    last = evening.during(watched)[-1]

    assert last.says_fresh(watched.source) == (
        case.expected.heals or not case.expected.silences(watched.model)
    )
    if case.expected.word is None:
        assert (last.untrue, last.unlike) == ((), ())


@pytest.mark.parametrize(("case", "nth"), STRUCK)
def test_when_it_is_over_it_recovers_by_itself(evening: Evening, case: Case, nth: int) -> None:
    watched = evening.watched(case, nth)
    after = evening.after(watched)
    recovered = next(at for at, seen in enumerate(after) if seen.is_well)

    spared_s = 0 if case.is_of_the_line else SPARED_S
    began = after[recovered].began
    within_s = spared_s + LONGEST_POLL_S + watched.interval_s + late_s(evening, evening.healed_by, began)
    assert began - evening.healed_by <= within_s
    assert recovered == 0 or not case.is_of_the_line
    assert all(seen.is_well for seen in after[recovered:])


@pytest.mark.parametrize(("case", "nth"), BYSTANDING)
def test_a_bystander_is_heard_at_its_interval_all_the_while(evening: Evening, case: None, nth: int) -> None:
    watched = evening.watched(case, nth)
    ended = [seen.ended for seen in evening.journal[watched.id]]
    during = [at for at in ended if evening.struck_by <= at <= evening.healed_at]

    assert all(seen.is_well for seen in evening.during(watched))
    for sooner, later in pairwise([evening.struck_by, *during, evening.healed_at]):
        assert later - sooner <= watched.interval_s + late_s(evening, sooner, later)


def test_nobody_waits_for_anybody_else(evening: Evening) -> None:
    """Each poll begins within an interval, and what a busy machine adds, of the end of the one before."""
    late = [
        watched
        for watched in evening.receivers
        for sooner, later in pairwise(evening.journal[watched.id])
        if later.began - max(sooner.ended, sooner.began + watched.interval_s)
        > watched.interval_s + late_s(evening, sooner.ended, later.began)
    ]

    assert late == []


@pytest.mark.parametrize("case", OF_SERVERS, ids=lambda case: case.name)
def test_of_a_server_it_is_told_what_is_wrong_and_no_more_when_it_is_over(
    evening: Evening, case: Case
) -> None:
    watched = evening.watched(case, 0)
    during, last = evening.lists_during(watched), evening.lists_after(watched)[-1]
    throttled = case.words.startswith("server: status 429")

    assert all(case.expected.inventory in each.error for each in during)
    assert bool(case.expected.inventory or throttled) == any(each.error for each in during)
    assert any(case.expected.listed in each.odd for each in during)
    assert bool(case.expected.listed) == any(each.odd.strip() for each in during)
    if case.expected.inventory and case.expected.word is not None and not case.expected.lies:
        assert {each.status for each in during} <= {"degraded", "disconnected"}
    assert (last.error, last.odd.strip(), last.status) == ("", "", "connected")


def test_no_receiver_is_missing_in_the_end(evening: Evening) -> None:
    assert evening.missing == 0


def test_the_windows_told_all_of_it(evening: Evening) -> None:
    assert dict(rows(evening.told.rows)) == dict(rows(evening.kept.rows))
    assert evening.told.alerts == evening.kept.alerts == {}


def rows(board: dict[str, dict[str, object]]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield each row without when its receiver answered last, which heartbeats tell."""
    for device_id, row in board.items():
        yield device_id, {name: value for name, value in row.items() if name != "seen_at"}
