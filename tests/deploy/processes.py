"""What there is to know of processes."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from deploy.program import Program


class Start(Protocol):
    def __call__(self, *programs: Program) -> Awaitable[None]: ...


def until(true: Callable[[], object], *, within_s: float = 20) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        time.sleep(0.02)


async def until_so(true: Callable[[], object], *, within_s: float = 20) -> None:
    """As `until`, while the event loop goes on."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is awaited happens in other processes
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended, and whose parent has not asked how, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working folder this is: a postmaster and all of its backends."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder and is_alive(int(process.name)):
                found.append(int(process.name))
    return sorted(found)


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def owners(folder: Path) -> set[int]:
    """Return who owns the processes that work in this folder."""
    found = set()
    for pid in working_in(folder):
        with suppress(FileNotFoundError):  # one that has ended since
            found.add(Path(f"/proc/{pid}").stat().st_uid)
    return found


def numbers(file: Path) -> list[int]:
    """Return the numbers in a file that processes append to, none while it is not there."""
    return [int(word) for word in file.read_text().split()] if file.exists() else []
