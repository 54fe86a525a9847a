"""Processes that record as polls do, each its own receivers, and the time at which each transaction was over."""

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import django

django.setup()  # also where such a process begins

from tests.bench.house import Rack  # noqa: E402  needs Django set up

_LOOK_EVERY_S = 0.1
_STARTS_WITHIN_S = 60
_ENDS_WITHIN_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A poll's transaction: whose, which of this receiver's it was, from 1, and when it was over."""

    receiver_id: int
    number: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What all writers committed since they began; both times are monotonic."""

    began: float
    commits: Sequence[Committed]


def written(
    racks: Sequence[Rack],
    *,
    writers: int,
    rate: float | None,
    seconds: float,
    meanwhile: Callable[[], object],
) -> Written:
    """Have so many changes a second recorded, or as many as may be, and do something again and again meanwhile."""
    fresh = multiprocessing.get_context("spawn")
    ready = fresh.Barrier(writers + 1)
    results = fresh.Queue()
    of_each = {"rate": rate / writers if rate else None, "seconds": seconds}
    processes = [
        fresh.Process(
            target=write, args=(racks[number::writers], ready, results), kwargs=of_each, daemon=True
        )
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    ready.wait(_STARTS_WITHIN_S)
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        meanwhile()
        time.sleep(_LOOK_EVERY_S)
    commits = [commit for _ in processes for commit in results.get(timeout=_ENDS_WITHIN_S)]
    for process in processes:
        process.join()
    return Written(began=began, commits=commits)


def write(racks: Sequence[Rack], ready: Any, results: Any, *, rate: float | None, seconds: float) -> None:
    """Be a writer: record each receiver in its turn, and hand over what was committed."""
    turns: dict[int, int] = defaultdict(int)
    commits: list[Committed] = []
    changes = 0
    ready.wait(_STARTS_WITHIN_S)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if rate and changes > rate * passed:
            time.sleep(changes / rate - passed)
        rack = racks[len(commits) % len(racks)]
        receiver_id = rack.started.receiver_id
        assert rack.record(turns[receiver_id])
        turns[receiver_id] += 1
        changes += len(rack.device_ids)
        commits.append(Committed(receiver_id=receiver_id, number=turns[receiver_id], at=time.monotonic()))
    results.put(commits)
