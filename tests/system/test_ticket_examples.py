"""The examples that ask for tickets, or for the board over REST, on the real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.browser import chromium
from tests.system.examples import EXAMPLES, board, token_file, until_told
from tests.system.show import Show

CHANNELS = 6


@pytest.fixture
def often(show: Show) -> Show:
    show.poll_every(2)
    until_told(show, CHANNELS)
    return show


@pytest.fixture
def kiosk(often: Show, tmp_path: Path) -> Iterator[str]:
    """The kiosk's own server, and its address."""
    token = token_file(often.stack, tmp_path)
    command = [sys.executable, "serve.py", often.stack.url, "--token-file", str(token), "--port", "0"]
    with subprocess.Popen(command, cwd=EXAMPLES / "kiosk", stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def elsewhere() -> Iterator[Page]:
    """A browser that has signed in nowhere."""
    with chromium() as browser:
        yield browser.new_page()


def ran(*command: object) -> Any:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_curl_gets_the_board(often: Show, tmp_path: Path) -> None:
    token = token_file(often.stack, tmp_path)

    answer = ran(EXAMPLES / "curl" / "board.sh", often.stack.url, token)

    assert {row["device_id"] for row in answer["devices"]} == set(board(often)["rows"])


@pytest.mark.parametrize("scope", [None, "device:SHURE001"])
def test_curl_gets_a_ticket_that_opens_one_socket(often: Show, tmp_path: Path, scope: str | None) -> None:
    token = token_file(often.stack, tmp_path)

    answer = ran(EXAMPLES / "curl" / "ticket.sh", often.stack.url, token, *([scope] if scope else []))

    first = []
    for _ in range(2):
        address = f"{often.stack.feed}/ws/devices/?mode=batch&ticket={answer['ticket']}"
        with connect(address, max_size=None, proxy=None) as socket:
            first.append(json.loads(socket.recv(timeout=5)))
    assert [frame["type"] for frame in first] == ["initial_data", "error"]


def test_a_page_of_another_origin_follows_the_board(often: Show, kiosk: str, elsewhere: Page) -> None:
    source_id = often.simulator.source_ids[0]
    channel = elsewhere.locator(f"#{often.device_id(source_id, 3)}")

    elsewhere.goto(kiosk)
    expect(elsewhere.locator("li")).to_have_count(CHANNELS)
    expect(elsewhere.get_by_role("status")).to_be_hidden()
    often.simulator.set(source_id, 3, battery_minutes=77)

    expect(channel).to_contain_text("77 min", timeout=20_000)
    often.simulator.release(source_id, 3)
