"""Clients that come and go at random, each with a journal of what it was told."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .journal import Journal, SingleJournal, Windows

STAYS_S = 12  # on average
JITTER_S = 0.1, 2
SILENCE_S = 12  # the server says something every 5
DREAMS, LONGEST_DREAM_S = 0.03, 25  # of a slow reader, at a frame; a silent peer is cut off after 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a client asks for, and how it reads."""

    scope: tuple[str, ...] = ()
    single: bool = False
    compressed: bool = True
    slow: bool = False


MANNERS = (
    Manner(),
    Manner(compressed=False),
    Manner(scope=("location:main-a",)),
    Manner(scope=("group:stage-left",), compressed=False),
    Manner(slow=True),
    Manner(single=True),
    Manner(scope=("device:SHURE003", "device:lead")),
    Manner(slow=True, compressed=False),
    Manner(scope=("group:band", "location:main-b"), slow=True),
    Manner(),
)


class Client:
    """Connects again and again. In `peace` it stays, and reads as fast as it can."""

    def __init__(
        self, manner: Manner, windows: Windows, *, address: str, token: str, peace: asyncio.Event, seed: str
    ) -> None:
        self.manner = manner
        self.journal = SingleJournal(windows) if manner.single else Journal(windows, manner.scope)
        self.closes: Counter[int] = Counter()
        self.connections = 0
        self._address = address
        self._token = token
        self._peace = peace
        self._chance = random.Random(seed)  # noqa: S311  repeatable, not secret

    async def run(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    self._url(),
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    compression="deflate" if self.manner.compressed else None,
                    max_size=None,
                    max_queue=2 if self.manner.slow else 16,
                    ping_interval=None,
                    open_timeout=5,
                    close_timeout=1,
                    proxy=None,
                ) as socket:
                    self.connections += 1
                    await self._follow(socket)
            await asyncio.sleep(self._chance.uniform(*JITTER_S))

    def _url(self) -> str:
        query = [("mode", "single" if self.manner.single else "batch")]
        query += [("scope", one) for one in self.manner.scope]
        return f"{self._address}/ws/devices/?{urlencode([*query, *self.journal.connect().items()])}"

    async def _follow(self, socket: ClientConnection) -> None:
        leaves_at = time.monotonic() + self._chance.expovariate(1 / STAYS_S)
        politely = self._chance.random() < 0.5
        while self._peace.is_set() or time.monotonic() < leaves_at:
            try:
                async with asyncio.timeout(SILENCE_S):
                    text = await socket.recv(decode=True)
            except ConnectionClosed as closed:
                self.closes[closed.rcvd.code if closed.rcvd else 1006] += 1
                return
            if not self.journal.take(text):
                break
            if self.manner.slow and self._chance.random() < DREAMS:
                await self._dream()
        if not politely:
            socket.transport.abort()

    async def _dream(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._chance.uniform(1, LONGEST_DREAM_S)):
                await self._peace.wait()
