import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from pollers.simulator import Simulator


class Line:
    """A connection to a receiver, read frame by frame."""

    def __init__(self, address: str) -> None:
        self._socket = socket.create_connection((address, 2202), timeout=10)
        self._waiting = ""

    def send(self, commands: str) -> None:
        self._socket.sendall(commands.encode())

    def bytes(self, within_s: float) -> bytes:
        """Return what comes next, b"" when the receiver hung up or said nothing in that time."""
        self._socket.settimeout(within_s)
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            return b""
        finally:
            self._socket.settimeout(10)

    def segments(self) -> int:
        """Return in how many segments of TCP the receiver has spoken so far, as the machine counts them."""
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
        (count,) = struct.unpack_from("I", info, 152)
        return int(count)

    def frames(self, count: int) -> list[str]:
        while self._waiting.count(" >") < count:
            data = self._socket.recv(65536)
            assert data, "the receiver hung up"
            self._waiting += data.decode()
        *frames, self._waiting = self._waiting.split(" >", count)
        return [f"{frame} >" for frame in frames]

    def ask(self, commands: str, frames: int = 1) -> list[str]:
        self.send(commands)
        return self.frames(frames)

    def hung_up(self) -> bool:
        try:
            return self._socket.recv(65536) == b""
        except ConnectionResetError:
            return True

    def hang_up(self) -> None:
        """Close, and wait until the receiver has closed too."""
        self._socket.shutdown(socket.SHUT_WR)
        while self._socket.recv(65536):
            pass
        self._socket.close()

    def close(self) -> None:
        self._socket.close()


class Client:
    """A client of the System API that holds the key and trusts the certificate."""

    def __init__(self, sim: Simulator) -> None:
        self._base = f"{sim.url}/api/v1"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(sim.certificate)
        self._session.headers["x-api-key"] = sim.api_key

    def ask(
        self, method: str, path: str, *, json: object = None, headers: dict[str, str | None] | None = None
    ) -> requests.Response:
        return self._session.request(method, self._base + path, json=json, headers=headers, timeout=10)

    def get(self, path: str, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, headers={**named})

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(models=("ULXD4Q", "AD4D"), seed=7, paused=True) as simulator:
        yield simulator


@pytest.fixture
def ulxd(sim: Simulator) -> str:
    return sim.source_ids[0]


@pytest.fixture
def axient(sim: Simulator) -> str:
    return sim.source_ids[1]


@pytest.fixture
def dial(sim: Simulator) -> Iterator[Callable[[str], Line]]:
    with ExitStack() as lines:

        def dialled(source_id: str) -> Line:
            line = Line(sim.truth(source_id).receivers[0].address)
            lines.callback(line.close)
            return line

        yield dialled


@pytest.fixture
def client(sim: Simulator) -> Iterator[Client]:
    client = Client(sim)
    yield client
    client.close()


Direct = Callable[..., requests.Response]


@pytest.fixture
def direct(sim: Simulator) -> Iterator[Direct]:
    """Direct the simulator over its control endpoint."""
    with requests.Session() as session:
        session.trust_env = False

        def directed(method: str, path: str, json: object = None) -> requests.Response:
            return session.request(method, sim.control_url + path, json=json, timeout=10)

        yield directed


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "simulator"
