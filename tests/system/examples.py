"""The examples, copied as an integrator copies them."""

import os
import shutil
from pathlib import Path
from typing import Any

from tests.system.show import Show, listening, until
from tests.system.stack import ROOT, Stack

EXAMPLES = ROOT / "deploy" / "examples"
MODULES = ROOT / "tests" / "js" / "node_modules"
CLIENT = ROOT / "dashboard" / "static" / "micboard" / "js"


def copied(name: str, to: Path) -> Path:
    """Return the folder of an example, with the client and npm's packages beside it."""
    folder = to / name
    shutil.copytree(EXAMPLES / name, folder)
    shutil.copytree(CLIENT, folder / "micboard")
    (folder / "node_modules").symlink_to(MODULES)
    return folder


def token_file(stack: Stack, folder: Path) -> Path:
    """Return a file that holds a token alone."""
    file = folder / "token"
    file.write_text(f"{stack.token}\n")
    file.chmod(0o600)
    return file


def environment() -> dict[str, str]:
    """Return an environment in which the programs that npm installed are on the path."""
    return {**os.environ, "PATH": os.pathsep.join([os.environ["PATH"], str(MODULES / ".bin")])}


def board(show: Show) -> dict[str, Any]:
    """Return the board as a new client of the server's sees it, its rows by their ids."""
    with listening(show.stack, "/ws/devices/?mode=batch") as feed:
        snapshot = feed.next("initial_data", within_s=5)
    return snapshot | {"rows": {row["device_id"]: row for row in snapshot["devices"]}}


def until_told(show: Show, channels: int) -> None:
    """Wait until the feed tells of that many channels: what was read just now may be in the next window only."""
    until(lambda: len(board(show)["rows"]) == channels, within_s=10, what=f"{channels} channels are told")
