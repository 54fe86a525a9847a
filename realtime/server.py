"""Daphne with what the feed needs of it: shared compression, a quick end, a sign of life, and a farewell.

Daphne offers no way to choose the class of its WebSocket connections, so `install` puts ours in the place of its own.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import daphne.server
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from realtime.encoding import WINDOW_BITS

END_WITHIN_S = 2  # of a connection that does not answer our close
FAREWELL_WITHIN_S = 1
LONGEST_INFLATED = 2**20  # bytes of one message, as Daphne allows for a plain one

RESTARTING = 1012
MINUTE_S = 60


class Allowance:
    """So many messages a minute. At the first that is more `then` is called.

    It counts where messages arrive: a client can send thousands before the application comes to its first.
    """

    def __init__(self, most: int, then: Callable[[], None]) -> None:
        self._most = most
        self._then = then
        self._began_at = monotonic()
        self._said = 0

    def covers_one_more(self) -> bool:
        now = monotonic()
        if now - self._began_at >= MINUTE_S:
            self._began_at, self._said = now, 0
        self._said += 1
        if self._said == self._most + 1:
            self._then()
        return self._said <= self._most


class FeedProtocol(WebSocketProtocol):
    """A connection that notes when its peer shows life, and can stop listening to it."""

    asked_at: float | None = None  # since when a ping of ours has been without an answer
    allowance: "Allowance | None" = None  # of what it may say
    is_deaf = False

    def onPong(self, payload: bytes) -> None:  # noqa: N802  Autobahn's name
        del payload
        self.asked_at = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's name
        if not self.is_deaf:
            super().dataReceived(data)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: FBT001, N802, N803  Autobahn's names
        if self.state == self.STATE_OPEN and (self.allowance is None or self.allowance.covers_one_more()):
            super().onMessage(payload, isBinary)

    @property
    def deflates(self) -> bool:
        """Whether this connection agreed on compression."""
        return self._perMessageCompress is not None


class FeedFactory(WebSocketFactory):
    """Makes those connections, and says farewell to them before the server stops."""

    protocol = FeedProtocol

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Before Daphne's own, which ends the applications without a word to their clients.
        reactor.addSystemEventTrigger("before", "shutdown", self._before_the_end)  # type: ignore[arg-type]  # Twisted's annotation is wrong

    def setProtocolOptions(self, **options: Any) -> None:  # noqa: N802  Autobahn's name
        super().setProtocolOptions(
            **options, perMessageCompressionAccept=accept, closeHandshakeTimeout=END_WITHIN_S
        )

    def _before_the_end(self) -> "Deferred[None]":
        return Deferred.fromFuture(asyncio.ensure_future(self._farewell()))

    async def _farewell(self) -> None:
        """Tell all who are connected to come back soon, and give them a moment to hear it."""
        told = [
            connection
            for connection in list(self.server_class.connections)
            if isinstance(connection, FeedProtocol) and connection.state == FeedProtocol.STATE_OPEN
        ]
        for connection in told:
            connection.sendCloseFrame(code=RESTARTING)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_WITHIN_S):
                while any(connection.state != FeedProtocol.STATE_CLOSED for connection in told):  # noqa: ASYNC110  Autobahn tells no event
                    await asyncio.sleep(0.02)


def accept(offers: Sequence[Any]) -> PerMessageDeflateOfferAccept | None:
    """Take the first offer of compression that lets one message be the same bytes for everybody."""
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer) and offer.request_max_window_bits in {0, WINDOW_BITS}:
            return PerMessageDeflateOfferAccept(  # type: ignore[no-untyped-call]  # untyped in Autobahn
                offer,
                no_context_takeover=True,
                request_no_context_takeover=offer.accept_no_context_takeover,
                max_message_size=LONGEST_INFLATED,
            )
    return None


def install() -> None:
    """Have Daphne make such connections."""
    daphne.server.WebSocketFactory = FeedFactory
