"""A client by hand, for what no library does: to say a lot and never listen, or to listen slowly."""

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

_UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
)
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
WITHIN_S = 10


class RawClient:
    """A connection to a feed, one byte after another. It answers no ping unless it is asked to read."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._read = b""

    def say(self, text: bytes) -> None:
        """Send a text message. Raises `OSError` where the server has closed the connection."""
        self._socket.sendall(masked(0x81, text))

    def send(self, data: bytes) -> int:
        return self._socket.send(data)

    def frames(self, *, at_most_per_s: float | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield what comes as (opcode, payload), and answer pings, until the server closes or resets."""
        while True:
            try:
                first, length = self._take(2)
                if length == 126:
                    length = int.from_bytes(self._take(2), "big")
                elif length == 127:
                    length = int.from_bytes(self._take(8), "big")
                payload = self._take(length, at_most_per_s)
                if first == 0x89:
                    self._socket.sendall(masked(0x8A, payload))
            except (EOFError, ConnectionError):
                return
            yield first & 0x0F, payload

    def _take(self, number: int, at_most_per_s: float | None = None) -> bytes:
        while len(self._read) < number:
            piece = self._socket.recv(2**16)
            if not piece:
                raise EOFError
            if at_most_per_s is not None:
                time.sleep(len(piece) / at_most_per_s)
            self._read += piece
        taken, self._read = self._read[:number], self._read[number:]
        return taken


def masked(first: int, payload: bytes) -> bytes:
    """Return a frame as clients send it, up to 125 bytes."""
    mask = secrets.token_bytes(4)
    body = bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
    return bytes((first, 0x80 | len(payload))) + mask + body


@contextlib.contextmanager
def raw_client(address: str, path: str, token: str, *, receive_buffer: int = 2**16) -> Iterator[RawClient]:
    """Connect and upgrade. The receive buffer says how much the network takes without anybody reading."""
    with _asking(address, path, token, receive_buffer) as sock:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = sock.recv(1)
            assert piece, f"the server closed after {head!r}"
            head += piece
        assert b" 101 " in head.split(b"\r\n")[0], head
        yield RawClient(sock)


def ask_and_go(address: str, path: str, token: str) -> None:
    """Ask to be let in, and hang up before there is an answer."""
    with _asking(address, path, token, 2**16):
        pass


@contextlib.contextmanager
def _asking(address: str, path: str, token: str, receive_buffer: int) -> Iterator[socket.socket]:
    host = urlsplit(address).netloc
    name, _, port = host.partition(":")
    with socket.socket() as sock:
        sock.settimeout(WITHIN_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect((name, int(port)))
        sock.sendall(_UPGRADE.format(path=path, host=host, key=_KEY, token=token).encode())
        yield sock
