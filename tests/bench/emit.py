"""Changes that many polls record at once, until a client has them: how many a second, and how long they are on the way.

Beat, the emitter's worker and Daphne are the Procfile's. What is written is what polls write: first as fast as may be,
then at a rate.
"""

import threading
import time
from argparse import Namespace
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from core.models import ChangeRecord, ChannelRecord, Inbox
from deploy.processes import commands
from tests.bench.crowd import BATCH
from tests.bench.house import House
from tests.bench.web import Web, bearer, daphne
from tests.bench.workbench import ROOT, Process, running, say, spread
from tests.bench.writers import Written, written

SETTLES_S = 3.0
DRAINED_WITHIN_S = 30
_BEAT_READY = r"\bmaxinterval ->"
_WORKER_READY = r"@\S+ ready\.$"
_LOOK_EVERY_S = 0.05

Figures = dict[str, Any]
Frames = list[tuple[float, str]]


def run(options: Namespace) -> Figures:
    say(f"making {options.channels} channels")
    house = House(options.channels)
    with ExitStack() as stack:
        web = stack.enter_context(daphne())
        emitter = stack.enter_context(_process("window", _WORKER_READY))
        stack.enter_context(_process("beat", _BEAT_READY))
        bench = Bench(house, web, emitter, options)
        return {
            "channels": options.channels,
            "writers": options.writers,
            "as_fast_as_may_be": bench.measured(rate=None),
            "at_a_rate": {"rate": options.rate, **bench.measured(rate=options.rate)},
        }


@contextmanager
def _process(name: str, sign: str) -> Iterator[Process]:
    with running("/bin/sh", "-c", commands(ROOT / "Procfile")[name], sign=sign) as process:
        yield process


class Bench:
    def __init__(self, house: House, web: Web, emitter: Process, options: Namespace) -> None:
        self._racks = {rack.started.receiver_id: rack for rack in house.racks}
        self._web, self._emitter, self._options = web, emitter, options

    def measured(self, *, rate: float | None) -> Figures:
        """Have changes recorded for a while, and follow each into the history and to the client."""
        say(f"recording {'as fast as may be' if rate is None else f'{rate:g} changes a second'}")
        revs = dict(ChannelRecord.objects.values_list("channel__device_id", "rev"))
        kept = ChangeRecord.objects.count()
        waiting: list[int] = []
        with _heard(self._web) as frames:
            time.sleep(SETTLES_S)
            emitter_s, web_s = self._emitter.cpu_s, self._web.cpu_s
            done = written(
                list(self._racks.values()),
                writers=self._options.writers,
                rate=rate,
                seconds=self._options.seconds,
                meanwhile=lambda: waiting.append(Inbox.objects.count()),
            )
            drained = _drained()
            time.sleep(SETTLES_S)  # for the last frame to come
            emitter_s, web_s = self._emitter.cpu_s - emitter_s, self._web.cpu_s - web_s
        changes = sum(len(self._racks[commit.receiver_id].device_ids) for commit in done.commits)
        late_s = self._late_s(done, revs, frames)
        return {
            "changes": changes,
            "recorded_a_second": round(changes / self._options.seconds),
            "emitted_a_second": round(changes / (drained - done.began)),
            "most_waiting": max(waiting),
            "not_in_the_history": changes - (ChangeRecord.objects.count() - kept),
            "not_at_the_client": changes - len(late_s),
            "latency_s": spread(late_s),
            "frames": len(frames),
            "emitter_cpu_ms_a_change": round(emitter_s / changes * 1000, 4),
            "web_cpu_ms_a_change": round(web_s / changes * 1000, 4),
        }

    def _late_s(self, done: Written, revs: Mapping[str, int], frames: Frames) -> list[float]:
        """Return how long it took from each commit to the frame that told the change, or a later one of its channel."""
        told = _told(frames)
        late_s = []
        for commit in done.commits:
            for device_id in self._racks[commit.receiver_id].device_ids:
                revs_told, ats = told[device_id]
                index = bisect_left(revs_told, revs[device_id] + commit.number)
                if index < len(ats):
                    late_s.append(ats[index] - commit.at)
        return late_s


def _drained() -> float:
    """Return when nothing waits for a window any more."""
    deadline = time.monotonic() + DRAINED_WITHIN_S
    while Inbox.objects.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{Inbox.objects.count()} changes still wait for a window.")
        time.sleep(_LOOK_EVERY_S)
    return time.monotonic()


@contextmanager
def _heard(web: Web) -> Iterator[Frames]:
    """Give all that a client hears, and when it came."""
    frames: Frames = []
    with connect(
        f"ws://127.0.0.1:{web.port}{BATCH}", additional_headers=bearer(), max_size=None, proxy=None
    ) as socket:

        def hear() -> None:
            with suppress(ConnectionClosed):  # by us, in the midst of a frame
                frames.extend((time.monotonic(), str(text)) for text in socket)

        ear = threading.Thread(target=hear, daemon=True)
        ear.start()
        yield frames
    ear.join()


def _told(frames: Frames) -> dict[str, tuple[list[int], list[float]]]:
    """Return for each channel the revs with which it was told, and when."""
    told: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
    for at, text in frames:
        for update in orjson.loads(text).get("updates", ()):
            revs, ats = told[update["device_id"]]
            revs.append(update["rev"])
            ats.append(at)
    return told
