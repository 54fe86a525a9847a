import asyncio
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.launcher import Launcher
from deploy.program import CannotStart, Program
from deploy.supervisor import Supervisor, pause_s
from tests.deploy.processes import Start, is_alive, kill, numbers, until_so

READY = re.compile("^ready$")
STAYS = "echo $$ >>{name}; echo ready; exec sleep 60"


def script(name: str, text: str = STAYS) -> Program:
    """Return a shell script that is ready when it says so; each of its starts leaves a process id in a file."""
    return Program(
        name=name,
        command=("/bin/sh", "-c", text.format(name=name)),
        ready=READY,
        stop_within_s=1,
        ready_within_s=20,
    )


async def test_all_of_a_stage_are_started_at_once_and_awaited(start: Start, place: Path) -> None:
    # Each is ready only when the other has started.
    meets = "echo $$ >>{name}; until [ -e %s ]; do sleep 0.02; done; echo ready; exec sleep 60"

    await start(script("this", meets % "that"), script("that", meets % "this"))

    assert all(is_alive(pid) for name in ("this", "that") for pid in numbers(place / name))


async def test_a_probe_tells_as_well_as_a_line(start: Start, place: Path) -> None:
    silent = Program(
        name="silent",
        command=("/bin/sh", "-c", "sleep 0.2; touch here; exec sleep 60"),
        ready=(place / "here").exists,
    )

    await start(silent)

    assert (place / "here").exists()


async def test_what_is_killed_is_started_again(start: Start, place: Path, said: io.StringIO) -> None:
    await start(script("worker"))
    (first,) = numbers(place / "worker")

    kill(first)

    await until_so(lambda: said.getvalue().count("ready in") == 2)
    _, second = numbers(place / "worker")
    assert is_alive(second)
    assert "was ended by SIGKILL; it starts again in 1 s" in said.getvalue()


async def test_what_ends_by_itself_is_started_again(start: Start, place: Path, said: io.StringIO) -> None:
    await start(script("worker", "echo $$ >>{name}; echo ready; sleep 0.1; exit 3"))

    await until_so(lambda: len(numbers(place / "worker")) == 2)
    assert "ended with 3; it starts again in 1 s" in said.getvalue()


async def test_what_cannot_be_started_for_a_while_is_tried_again(
    supervisor: Supervisor, launcher: Launcher, place: Path, said: io.StringIO
) -> None:
    folder, elsewhere = place / "folder", place / "elsewhere"
    folder.mkdir()
    await supervisor.start(replace(launcher, folder=folder), script("worker"))
    folder.rename(elsewhere)
    kill(*numbers(elsewhere / "worker"))
    await until_so(lambda: "worker cannot be run: No such file or directory" in said.getvalue())

    elsewhere.rename(folder)

    await until_so(lambda: said.getvalue().count("ready in") == 2)


async def test_a_restart_leaves_nothing_of_what_was_before(start: Start, place: Path) -> None:
    await start(script("worker", "sleep 60 & echo $$ $! >>{name}; echo ready; wait"))
    parent, child = numbers(place / "worker")

    kill(parent)

    await until_so(lambda: not is_alive(child))


@given(st.lists(st.floats(0, 1e6)))
def test_every_pause_is_bounded(lives_s: list[float]) -> None:
    pause = 0.0
    for lived_s in lives_s:
        pause = pause_s(pause, lived_s)

        assert 1 <= pause <= 30


def test_pauses_grow_until_it_runs_well() -> None:
    pauses = [0.0]
    for _ in range(7):
        pauses.append(pause_s(pauses[-1], lived_s=0.1))

    assert pauses[1:] == [1, 2, 4, 8, 16, 30, 30]
    assert pause_s(30, lived_s=31) == 1


async def test_what_never_becomes_ready_is_told_with_how_it_ended(start: Start, said: io.StringIO) -> None:
    with pytest.raises(CannotStart, match=r"^web ended with 4; its lines above say why\.$"):
        await start(script("worker"), script("web", "echo the reason; exit 4"))

    assert said.getvalue().count("the reason\n") == 3


async def test_what_takes_too_long_is_told(start: Start) -> None:
    slow = Program(name="web", command=("/bin/sleep", "60"), ready=lambda: False, ready_within_s=0.2)

    with pytest.raises(CannotStart, match=r"^web was not ready within 0\.2 s\.$"):
        await start(slow)


async def test_a_program_that_is_not_there_is_told(start: Start, launcher: Launcher, place: Path) -> None:
    del start
    elsewhere = Launcher(console=launcher.console, folder=place / "nowhere", environment={})

    with pytest.raises(CannotStart, match=r"^web cannot be run: No such file or directory"):
        await Supervisor().start(elsewhere, script("web"))


async def test_the_last_that_was_started_is_stopped_first(
    supervisor: Supervisor, start: Start, said: io.StringIO
) -> None:
    told = "trap 'echo {name} is told; exit' TERM; echo ready; while :; do sleep 0.02; done"
    await start(script("database", told))
    await start(script("web", told))

    await supervisor.stop()

    lines = [line.rpartition("| ")[2] for line in said.getvalue().splitlines() if "is told" in line]
    assert lines == ["web is told", "database is told"]


async def test_what_does_not_stop_in_time_is_killed_with_all_that_it_started(
    supervisor: Supervisor, start: Start, place: Path, said: io.StringIO
) -> None:
    await start(
        script("worker", "trap '' TERM; sleep 60 & echo $$ $! >>{name}; echo ready; while :; do wait; done")
    )
    processes = numbers(place / "worker")

    await supervisor.stop()

    await until_so(lambda: not any(map(is_alive, processes)))
    assert "worker   | did not stop within 1 s and is killed" in said.getvalue()


async def test_what_waits_for_its_next_start_is_not_started_while_all_stops(
    supervisor: Supervisor, start: Start, place: Path, said: io.StringIO
) -> None:
    await start(script("worker"))
    kill(*numbers(place / "worker"))
    await until_so(lambda: "it starts again" in said.getvalue())

    await supervisor.stop()

    assert len(numbers(place / "worker")) == 1


async def test_a_stop_in_the_middle_of_a_start_leaves_nothing(
    supervisor: Supervisor, start: Start, place: Path
) -> None:
    starting = asyncio.ensure_future(start(script("worker", "echo $$ >>{name}; exec sleep 60")))
    await until_so(lambda: numbers(place / "worker"))
    starting.cancel()

    await supervisor.stop()

    assert not any(map(is_alive, numbers(place / "worker")))
