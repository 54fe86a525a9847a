"""Servers and receivers that do exactly what a test tells them, over real sockets."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, settings

from pollers.shure import certificates
from pollers.shure.deadlines import Deadline
from pollers.shure.endpoints import Endpoint

RECORDINGS = Path(__file__).parent / "recordings"
KEY = "k" * 256
TICK = 0.02  # seconds between two drips


# A law holds on a busy machine too, however long an example takes there.
unhurried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def soon(seconds: float = 8) -> Deadline:
    return Deadline.after(timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate that issued itself, and its key, in one PEM file."""

    file: Path
    pin: str

    @classmethod
    def make(cls, file: Path, *names: str) -> Self:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a played server")])
        now = datetime.now(UTC)  # noqa: TID251 -- a certificate is valid by the machine's clock
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return cls(file, certificates.fingerprint(certificate.public_bytes(serialization.Encoding.DER)))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Peer:
    """One connection, seen from the side that plays. `over` is set when the test is."""

    def __init__(self, connection: socket.socket, over: threading.Event, heard: list[bytes]) -> None:
        self.connection = connection
        self.over = over
        self.heard = heard

    def send(self, data: bytes | str) -> None:
        self.connection.sendall(data.encode() if isinstance(data, str) else data)

    def drip(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.send(piece)
            if self.over.wait(TICK):
                return

    def read_request(self) -> bytes:
        """Return the head of a request, b"" when the client hung up."""
        head = b""
        while b"\r\n\r\n" not in head:
            if not (piece := self.connection.recv(65536)):
                return b""
            head += piece
        self.heard.append(head)
        return head

    def wait(self) -> None:
        """Say nothing more until the test is over."""
        self.over.wait(30)


Play = Callable[[Peer], None]


@dataclass
class Played:
    """Plays one script to each that connects, in a thread of its own. `heard` is what they all said."""

    play: Play
    address: str = "127.0.0.1"
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.address, 0), backlog=128)
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for connection in self._open:
            connection.close()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self.play(Peer(connection, self._over, self.heard))
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


@dataclass
class PlayedServer(Played):
    """A server behind TLS. `names` is what its clients called it."""

    identity: Identity | None = None
    names: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"

    def endpoint(self, **changes: Any) -> Endpoint:
        """Return the server as somebody configured it who knows its certificate."""
        assert self.identity is not None
        configured: dict[str, Any] = {
            "url": self.url,
            "key": KEY,
            "pins": (self.identity.pin,),
            "allow_loopback": True,
        }
        return Endpoint(**configured | changes)

    def _serve(self, connection: socket.socket) -> None:
        assert self.identity is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.identity.file)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        try:
            secured = context.wrap_socket(connection, server_side=True)
        except OSError:
            return
        self._open.append(secured)
        super()._serve(secured)


@contextmanager
def black_hole() -> Iterator[int]:
    """Give a port on 127.0.0.1 where attempts to connect are not answered at all."""
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # more than the backlog holds
            pending = waiting.enter_context(socket.socket())
            pending.setblocking(False)
            pending.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def answering(*answers: bytes) -> Play:
    """Return a play that answers each request with the next answer, and with the last for ever."""

    def play(peer: Peer) -> None:
        waiting = list(answers)
        while peer.read_request():
            peer.send(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    return play


def http(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def header(request: bytes, name: str) -> str | None:
    found = re.search(rb"(?im)^" + name.encode() + rb": (.*?)\r$", request)
    return found[1].decode() if found else None


def recorded(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()
