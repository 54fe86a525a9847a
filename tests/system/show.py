"""A running Micboard that watches the simulator: the show of the system tests."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect

from pollers.simulator import Simulator
from tests.contract import read
from tests.system.stack import Stack

_REGISTER = """
from core.models import Server
from pollers.inventory import take
server = Server.objects.create(name="main", url={url!r}, key_reference="file:" + {key_file!r}, pins=[{pin!r}])
taken = take(server)
print(taken.new)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """The stack and what it watches. The simulator stands still, so that only a test moves anything."""

    stack: Stack
    simulator: Simulator

    def poll_every(self, seconds: float) -> None:
        """Give every receiver an interval of its own."""
        self.stack.sql("UPDATE core_receiver SET interval_s = %s", seconds)
        self.stack.sql("UPDATE core_claim SET wanted = true")

    def device_id(self, source_id: str, channel: int) -> str:
        ((code,),) = self.stack.sql("SELECT code FROM core_receiver WHERE source_id = %s", source_id)
        return str(code) if channel == 1 else f"{code}-{channel}"


@contextmanager
def register(stack: Stack, simulator: Simulator) -> Iterator[Show]:
    """Have the stack know the simulator's server, and wait until every channel was read."""
    key_file = stack.data / "api-key"
    key_file.write_text(simulator.api_key)
    code = _REGISTER.format(url=simulator.url, key_file=str(key_file), pin=simulator.fingerprint)
    stack.manage("shell", "--verbosity", "0", "--command", code)
    until(
        lambda: stack.sql("SELECT count(*) FROM core_claim WHERE seen_at IS NULL") == [(0,)],
        within_s=40,
        what="every receiver is seen",
    )
    yield Show(stack=stack, simulator=simulator)


def until(true: Callable[[], object], *, within_s: float, what: str) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not so within {within_s} s: {what}"
        time.sleep(0.05)


def tell_of_the_server(show: Show) -> None:
    """Have a `connection_update` go out now."""
    show.stack.sql("UPDATE core_serverhealth SET error_count = error_count + 1")


class Feed:
    """A client of one of the feeds, which keeps what it hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    def next(self, *kinds: str, within_s: float) -> dict[str, Any]:
        """Return the next frame of these kinds."""
        deadline = time.monotonic() + within_s
        while True:
            frame = read(self.socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            self.heard.append(frame)
            if frame["type"] in kinds:
                return frame

    def forget(self) -> None:
        """Forget what was said until now, heard or not."""
        with contextlib.suppress(TimeoutError):
            while True:
                self.socket.recv(timeout=0.1)
        self.heard.clear()

    def change_of(self, device_id: str, within_s: float) -> dict[str, Any]:
        """Return the next changes of one channel."""
        deadline = time.monotonic() + within_s
        while True:
            frame = self.next("batch_update", within_s=deadline - time.monotonic())
            for update in frame["updates"]:
                if update["device_id"] == device_id:
                    changes: dict[str, Any] = update["changes"]
                    return changes


@contextmanager
def listening(stack: Stack, path: str, *, ping_interval: float | None = 20) -> Iterator[Feed]:
    """Listen to a feed. What nobody asks for is kept: a client that stops reading answers no ping either."""
    with connect(
        f"{stack.feed}{path}",
        additional_headers=stack.bearer,
        max_size=None,
        max_queue=None,
        proxy=None,
        ping_interval=ping_interval,
    ) as socket:
        yield Feed(socket)
