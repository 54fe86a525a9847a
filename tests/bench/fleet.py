"""All of Micboard, from beat's tick to the feed, on a fleet that is played: how late polls start, and what it takes.

How late a poll started is by Postgres's clock, from the journal of its claims. Dead receivers, and receivers whose
server is dead, stand beside others that are well: those are measured, first alone and then beside the dead.
"""

import re
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from operator import sub
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from pollers.simulator.house import models_of
from tests.bench import journal
from tests.bench.player import Played, playing
from tests.bench.workbench import children, cpu_s, say, spread
from tests.system.show import listening
from tests.system.stack import Stack, running

FIELD = ("ULXD4Q",) * 94 + ("ULXD4D",) * 85 + ("ULXD4",) * 7 + ("SBC220",) * 23
HEALTHY = 200
SEEN_WITHIN_S = 180
SETTLING_S = 30
SAMPLE_EVERY_S = 5
GRACE_S = 12  # for a poll that was due at the end of a measurement to start, and to be given up

_READY = re.compile(r"^(\w+) +\| ready in .* \(process (\d+)\)", re.MULTILINE)

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    seconds = options.minutes * 60
    with (
        tempfile.TemporaryDirectory(prefix="micboard-bench-") as folder,
        ExitStack() as played,
        running(Path(folder) / "data") as stack,
    ):
        journal.keep(stack)
        if options.dead:
            return _beside_the_dead(stack, played, seconds, options)
        models = FIELD if options.field else models_of(options.devices)
        fleet = played.enter_context(playing(models, scenario="show"))
        watched(stack, "main", fleet)
        time.sleep(SETTLING_S)
        return {"receivers": len(models), **_measured(stack, "main", fleet, seconds)}


def _beside_the_dead(stack: Stack, played: ExitStack, seconds: float, options: Namespace) -> Figures:
    well = played.enter_context(playing(models_of(HEALTHY), scenario="show"))
    watched(stack, "well", well)
    time.sleep(SETTLING_S)
    alone = _measured(stack, "well", well, seconds)

    silent = played.enter_context(playing(models_of(options.silent), scenario="quiet"))
    behind = played.enter_context(playing(models_of(options.behind), scenario="quiet"))
    watched(stack, "silent", silent)
    watched(stack, "behind", behind)
    for source_id in silent.source_ids:
        silent.strike(source_id, "hang")
    behind.strike("server", "hang")
    beside = _measured(stack, "well", well, seconds)
    return {
        "receivers": {"well": HEALTHY, "silent": options.silent, "behind_a_dead_server": options.behind},
        "alone": alone,
        "beside_the_dead": beside,
        "times_alone_p99": round(beside["lateness_s"]["p99"] / alone["lateness_s"]["p99"], 2),
    }


def watched(stack: Stack, name: str, played: Played) -> None:
    """Add the server as a person does, and wait until all of its receivers were read."""
    key_file = stack.data / f"{name}-key"
    key_file.write_text(played.api_key)
    known = ("--key-file", str(key_file), "--fingerprint", played.fingerprint)
    stack.manage("add_server", played.url, "--name", name, *known)
    deadline = time.monotonic() + SEEN_WITHIN_S
    unseen = (
        "SELECT count(*) FROM core_claim c JOIN core_receiver r ON r.id = c.receiver_id "
        "JOIN core_server s ON s.id = r.server_id WHERE s.name = %s AND c.seen_at IS NULL"
    )
    while left := stack.sql(unseen, name)[0][0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{left} receivers of {name} were not read:\n{''.join(stack.said[-50:])}")
        time.sleep(0.5)
    say(f"{name}: all {len(played.source_ids)} receivers were read")


def _measured(stack: Stack, server: str, played: Played, seconds: float) -> Figures:
    say(f"measuring for {seconds:g} s")
    played.direct("POST", "counts/reset")
    pids = {name: int(pid) for name, pid in _READY.findall("".join(stack.said))}
    began, cpu = time.time(), _cpu_s(pids, played)
    memory: dict[str, list[float]] = {name: [] for name in pids}
    with _heard(stack) as frames_at:
        while (left := began + seconds - time.time()) > 0:
            for name, pid in pids.items():
                memory[name].append(_memory_mb(pid))
            time.sleep(min(SAMPLE_EVERY_S, left))
    ended, after = time.time(), _cpu_s(pids, played)
    sessions = played.direct("GET", "counts")["receivers"].values()
    time.sleep(GRACE_S)
    polls = journal.polls(stack, server, began=began, ended=ended)
    return {
        "polls": len(polls.late_s),
        "polls_a_second": round(len(polls.late_s) / (ended - began), 2),
        "lateness_s": spread(polls.late_s),
        "took_s": spread(polls.took_s),
        "lost_slots": polls.lost,
        "most_at_once_on_a_receiver": max(each["most_open"] for each in sessions),
        "frames": len(frames_at),
        "longest_silence_of_the_feed_s": round(max(map(sub, frames_at[1:], frames_at)), 2),
        "cores_in_use": {name: round((after[name] - cpu[name]) / (ended - began), 3) for name in cpu},
        "memory": {name: _growth(samples) for name, samples in memory.items()},
    }


@contextmanager
def _heard(stack: Stack) -> Iterator[list[float]]:
    """Listen to the feed as a wall does, and give when each frame came: at least one a second or two."""
    frames_at: list[float] = []
    with listening(stack, "/ws/devices/?mode=batch") as feed:

        def hear() -> None:
            frames_at.extend(time.monotonic() for _ in feed.socket)

        ear = Thread(target=hear, daemon=True)
        ear.start()
        yield frames_at
    ear.join()


def _cpu_s(pids: dict[str, int], played: Played) -> dict[str, float]:
    used = {name: cpu_s(pid) + _of_children(pid, cpu_s) for name, pid in pids.items()}
    return {**used, "played": cpu_s(played.pid)}


def _memory_mb(pid: int) -> float:
    """Return what a process and its children have to themselves, and their share of what they have together."""
    return _own_memory_mb(pid) + _of_children(pid, _own_memory_mb)


def _own_memory_mb(pid: int) -> float:
    told = re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(told[1]) / 1024 if told else 0.0


def _of_children(pid: int, figure: Callable[[int], float]) -> float:
    total = 0.0
    for child in children(pid):
        with suppress(OSError):  # it ended just now
            total += figure(child)
    return total


def _growth(samples: Sequence[float]) -> dict[str, float]:
    """Return the memory of the last third of a measurement, and by how much it is more than that of the second."""
    third = max(1, len(samples) // 3)
    last, second = median(samples[-third:]), median(samples[-2 * third : -third] or samples)
    return {"mb": round(last, 1), "growth_mb": round(last - second, 1)}
