"""A runner of small programs, as `up` is one of large ones, killed in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM

import pytest

from deploy.datafolder import CHECKOUT
from tests.deploy.processes import is_alive, numbers, until

RUNNER = """
import asyncio, os, re, sys
from pathlib import Path
from signal import Signals
from deploy.console import Console
from deploy.launcher import Launcher
from deploy.orphans import guarded
from deploy.program import Program
from deploy.supervisor import Supervisor, stop_when_told

async def run():
    Path("inner").write_text(str(os.getpid()))
    supervisor = Supervisor()
    stop_when_told(supervisor)
    launcher = Launcher(console=Console(sys.stdout, []), folder=Path(), environment=os.environ)
    command = ("/bin/sh", "-c", Path("script").read_text())
    program = Program(
        name="program",
        command=command,
        ready=re.compile("ready"),
        stop_within_s=30,
        orphan_signal=Signals[sys.argv[1]],
    )
    try:
        await supervisor.start(launcher, program)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        pass
    finally:
        await supervisor.stop()

def work():
    asyncio.run(run())
    return 0

sys.exit(guarded(work))
"""
# What the runner runs. Each leaves the ids of its processes in the file `ids`.
SCRIPTS = {
    "plain": "echo $$ >>ids; echo ready; exec sleep 60",
    "with a child": "echo $$ >>ids; sleep 60 & echo $! >>ids; echo ready; wait",
    "with a daemon": "echo $$ >>ids; setsid sleep 60 & echo $! >>ids; echo ready; wait",
    "orderly": "trap 'echo told >>words; exit' TERM; echo $$ >>ids; echo ready; while :; do sleep 0.02; done",
    "stubborn": "trap 'echo told >>words' TERM; echo $$ >>ids; echo ready; while :; do sleep 0.02; done",
    "never ready": "echo $$ >>ids; exec sleep 60",
}

# Whatever is ignored where the tests were started.
HEARING = ("env", "--default-signal=HUP", "--default-signal=INT")


@dataclass(frozen=True, kw_only=True)
class Runner:
    outer: "subprocess.Popen[str]"
    folder: Path

    @property
    def inner_pid(self) -> int:
        (pid,) = numbers(self.folder / "inner")
        return pid

    def words(self) -> str:
        file = self.folder / "words"
        return file.read_text() if file.exists() else ""

    def leaves_nothing(self) -> bool:
        return not any(map(is_alive, [self.inner_pid, *numbers(self.folder / "ids")]))


@contextmanager
def runner(
    folder: Path, script: str, *prefix: str, orphan_signal: signal.Signals = SIGKILL
) -> Iterator[Runner]:
    """Run a script under a guarded supervisor, and enter when all of its processes are there."""
    (folder / "script").write_text(SCRIPTS[script])
    with subprocess.Popen(
        (*HEARING, *prefix, sys.executable, "-c", RUNNER, orphan_signal.name),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as outer:
        try:
            until(lambda: len(numbers(folder / "ids")) == SCRIPTS[script].count(">>ids"))
            yield Runner(outer=outer, folder=folder)
        finally:
            outer.kill()


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("plain", SIGINT),
        ("plain", SIGTERM),
        ("plain", SIGHUP),
        ("with a child", SIGINT),
        ("with a daemon", SIGINT),
        ("never ready", SIGINT),
    ],
)
def test_told_to_stop_it_ends_well_and_leaves_nothing(place: Path, script: str, word: signal.Signals) -> None:
    with runner(place, script) as running:
        running.outer.send_signal(word)

        assert running.outer.wait(20) == 0
        assert running.leaves_nothing()


def test_programs_are_told_before_anything_else(place: Path) -> None:
    with runner(place, "orderly") as running:
        running.outer.send_signal(SIGINT)
        running.outer.wait(20)

        assert running.words() == "told\n"


def test_told_twice_it_leaves_at_once_and_leaves_nothing(place: Path) -> None:
    with runner(place, "stubborn") as running:
        running.outer.send_signal(SIGINT)
        until(running.words)
        running.outer.send_signal(SIGINT)

        assert running.outer.wait(20) == 130
        assert running.leaves_nothing()


@pytest.mark.parametrize("script", ["plain", "with a child", "with a daemon", "stubborn", "never ready"])
def test_killed_inside_it_ends_what_was_left_and_says_so(place: Path, script: str) -> None:
    with runner(place, script) as running:
        os.kill(running.inner_pid, SIGKILL)

        _, errors = running.outer.communicate(timeout=20)
        assert running.outer.returncode == 1
        assert errors == "micboard: the runner was ended by SIGKILL; what it ran is stopped.\n"
        assert running.leaves_nothing()


@pytest.mark.parametrize("script", ["plain", "with a child", "never ready"])
def test_killed_outside_it_leaves_nothing(place: Path, script: str) -> None:
    with runner(place, script) as running:
        running.outer.kill()

        until(running.leaves_nothing)


def test_killed_outside_it_stops_in_order(place: Path) -> None:
    with runner(place, "orderly") as running:
        running.outer.kill()

        until(running.leaves_nothing)
        assert running.words() == "told\n"


@pytest.mark.parametrize("script", ["plain", "stubborn", "never ready"])
def test_killed_as_a_whole_it_leaves_nothing(place: Path, script: str) -> None:
    with runner(place, script) as running:
        os.kill(running.inner_pid, SIGKILL)
        running.outer.kill()

        until(running.leaves_nothing)


def test_killed_as_a_whole_what_keeps_something_is_told(place: Path) -> None:
    with runner(place, "orderly", orphan_signal=SIGTERM) as running:
        os.kill(running.inner_pid, SIGKILL)
        running.outer.kill()

        until(running.leaves_nothing)
        assert running.words() == "told\n"


def test_without_a_terminal_to_lose_it_runs_on(place: Path) -> None:
    with runner(place, "orderly", "nohup") as running:
        running.outer.send_signal(SIGHUP)
        running.outer.send_signal(SIGINT)

        assert running.outer.wait(20) == 0
        assert running.words() == "told\n"
