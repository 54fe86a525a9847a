"""The threads of a worker: how many run at once, for how long, and what they do with what goes wrong."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event, Lock, Thread, Timer

import pytest

from core import threads
from core.threads import FEW, Crew
from tests.deploy.processes import until

MOST = 12
NEVER_S = 3600


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """A crew in which nobody is late, however busy the machine is."""
    monkeypatch.setattr(threads, "LATE_S", NEVER_S)
    crew = Crew(MOST)
    yield crew
    crew.end()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """A crew in which a call is late after a while that a test can wait."""
    monkeypatch.setattr(threads, "LATE_S", 0.5)
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

    for _ in range(200):
        crew.run(counted.lasting(0.001))
    until(partial(counted.has_done, 200))

    assert counted.most == FEW
    assert crew.size == FEW


def test_who_rested_last_works_first(crew: Crew) -> None:
    over, counted = Event(), Counted()
    for _ in range(FEW):
        crew.run(counted.lasting(over))
    over.set()
    counted.by.clear()

    for number in range(1, 21):
        until(lambda: crew.busy == 0)
        crew.run(counted.lasting(0))
        until(partial(counted.has_done, FEW + number))

    assert len(set(counted.by[-20:])) == 1


def test_while_the_few_are_held_up_the_others_run_and_no_more_than_there_may_be(hasty: Crew) -> None:
    over, stuck, well = Event(), Counted(), Counted()
    for _ in range(FEW):
        hasty.run(stuck.lasting(over))
    began = time.monotonic()

    hasty.run(well.lasting(0))
    until(partial(well.has_done, 1))
    assert time.monotonic() - began >= threads.LATE_S

    for _ in range(MOST):
        hasty.run(well.lasting(over))
    until(lambda: well.running == MOST - FEW)
    time.sleep(2 * threads.LATE_S)
    assert stuck.running + well.running == hasty.busy == MOST

    over.set()
    until(partial(well.has_done, MOST + 1))


def test_they_are_few_again_when_nobody_had_to_wait_for_a_while(
    hasty: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "MANY_FOR_S", 0.5)
    over, stuck, later = Event(), Counted(), Counted()
    for _ in range(MOST):
        hasty.run(stuck.lasting(over))
    until(lambda: stuck.running == MOST)
    over.set()
    until(lambda: hasty.busy == 0)
    time.sleep(0.6)
    monkeypatch.setattr(threads, "LATE_S", NEVER_S)

    for _ in range(200):
        hasty.run(later.lasting(0.001))
    until(partial(later.has_done, 200))

    assert later.most == FEW


def test_where_the_machine_has_no_more_threads_those_that_there_are_go_on(
    hasty: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    over, counted = Event(), Counted()
    for _ in range(FEW):
        hasty.run(counted.lasting(over))

    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refuse)
    for _ in range(5):
        hasty.run(counted.lasting(0))
    until(lambda: "no more than 4 of 12 threads" in caplog.text)
    over.set()
    until(partial(counted.has_done, FEW + 5))

    assert hasty.size == FEW
    assert caplog.text.count("no more than") == 1


def test_an_error_is_logged_and_costs_no_thread(crew: Crew, caplog: pytest.LogCaptureFixture) -> None:
    counted = Counted()

    def fail() -> None:
        raise SystemExit("a task ends its worker")

    for _ in range(2 * FEW):
        crew.run(fail)
    crew.run(counted.lasting(0))
    until(partial(counted.has_done, 1))
    until(lambda: crew.busy == 0)

    assert crew.size <= FEW
    assert caplog.text.count("SystemExit: a task ends its worker") == 2 * FEW


def test_at_the_end_what_runs_is_waited_for_and_what_waits_or_comes_later_is_forgotten(crew: Crew) -> None:
    over, counted = Event(), Counted()
    for _ in range(FEW + 3):
        crew.run(counted.lasting(over))
    Timer(0.3, over.set).start()

    crew.end()
    crew.run(counted.lasting(0))

    assert (counted.done, counted.running, crew.busy) == (FEW, 0, 0)


def test_one_thread_is_a_crew_too() -> None:
    crew, counted = Crew(1), Counted()
    for _ in range(5):
        crew.run(counted.lasting(0.01))
    until(partial(counted.has_done, 5))

    crew.end()

    assert (counted.most, crew.size) == (1, 1)
