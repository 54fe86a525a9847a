"""The Python client that integrators copy: against the law, against servers that misbehave, and the real one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidURI

from deploy.examples.python import micboard_feed
from deploy.examples.python.micboard_feed import Board, Change, Stopped, feed
from tests.system.examples import until_told
from tests.system.show import Show
from tests.system.stack import ROOT
from tests.vectors import law

LAW: dict[str, Any] = json.loads(law.PATH.read_text())
SNAPSHOT: dict[str, Any] = LAW["cases"][0]["old"]
CLIENT = ROOT / "deploy" / "examples" / "python" / "micboard_feed.py"
TOKEN = "mic_1"

Play = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry within milliseconds, and find a server silent after half a second."""
    monkeypatch.setattr(micboard_feed, "DELAYS_S", (0.01, 0.02, 0.03, 0.5))
    monkeypatch.setattr(micboard_feed, "SILENCE_S", 0.5)


@asynccontextmanager
async def played(*acts: Play) -> AsyncIterator[str]:
    """Serve each connection with the next act, and those after the last with silence. Gives the address."""
    left = list(acts)

    async def play(socket: ServerConnection) -> None:
        if left:
            await left.pop(0)(socket)
        await socket.wait_closed()

    async with serve(play, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{_port(server)}/ws/devices/"


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def says(*frames: dict[str, Any], code: int | None = None, asked: list[str] | None = None) -> Play:
    """Say these frames, then close with this code. `asked` collects the connections' addresses."""

    async def act(socket: ServerConnection) -> None:
        assert socket.request is not None
        if asked is not None:
            asked.append(socket.request.path)
        for frame in frames:
            await socket.send(json.dumps(frame))
        if code is not None:
            await socket.close(code)

    return act


def window(seq: int, **more: Any) -> dict[str, Any]:
    quiet: dict[str, Any] = {"updates": [], "added": [], "removed": [], "alerts": []}
    head = {"type": "batch_update", "seq": seq, "prev": seq - 1, "epoch": SNAPSHOT["epoch"]}
    return {**head, **quiet, **more}


def level(seq: int, value: int) -> dict[str, Any]:
    update = {"device_id": "SHURE001", "rev": seq, "changes": {"battery_level": value}}
    return window(seq, updates=[update])


async def changes(url: str, count: int) -> list[Change]:
    found = []
    async with asyncio.timeout(20), aclosing(feed(url, TOKEN)) as told:
        async for change in told:
            found.append(change)
            if len(found) == count:
                break
    return found


def board_of(snapshot: dict[str, Any]) -> Board:
    board = Board()
    board.apply(deepcopy(snapshot))
    return board


@pytest.mark.parametrize("case", LAW["cases"], ids=lambda case: case["name"])
def test_an_old_board_and_its_windows_make_the_new_one(case: dict[str, Any]) -> None:
    board = board_of(case["old"])

    for each in deepcopy(case["windows"]):
        assert board.apply(each) is not None

    new = board_of(case["new"])
    assert (board.epoch, board.seq, board.intervals) == (new.epoch, new.seq, new.intervals)
    assert (board.rows, board.alerts) == (new.rows, new.alerts)


async def test_it_asks_for_what_it_missed() -> None:
    asked: list[str] = []
    resumed = {"type": "resumed", "seq": 420, "epoch": SNAPSHOT["epoch"], "replayed": 1, "seen": []}
    async with played(
        says(SNAPSHOT, level(419, 84), code=1012, asked=asked), says(resumed, level(420, 83), asked=asked)
    ) as url:
        told = await changes(url, 5)

    assert [change.kind for change in told] == ["snapshot", "update", "lost", "resumed", "update"]
    assert told[-1].fields == {"battery_level": 83}
    assert told[-1].board.rows["SHURE001"]["battery_level"] == 83
    assert asked == [
        "/ws/devices/?mode=batch",
        f"/ws/devices/?mode=batch&since=419&epoch={SNAPSHOT['epoch']}",
    ]


async def test_a_server_that_knows_nothing_of_resuming_tells_everything() -> None:
    anew = {**SNAPSHOT, "epoch": "other", "seq": 7, "devices": SNAPSHOT["devices"][1:]}
    async with played(says(SNAPSHOT, code=1001), says(anew)) as url:
        told = await changes(url, 3)

    assert [change.kind for change in told] == ["snapshot", "lost", "snapshot"]
    assert list(told[-1].board.rows) == ["SHURE002"]


async def test_a_hole_is_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micboard_feed, "DELAYS_S", (3600,))
    asked: list[str] = []
    async with played(says(SNAPSHOT, level(421, 80)), says(SNAPSHOT, asked=asked)) as url:
        told = await changes(url, 3)

    assert [change.kind for change in told] == ["snapshot", "lost", "snapshot"]
    assert told[1].why == "a window was missed after 418"
    assert asked == [f"/ws/devices/?mode=batch&since=418&epoch={SNAPSHOT['epoch']}"]


async def test_a_server_that_says_nothing_is_left() -> None:
    async with played(says(SNAPSHOT), says(SNAPSHOT)) as url:
        told = await changes(url, 3)

    assert [change.kind for change in told] == ["snapshot", "lost", "snapshot"]
    assert told[1].why == "the server said nothing for 0.5 s"


async def test_a_server_that_is_away_is_tried_again_and_again() -> None:
    async with played() as url:
        pass

    told = await changes(url, 6)

    assert {change.kind for change in told} == {"lost"}


@pytest.mark.parametrize("code", [4400, 4401, 4403])
async def test_it_stops_where_trying_again_is_of_no_use(code: int) -> None:
    error = {"type": "error", "code": "not_signed_in", "message": "Sign in."}
    async with played(says(error, code=code)) as url:
        with pytest.raises(Stopped) as stopped:
            await changes(url, 1)

    assert (stopped.value.code, stopped.value.reason) == (code, "Sign in.")


@pytest.mark.parametrize("code", [1013, 4429])
async def test_a_server_that_has_too_much_to_do_is_given_time(code: int) -> None:
    loop = asyncio.get_running_loop()
    async with played(says(code=code), says(SNAPSHOT)) as url:
        began = loop.time()
        told = await changes(url, 2)

    assert [change.kind for change in told] == ["lost", "snapshot"]
    assert loop.time() - began > 0.5 * 0.8


async def test_what_is_no_address_is_said_at_once() -> None:
    with pytest.raises(InvalidURI):
        await changes("http://micboard.example", 1)


def test_it_says_which_alerts_channels_and_receivers_there_is_news_of() -> None:
    board = board_of(SNAPSHOT)
    row = {**SNAPSHOT["devices"][0], "device_id": "SHURE009"}
    alert = {"id": 1, "state": "open", "target": {"device_id": "SHURE009"}}

    told = board.apply(
        window(419, added=[row], removed=["SHURE002"], alerts=[alert], seen=[["SHURE001", "2026-11-22"]])
    )

    assert told == [
        Change(kind="removed", board=board, device_id="SHURE002"),
        Change(kind="added", board=board, device_id="SHURE009", fields=row),
        Change(kind="alert", board=board, device_id="SHURE009", fields=alert),
        Change(kind="seen", board=board, fields={"SHURE001": "2026-11-22"}),
    ]


def test_as_a_command_it_prints_what_changes_on_the_real_server(show: Show, tmp_path: Path) -> None:
    source_id = show.simulator.source_ids[0]
    device_id = show.device_id(source_id, 1)
    show.poll_every(2)
    until_told(show, 6)
    token = tmp_path / "token"
    token.write_text(f"{show.stack.token}\n")

    with subprocess.Popen(
        [sys.executable, str(CLIENT), f"{show.stack.feed}/ws/devices/", "--token-file", str(token)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        first = client.stdout.readline()
        show.simulator.set(source_id, 1, frequency_khz=603_250)
        found = next(
            line for line in client.stdout if f"update\t{device_id}\t" in line and "frequency_khz" in line
        )
        client.terminate()

    show.simulator.release(source_id, 1)
    assert first.startswith("snapshot\t-\t")
    assert json.loads(first.split("\t")[2])["channels"] == 6
    assert json.loads(found.split("\t")[2])["frequency_khz"] == 603_250


def test_as_a_command_it_says_why_it_stops(show: Show, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("mic_guess")

    ran = subprocess.run(
        [sys.executable, str(CLIENT), f"{show.stack.feed}/ws/devices/", "--token-file", str(token)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr == "Stopped: Sign in, or send Authorization: Bearer TOKEN (4401)\n"
