"""What the benchmarks share: services of their own, programs beside them, CPU time, and figures."""

import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from typing import IO

import django
from django.core.management import call_command

from deploy import embedded
from deploy.program import tied

ROOT = Path(__file__).parents[2]
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_STOP_WITHIN_S = 10


@contextmanager
def services() -> Iterator[None]:
    """Run private services, whatever the environment names, and have Django work on an empty database there."""
    with embedded.services() as found:
        os.environ |= {
            "MICBOARD_SECRET_KEY": "benchmarks keep no secrets",
            "MICBOARD_ALLOW_LOOPBACK": "1",
            "MICBOARD_LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "core.settings",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            **found,
        }
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A program that runs beside the benchmark. `said` are its last lines, `sign` the one that it was awaited by."""

    pid: int
    sign: re.Match[str]
    said: deque[str]

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)


@contextmanager
def running(*argv: str, sign: str, variables: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run a program, and enter when a line of its output has this sign. It ends with the block."""
    process = subprocess.Popen(
        tied(argv),
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = process.stdout
    assert output is not None
    try:
        said: deque[str] = deque(maxlen=50)
        for line in output:
            said.append(line)
            if found := re.search(sign, line):
                break
        else:
            raise RuntimeError(f"{argv} ended:\n{''.join(said)}")
        Thread(target=_read_on, args=(output, said), daemon=True).start()
        yield Process(pid=process.pid, sign=found, said=said)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read_on(stream: IO[str], said: deque[str]) -> None:
    with stream:
        said.extend(stream)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process with all of its threads, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_A_SECOND


def children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the greatest of values."""
    return {"p50": round(median(values), 3), "p99": percentile(values, 99), "max": round(max(values), 3)}


def percentile(values: Sequence[float], number: int) -> float:
    return round(quantiles(values, n=100, method="inclusive")[number - 1], 3)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
