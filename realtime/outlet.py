"""The way from the hub into one connection."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.ws_protocol import WebSocketProtocol

from realtime.frames import Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]


class DaphneOutlet:
    """Writes a prepared frame straight into Daphne's protocol: half the CPU of an ASGI message a socket."""

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol

    def push(self, frame: Frame) -> None:
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.sendPreparedMessage(frame.prepared(self._protocol.factory))

    def end(self, code: int) -> None:
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.serverClose(code=code)

    def close(self) -> None:
        """Nothing is held back here."""


class AsgiOutlet:
    """Sends plain ASGI messages, in order, from a task of its own: for any other server."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task = asyncio.create_task(self._pump())

    def push(self, frame: Frame) -> None:
        self._messages.put_nowait({"type": "websocket.send", "text": frame.text})

    def end(self, code: int) -> None:
        self._messages.put_nowait({"type": "websocket.close", "code": code})

    def close(self) -> None:
        self._task.cancel()

    async def _pump(self) -> None:
        while True:
            await self._send(await self._messages.get())


Outlet = DaphneOutlet | AsgiOutlet


def outlet_for(send: Send) -> Outlet:
    """Return the shortest way into the connection behind an ASGI `send`."""
    if isinstance(send, functools.partial) and send.args and isinstance(send.args[0], WebSocketProtocol):
        return DaphneOutlet(send.args[0])
    return AsgiOutlet(send)
