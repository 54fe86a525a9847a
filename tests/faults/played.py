"""Simulators in which nothing moves by itself, and what is upset is what the test wants, in a process of their own.

Whoever is asked must not be slower for being asked a lot: in the process that polls it would wait for those who poll.
"""

import multiprocessing
import os
import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any, Protocol, cast

from pollers.simulator import SCENARIOS, ReceiverTruth, Simulator
from pollers.simulator.stage import Stage
from pollers.simulator.upsets import Candidate, Upset, Upsets


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What an admin has to know of a server."""

    url: str
    api_key: str
    fingerprint: str


class Played:
    """Receivers and their server. They are named by their serials, which stay when an upset changes an id."""

    def __init__(self, models: Sequence[str], *, seed: int, data: Path) -> None:
        self._simulator = Simulator(models=models, seed=seed, data=data, scenario="quiet")
        self._wanted: dict[Hashable, Upset] = {}

    def open(self) -> None:
        self._simulator.__enter__()
        self._simulator.on_stage(self._take_over)

    def close(self) -> None:
        self._simulator.__exit__()

    def presented(self) -> Presented:
        simulator = self._simulator
        return Presented(url=simulator.url, api_key=simulator.api_key, fingerprint=simulator.fingerprint)

    def candidates(self) -> list[Candidate]:
        return self._simulator.on_stage(_candidates)

    def upset(self, upsets: Upsets) -> None:
        """Have these upsets on, and no others; what is no longer among them is taken back."""
        self._wanted = dict(upsets)
        self._simulator.turn()
        begun = self._simulator.on_stage(lambda stage: set(stage._upheaval._undo))
        assert begun == upsets.keys()

    def truth(self, serial: str) -> ReceiverTruth:
        (truth,) = self._simulator.on_stage(
            lambda stage: stage.truth(stage.rack.of_serial(serial).source_id).receivers
        )
        return truth

    def set(self, serial: str, **values: Any) -> None:
        self._simulator.on_stage(lambda stage: stage.hold(stage.rack.of_serial(serial).source_id, 1, values))

    def patch(self, serial: str, **values: Any) -> None:
        source_id = self._simulator.on_stage(lambda stage: stage.rack.of_serial(serial).source_id)
        self._simulator.patch(source_id, **values)

    def _take_over(self, stage: Stage) -> None:
        stage.rack.scenario = replace(
            SCENARIOS["quiet"], schedule=lambda _seed, _second, _candidates: self._wanted
        )


def _candidates(stage: Stage) -> list[Candidate]:
    return [Candidate(each.serial, each.model) for each in stage.rack.receivers.values()]


class House(Protocol):
    def __call__(self, models: Sequence[str], *, seed: int, data: Path) -> Played: ...


class _Process(BaseManager):
    pass


_Process.register("Played", Played)


@contextmanager
def house() -> Iterator[House]:
    """The process in which the simulators are; within the block one may open them there."""
    process = _Process(ctx=multiprocessing.get_context("spawn"))
    process.start(_end_with_parent)
    try:
        yield cast("House", process.Played)  # type: ignore[attr-defined]
    finally:
        process.shutdown()


def _end_with_parent() -> None:
    """Let this process end with the tests, however they end."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
