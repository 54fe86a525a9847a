"""No process outlives a run, whichever of its processes is killed.

The runner is two processes that watch each other. The outer one, whose id people see, passes signals on
and adopts every process below it that loses its parent; when the inner one is gone, it ends what is
left. The inner one does the work, and stops everything in order when the outer one is gone. Should both
be killed at once, each program still has its own wish to stop with its parent (`Program.argv`).
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_ASK_AFTER_S, _KILL_AFTER_S = 2, 10  # the dead parent has told most of them already


def guarded(work: Callable[[], int]) -> int:
    """Do the work in a process of its own, and return its exit code when nothing of it is left."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    outer = os.getpid()
    inner = os.fork()
    if inner == 0:
        os.setsid()  # the terminal's Ctrl-C reaches the outer one alone, which passes it on
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != outer:
            sys.exit(1)
        sys.exit(work())

    def pass_on(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(inner, number)

    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, pass_on)
    _, status = os.waitpid(inner, 0)
    _end_adopted()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        name = signal.Signals(-code).name
        sys.stderr.write(f"micboard: the runner was ended by {name}; what it ran is stopped.\n")
    return code if code >= 0 else 1


def _end_adopted() -> None:
    began = time.monotonic()
    asked: set[int] = set()
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        waited_s = time.monotonic() - began
        for child in _children():
            if waited_s >= _KILL_AFTER_S:
                os.kill(child, signal.SIGKILL)
            elif waited_s >= _ASK_AFTER_S and child not in asked:
                asked.add(child)
                os.kill(child, signal.SIGTERM)
        time.sleep(0.02)


def _children() -> Iterator[int]:
    """Yield the ids of this process's children; they stay valid until it waits for them."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = status.read_text().rpartition(")")[2].split()[1]  # a name may hold spaces and brackets
            if int(parent) == os.getpid():
                yield int(status.parent.name)


def _prctl(option: int, argument: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
