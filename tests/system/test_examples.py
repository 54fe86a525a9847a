"""Every example does what it says, on the real server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.system.examples import MODULES, board, copied, environment, token_file, until_told
from tests.system.show import Show, until
from tests.system.stack import ROOT

INTERVAL_S = 2
CHANNELS = 6

_MOUNT = """
import { createRoot } from "react-dom/client";
import { Board } from "./Board.jsx";

createRoot(document.querySelector("main")).render(<Board url="/ws/devices/" />);
"""


@pytest.fixture
def often(show: Show) -> Show:
    show.poll_every(INTERVAL_S)
    until_told(show, CHANNELS)
    return show


def node() -> str:
    path = shutil.which("node")
    assert path
    return path


class Running:
    """A program that prints lines, and is told some."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def line(self, *words: str) -> str:
        """Return the next line that holds these words."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if all(word in line for word in words):
                return line
        raise AssertionError(f"it ended without a line of {words}")

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@contextmanager
def running(*command: object, folder: Path) -> Iterator[Running]:
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.terminate()


def test_node_prints_what_changes(often: Show, tmp_path: Path) -> None:
    folder = copied("node", tmp_path)
    source_id = often.simulator.source_ids[0]
    device_id = often.device_id(source_id, 2)
    token = token_file(often.stack, tmp_path)

    with running(node(), "feed.mjs", f"{often.stack.feed}/ws/devices/", token, folder=folder) as feed:
        assert feed.line("snapshot") == f'snapshot\t-\t{{"channels":{CHANNELS}}}\n'
        often.simulator.set(source_id, 2, frequency_khz=604_125)
        changed = feed.line("change", device_id, "frequency_khz")

    often.simulator.release(source_id, 2)
    assert json.loads(changed.split("\t")[2])["frequency_khz"] == 604_125


def test_node_says_why_it_stops(often: Show, tmp_path: Path) -> None:
    folder = copied("node", tmp_path)
    token = tmp_path / "token"
    token.write_text("mic_guess")

    ran = subprocess.run(
        [node(), "feed.mjs", f"{often.stack.feed}/ws/devices/", str(token)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr.endswith("stopped: Sign in, or send Authorization: Bearer TOKEN\n")


def test_the_client_has_the_server_s_board_after_a_lost_connection(often: Show) -> None:
    """Whether the server tells what was missed, or everything."""
    source_id = often.simulator.source_ids[0]
    device_id = often.device_id(source_id, 4)
    url = f"{often.stack.feed}/ws/devices/"

    with running(node(), "resume.mjs", url, often.stack.token, folder=ROOT / "tests" / "js") as client:
        client.line("live")
        client.tell("cut")
        client.line("reconnecting")
        often.simulator.set(source_id, 4, frequency_khz=605_250)
        until(
            lambda: board(often)["rows"][device_id]["frequency_khz"] == 605_250,
            within_s=20,
            what="the server knows of it",
        )
        client.tell("back")
        client.line("live")

        def has_the_server_s() -> bool:
            client.tell("board")
            return told(json.loads(client.line("seq"))) == told(board(often))

        until(has_the_server_s, within_s=20, what="both boards are the same")

    often.simulator.release(source_id, 4)


def told(board: dict[str, Any]) -> object:
    """Return what windows tell of a board; when a receiver was seen goes another way."""
    rows = {id_: {**row, "seen_at": None} for id_, row in board["rows"].items()}
    return board["seq"], board["epoch"], rows, board["alerts"]


def test_react_shows_the_board(often: Show, page: Page, tmp_path: Path) -> None:
    folder = copied("react", tmp_path)
    (folder / "mount.jsx").write_text(_MOUNT)
    bundled = subprocess.run(
        [str(MODULES / ".bin" / "esbuild"), "mount.jsx", "--bundle", "--jsx=automatic", "--format=esm"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    files = {
        "page": ("text/html", "<!doctype html><main></main><script type=module src=/page.js></script>"),
        "page.js": ("text/javascript", bundled),
    }

    def answer(route: Route) -> None:
        kind, body = files[route.request.url.rpartition("/")[2]]
        route.fulfill(content_type=kind, body=body)

    for name in files:
        page.route(f"{often.stack.url}/{name}", answer)
    source_id = often.simulator.source_ids[0]
    channel = page.locator(f"#{often.device_id(source_id, 1)}")

    page.goto("/page")
    expect(page.locator("li")).to_have_count(CHANNELS)
    expect(page.get_by_role("status")).to_have_count(0)
    often.simulator.set(source_id, 1, battery_minutes=123)

    expect(channel).to_contain_text("123 min", timeout=20_000)
    often.simulator.release(source_id, 1)


def test_frames_can_be_looked_at_from_a_shell(often: Show, tmp_path: Path) -> None:
    folder = copied("websocat", tmp_path)
    token = token_file(often.stack, tmp_path)

    with running("./feed.sh", often.stack.feed, token, folder=folder) as shell:
        first = shell.line("initial_data")
        shell.line("heartbeat")

    assert len(json.loads(first[first.index("{") :])["devices"]) == CHANNELS
