import asyncio
import io
from pathlib import Path

import pytest

from deploy.launcher import Launcher
from deploy.program import CannotStart
from tests.deploy.processes import is_alive, numbers, until_so


def shell(text: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", text)


async def test_a_command_gives_its_output_and_the_console_says_its_errors(
    launcher: Launcher, said: io.StringIO
) -> None:
    output = await launcher.run("prepare", shell("echo '{}'; echo a step >&2; printf 'and another' >&2"))

    assert output == b"{}\n"
    assert said.getvalue() == "prepare  | a step\nprepare  | and another\n"


async def test_a_command_that_fails_is_told(launcher: Launcher) -> None:
    with pytest.raises(CannotStart, match=r"^prepare ended with 5; its lines above say why\.$"):
        await launcher.run("prepare", shell("exit 5"))


async def test_a_command_that_is_no_longer_awaited_is_ended(launcher: Launcher, place: Path) -> None:
    running = asyncio.create_task(launcher.run("prepare", shell("echo $$ >id; exec sleep 60")))
    await until_so(lambda: numbers(place / "id"))

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert not any(map(is_alive, numbers(place / "id")))


async def test_a_line_without_end_does_not_fill_the_memory(launcher: Launcher, said: io.StringIO) -> None:
    await launcher.run("prepare", shell("head -c 300000 /dev/zero | tr '\\0' x >&2"))

    longest = max(map(len, said.getvalue().splitlines()))
    assert longest < 150_000
    assert said.getvalue().count("x") == 300_000


async def test_what_is_no_text_is_shown_as_far_as_it_goes(launcher: Launcher, said: io.StringIO) -> None:
    await launcher.run("prepare", shell(r"printf 'a\377b\r\n' >&2"))

    assert said.getvalue() == "prepare  | a\ufffdb\n"
