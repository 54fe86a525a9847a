"""Who came lately: the principal of a session or a token is remembered for a minute, and read once by all who wait.

When a server comes back every wall connects at once, most of them with one and the same session.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import ClassVar, NamedTuple
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from core import clock
from core.access import Principal

REMEMBERED_S = 60
MOST = 10_000  # the rest is forgotten, longest unseen first

Read = Callable[[str], Principal | None]
Shown = tuple[Read, bytes]  # how it is read, and the digest of what was shown


class Acquaintance(NamedTuple):
    principal: Principal
    until: float  # by the event loop's clock


class Lately:
    """Principals by what they showed. Who was not let in is read anew each time: a token may be a second old."""

    _by_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Lately"]] = WeakKeyDictionary()

    @classmethod
    def of_this_loop(cls) -> "Lately":
        """Return what the running event loop remembers; there is one a Daphne process."""
        return cls._by_loop.setdefault(asyncio.get_running_loop(), cls())

    def __init__(self) -> None:
        self._known: OrderedDict[Shown, Acquaintance] = OrderedDict()
        self._readings: dict[Shown, asyncio.Task[Principal | None]] = {}
        self._forgotten = 0

    def forget(self) -> None:
        """Forget everybody, also those who are being read: what was read before a change of rights holds no more."""
        self._forgotten += 1
        self._known.clear()
        self._readings.clear()

    async def principal(self, secret: str, read: Read) -> Principal | None:
        """Return who shows this secret: as remembered, or as `read` says, which is asked once for all who wait."""
        shown = (read, sha256(secret.encode()).digest())
        known = self._known.get(shown)
        if known is not None and asyncio.get_running_loop().time() < known.until:
            self._known.move_to_end(shown)
            return known.principal
        while True:
            forgotten = self._forgotten
            reading = self._readings.get(shown)
            if reading is None:
                reading = self._readings[shown] = asyncio.create_task(self._read(shown, secret, forgotten))
            principal = await asyncio.shield(reading)  # whoever began it may go before the others have it
            if forgotten == self._forgotten:
                return principal

    # `forgotten` is of when it was asked for: all may be forgotten before it has begun.
    async def _read(self, shown: Shown, secret: str, forgotten: int) -> Principal | None:
        began_at = asyncio.get_running_loop().time()
        try:
            principal, good_for_s = await database_sync_to_async(_read)(secret, shown[0])
        finally:
            if forgotten == self._forgotten:
                del self._readings[shown]
        known: Principal | None = principal
        if known is not None and forgotten == self._forgotten:
            self._known[shown] = Acquaintance(known, began_at + good_for_s)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return known


def _read(secret: str, read: Read) -> tuple[Principal | None, float]:
    """Return the principal, and for how many seconds they may be remembered."""
    principal = read(secret)
    if principal is None or principal.expires_at is None:
        return principal, REMEMBERED_S
    left = principal.expires_at - clock.now()
    return principal, min(REMEMBERED_S, left.total_seconds())
