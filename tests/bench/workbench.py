"""What the benchmarks share: services of their own, programs beside them, CPU time, and figures."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
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
_LISTENS_WITHIN_S = 60
_LOOK_EVERY_S = 0.05


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
    """A program that runs beside the benchmark. `said` are its last lines, `sign` is what it was awaited by."""

    pid: int
    said: deque[str]
    sign: str = ""

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)


@contextmanager
def running(*argv: str, sign: str, variables: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run a program, and enter when a line of its output has this sign. It ends with the block."""
    with _started(argv, variables or {}) as (process, said):
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := re.search(sign, line):
                break
        else:
            raise RuntimeError(f"{argv} ended:\n{''.join(said)}")
        Thread(target=_read_on, args=(process.stdout, said), daemon=True).start()
        yield Process(pid=process.pid, said=said, sign=found[0])


@contextmanager
def serving(*argv: str, port: int, variables: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run a server that says nothing, and enter when somebody can connect to it. It ends with the block."""
    with _started(argv, variables or {}) as (process, said):
        Thread(target=_read_on, args=(process.stdout, said), daemon=True).start()
        deadline = time.monotonic() + _LISTENS_WITHIN_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{argv} did not come to listen on {port}:\n{''.join(said)}")
            time.sleep(_LOOK_EVERY_S)
        yield Process(pid=process.pid, said=said)


@contextmanager
def _started(
    argv: Sequence[str], variables: Mapping[str, str]
) -> Iterator[tuple["subprocess.Popen[str]", deque[str]]]:
    process = subprocess.Popen(
        tied(tuple(argv)),
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, deque(maxlen=50)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _read_on(stream: IO[str], said: deque[str]) -> None:
    with stream:
        said.extend(stream)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process with all of its threads, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS_A_SECOND


def memory_kb(pid: int, what: str = "VmRSS") -> int:
    """Return how much memory a process has in use, with "VmHWM" how much it had at most."""
    told = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1])


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
