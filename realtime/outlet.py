"""The way from the hub into one connection, and how much of what was pushed still waits there."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

from twisted.internet.tcp import Server

from realtime.encoding import Message
from realtime.server import Allowance, FeedProtocol

Send = Callable[[dict[str, Any]], Awaitable[None]]

MOST_WAITING = (
    2**20
)  # bytes beside the welcome; whoever has more when the next comes is too slow for the feed
SEND_BUFFER = 64 * 2**10  # bytes, of which Linux makes twice as many; its own choice would hide 4 MB from us
_PING = b"\x89\x00"


class TooSlow(Exception):
    """Too much waits for this connection already; it has to begin anew when it can follow."""


class DaphneOutlet:
    """Writes a frame's bytes straight to Daphne's connection: a fraction of the CPU of an ASGI message a socket."""

    def __init__(self, protocol: FeedProtocol) -> None:
        self._protocol = protocol
        self._transport: Server = protocol.transport
        self._deflates = protocol.deflates
        self._room = MOST_WAITING
        if protocol.state == FeedProtocol.STATE_OPEN:  # else its client has gone, and the socket with it
            self._transport.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER)

    @property
    def waiting(self) -> int:
        transport = self._transport
        waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001  Twisted tells it nowhere else; a test holds it
        return waiting

    def push(self, message: Message, *, welcome: bool = False) -> None:
        if self._protocol.state != FeedProtocol.STATE_OPEN:
            return
        data = message.wire(deflated=self._deflates)
        if welcome:
            self._room = MOST_WAITING + len(data)
        elif self.waiting > self._room:
            raise TooSlow
        self._write(data)

    def ping(self, now: float) -> None:
        """Ask the peer's WebSocket for a sign of life, beside what its program says."""
        if self._protocol.state == FeedProtocol.STATE_OPEN:
            if self._protocol.asked_at is None:
                self._protocol.asked_at = now
            self._write(_PING)

    def unanswered_s(self, now: float) -> float:
        """Return for how long a ping has been without its pong."""
        return 0 if self._protocol.asked_at is None else now - self._protocol.asked_at

    def end(self, code: int) -> None:
        # Not sendClose, which refuses the codes of a server's own troubles.
        if self._protocol.state == FeedProtocol.STATE_OPEN:
            self._protocol.sendCloseFrame(code=code)

    def deafen(self) -> None:
        """Listen no more: whatever else the peer says costs nothing."""
        self._protocol.is_deaf = True

    def abort(self) -> None:
        self._transport.abortConnection()  # type: ignore[no-untyped-call]  # untyped in Twisted

    def close(self) -> None:
        """Nothing is held back here."""

    def _write(self, data: bytes) -> None:
        """Hand it to the network at once where nothing waits: Twisted would wait for the next turn of its loop."""
        sent = 0
        if not self.waiting and self._transport.connected and not self._transport.disconnecting:
            try:
                sent = self._transport.socket.send(data)
            except OSError:  # full, or gone, which Twisted finds out by itself
                sent = 0
        if sent < len(data):
            self._transport.write(data[sent:])  # type: ignore[no-untyped-call]  # untyped in Twisted


class AsgiOutlet:
    """Sends plain ASGI messages, in order, from a task of its own: for any other server."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._room = MOST_WAITING
        self._task = asyncio.create_task(self._pump())
        self.waiting = 0

    def push(self, message: Message, *, welcome: bool = False) -> None:
        size = sum(map(len, message.texts))
        if welcome:
            self._room = MOST_WAITING + size
        elif self.waiting > self._room:
            raise TooSlow
        self.waiting += size
        for text in message.texts:
            self._messages.put_nowait({"type": "websocket.send", "text": text})

    def ping(self, now: float) -> None:
        """A server that speaks ASGI pings by itself."""

    def unanswered_s(self, now: float) -> float:
        del now
        return 0

    def end(self, code: int) -> None:
        self._messages.put_nowait({"type": "websocket.close", "code": code})

    def deafen(self) -> None:
        """There is no way to."""

    def abort(self) -> None:
        self._task.cancel()

    def close(self) -> None:
        self._task.cancel()

    async def _pump(self) -> None:
        while True:
            message = await self._messages.get()
            await self._send(message)
            self.waiting -= len(message.get("text", ""))


Outlet = DaphneOutlet | AsgiOutlet


def outlet_for(send: Send) -> Outlet:
    """Return the shortest way into the connection behind an ASGI `send`."""
    protocol = _behind(send)
    # Behind TLS nobody can tell what waits.
    if protocol is not None and type(protocol.transport) is Server:
        return DaphneOutlet(protocol)
    return AsgiOutlet(send)


def allow(send: Send, most_a_minute: int, *, then: Callable[[], None]) -> None:
    """Have `then` called when more is said on this connection."""
    protocol = _behind(send)
    if protocol is not None:
        protocol.allowance = Allowance(most_a_minute, then)


def _behind(send: Send) -> FeedProtocol | None:
    """Return Daphne's connection behind an ASGI `send`, None with any other server."""
    if isinstance(send, functools.partial) and send.args and isinstance(send.args[0], FeedProtocol):
        return send.args[0]
    return None
