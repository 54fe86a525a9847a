"""The threads of a worker: how many run at once, for how long, and what they do with what goes wrong."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event, Lock

import pytest

from core import threads
from core.threads import FEW, Crew
from tests.deploy.processes import until

MOST = 12
LATE_S = 1  # of the test that counts it, for a machine that is busy


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew(MOST)
    yield crew
    crew.end()


class Counted:
    """Calls that note how many of them run at once, and in which threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.running = self.most = self.done = 0
        self.by: list[str] = []

    def has_done(self, number: int) -> bool:
        return self.done == number

    def lasting(self, over: Event | float) -> Callable[[], None]:
        """Return a call that lasts until something happened, or so many seconds."""

        def call() -> None:
            with self._lock:
                self.running += 1
                self.most = max(self.most, self.running)
                self.by.append(threading.current_thread().name)
            if isinstance(over, Event):
                assert over.wait(30)
            else:
                time.sleep(over)
            with self._lock:
                self.running -= 1
                self.done += 1

        return call


def test_calls_that_are_soon_over_are_run_a_few_at_once(crew: Crew) -> None:
    counted = Counted()

    for _ in range(40):
        crew.run(counted.lasting(0.001))
    until(lambda: counted.done == 40)

    assert counted.most == FEW
    assert crew.size == FEW


def test_who_rested_last_works_first(crew: Crew) -> None:
    over, counted = Event(), Counted()
    for _ in range(FEW):
        crew.run(counted.lasting(over))
    over.set()
    until(lambda: counted.done == FEW)
    counted.by.clear()

    for number in range(1, 21):
        time.sleep(0.01)  # until it rests again
        crew.run(counted.lasting(0))
        until(partial(counted.has_done, FEW + number))

    assert len(set(counted.by)) == 1


def test_while_the_few_are_held_up_the_others_run_and_no_more_than_there_may_be(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "LATE_S", LATE_S)
    over, stuck, well = Event(), Counted(), Counted()
    for _ in range(FEW):
        crew.run(stuck.lasting(over))
    began = time.monotonic()

    crew.run(well.lasting(0))
    until(lambda: well.done == 1)
    assert time.monotonic() - began >= LATE_S

    began = time.monotonic()
    for _ in range(MOST):
        crew.run(well.lasting(over))
    until(lambda: well.running == MOST - FEW)
    assert time.monotonic() - began < LATE_S  # they are many by now, and nobody waits any more
    time.sleep(2 * LATE_S)
    assert stuck.running + well.running == MOST

    over.set()
    until(lambda: well.done == MOST + 1)


def test_they_are_few_again_when_nobody_had_to_wait_for_a_while(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "MANY_FOR_S", 0.5)
    over, stuck, later = Event(), Counted(), Counted()
    for _ in range(MOST):
        crew.run(stuck.lasting(over))
    until(lambda: stuck.running == MOST)
    over.set()
    until(lambda: stuck.done == MOST)
    time.sleep(0.6)

    for _ in range(40):
        crew.run(later.lasting(0.001))
    until(lambda: later.done == 40)

    assert later.most == FEW


def test_an_error_is_logged_and_costs_no_thread(crew: Crew, caplog: pytest.LogCaptureFixture) -> None:
    counted = Counted()

    def fail() -> None:
        raise SystemExit("a task ends its worker")

    for _ in range(2 * FEW):
        crew.run(fail)
    crew.run(counted.lasting(0))
    until(lambda: counted.done == 1)

    assert crew.size <= FEW
    assert caplog.text.count("SystemExit: a task ends its worker") == 2 * FEW


def test_at_the_end_what_runs_is_waited_for_and_what_waits_is_forgotten() -> None:
    crew, counted = Crew(MOST), Counted()
    for _ in range(FEW + 3):
        crew.run(counted.lasting(0.1))

    crew.end()

    assert counted.done == FEW
    time.sleep(0.2)
    assert counted.done == FEW


def test_one_thread_is_a_crew_too() -> None:
    crew, counted = Crew(1), Counted()
    for _ in range(5):
        crew.run(counted.lasting(0.01))
    until(lambda: counted.done == 5)

    crew.end()

    assert (counted.most, crew.size) == (1, 1)
