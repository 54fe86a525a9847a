"""Where connections come in and bytes go out: the one place at which a fault can step between.

A fault is another `converse` (hang, refuse to speak, talk nonsense) or another `deliver` (drip, cut, shred) on
a listener that is running: both are read anew for each connection and each write.
"""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable

READ_LIMIT = 64 * 1024

HOST = "127.0.0.1"

Converse = Callable[["Connection"], Awaitable[None]]
Deliver = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


class Occupied(Exception):
    """A port or a network is in use; the message says which, and what to choose instead."""


async def whole(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Deliver everything at once, and wait while the other side does not read."""
    writer.write(data)
    await writer.drain()


class Connection:
    """One accepted connection."""

    __slots__ = ("_listener", "_sending", "reader", "writer")

    def __init__(
        self, listener: "Listener", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._listener = listener
        self.reader = reader
        self.writer = writer
        self._sending = asyncio.Lock()

    async def send(self, data: bytes) -> None:
        """Deliver these bytes; what another task sends meanwhile comes after them, not between."""
        async with self._sending:
            await self._listener.deliver(self.writer, data)


class Listener:
    """One listening socket and the conversations that it started; closing it ends them all."""

    def __init__(self, converse: Converse, deliver: Deliver = whole) -> None:
        self.converse = converse
        self.deliver = deliver
        self._server: asyncio.Server | None = None
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

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
        if self._server is not None:
            self._server.close()
            self._server = None
        conversations = dict(self._conversations)
        for conversation, writer in conversations.items():
            writer.transport.abort()
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._hold(Connection(self, reader, writer)))
        self._conversations[conversation] = writer
        conversation.add_done_callback(self._conversations.pop)

    async def _hold(self, connection: Connection) -> None:
        try:
            await self.converse(connection)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the other side left
        finally:
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
