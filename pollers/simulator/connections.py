"""Where connections come in and bytes go out."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol

READ_LIMIT = 64 * 1024

HOST = "127.0.0.1"

ESTABLISHED = 1  # the state of a TCP connection that neither side has closed, as Linux numbers it
TURNS_TO_ACCEPT = 4  # of the loop, from an accepted socket to its conversation
LOOKS_EVERY_S = 0.05  # how soon a pause ends once the other side has left

Converse = Callable[["Connection"], Awaitable[None]]


class Occupied(Exception):
    """A port or a network is in use; the message says which, and what to choose instead."""


class HangUp(Exception):
    """This side ends the conversation here."""


class Delivery(Protocol):
    """How bytes go out, where it is not at once and as they are."""

    async def deliver(self, connection: "Connection", data: bytes, /) -> None: ...


class Connection:
    """One accepted connection."""

    __slots__ = ("_flush", "_gathered", "_sending", "reader", "writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._sending = asyncio.Lock()
        self._gathered = bytearray()
        self._flush: asyncio.Task[None] | None = None

    @property
    def left(self) -> bool:
        """Whether the other side has closed. The machine knows before anybody has read so far."""
        try:
            accepted: socket.socket | None = self.writer.get_extra_info("socket")
        except AttributeError:  # asyncio's TLS transport, closed for good
            return True
        if accepted is None:  # this side has closed already
            return True
        try:
            info = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        except OSError:
            return True
        return info[0] != ESTABLISHED

    async def send(self, data: bytes, delivery: Delivery | None = None) -> None:
        """Send these bytes; what another task sends meanwhile comes after them, not between."""
        async with self._sending:
            if delivery is None:
                await self.write(data)
            else:
                await delivery.deliver(self, data)

    async def write(self, data: bytes) -> None:
        """Write, after what was gathered, and wait while the other side does not read."""
        self.writer.write(bytes(self._gathered) + data)
        self._gathered.clear()
        await self.writer.drain()

    def gather(self, data: bytes, *, seconds: float) -> None:
        """Keep these bytes, and write all that came in so many seconds at once."""
        self._gathered += data
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._written_after(seconds))

    async def pause(self, seconds: float) -> None:
        """Wait. Raises `HangUp` as soon as the other side has left: nobody waits for it any more."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, LOOKS_EVERY_S))
            if self.left:
                raise HangUp

    def forget(self) -> None:
        """Let go of what was gathered."""
        if self._flush is not None:
            self._flush.cancel()

    async def _written_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # the conversation itself ends for it
            await self.send(b"")


class Listener:
    """One listening socket and the conversations that it started; closing it ends them all."""

    def __init__(self, converse: Converse) -> None:
        self._converse = converse
        self._server: asyncio.Server | None = None
        self._conversations: dict[asyncio.Task[None], Connection] = {}

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("not listening")
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen; OSError when the address is taken or is not this machine's."""
        self._server = await asyncio.start_server(
            self._accepted, host, port, family=socket.AF_INET, ssl=tls, limit=READ_LIMIT, backlog=512
        )

    async def close(self) -> None:
        """Stop listening and cut every conversation short."""
        server, self._server = self._server, None
        if server is not None:
            # Whoever is just being accepted when asyncio's server closes is dropped, and the socket stays open.
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(TURNS_TO_ACCEPT):
                await asyncio.sleep(0)
            server.close()
        conversations = dict(self._conversations)
        for conversation, connection in conversations.items():
            connection.writer.transport.abort()
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until what was heard of those who have left is dealt with."""
        while leaving := [task for task, connection in self._conversations.items() if connection.left]:
            await asyncio.wait(leaving)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        conversation = asyncio.create_task(self._hold(connection))
        self._conversations[conversation] = connection
        conversation.add_done_callback(self._conversations.pop)

    async def _hold(self, connection: Connection) -> None:
        try:
            await self._converse(connection)
        except (HangUp, ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # one of the two sides left
        finally:
            connection.forget()
            connection.writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await connection.writer.wait_closed()


async def open_port(listener: Listener, port: int, option: str, *, tls: ssl.SSLContext | None = None) -> None:
    """Listen on a port of this machine alone; `Occupied` names the option that chooses another."""
    try:
        await listener.open(HOST, port, tls=tls)
    except OSError as error:
        raise Occupied(f"Port {port} cannot be used ({reason(error)}): choose another {option}.") from error


def reason(error: OSError) -> str:
    return "in use" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
