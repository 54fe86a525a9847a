"""Those who listen: whose they are, in which audience they sit, and how they are let go."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from channels.db import database_sync_to_async

from core.access import still_good
from realtime.audience import Audience, Socket, View
from realtime.board import Board
from realtime.encoding import Message
from realtime.entry import forget_principals
from realtime.frames import error_frame
from realtime.guests import Guest, Guests
from realtime.outlet import TooSlow
from realtime.tick import Tick

logger = logging.getLogger(__name__)

CHECK_RIGHTS_S = 60  # beside each change of rights that the database tells
PING_S = 3
SILENT_PEER_S = 20
ABORT_S = 2

NOT_SIGNED_IN, SLOW = 4401, 1013
NO_LONGER = "You are no longer signed in, or the token was revoked or is past its end."


class Hall:
    """The guests, seated by what they see: sockets of one view are one audience."""

    def __init__(self) -> None:
        self.guests = Guests()
        self._audiences: dict[View, Audience] = {}
        self._seats: dict[Socket, Audience] = {}
        self._rights: int | None = (
            None  # the version of everybody's rights that was last held against the guests
        )
        self._once_more = False
        self._checked_at = 0.0  # monotonic
        self._pinged_at = 0.0

    @property
    def audiences(self) -> list[Audience]:
        return list(self._audiences.values())

    # Coming and going

    def admit(self, socket: Socket, guest: Guest) -> str | None:
        """Take a connection in, or return a sentence that says which limit it would break."""
        full = self.guests.full(guest)
        if full is None:
            self.guests.admit(socket, guest)
        return full

    def audience(self, view: View, board: Board) -> Audience:
        """Return the audience of a view, made where nobody sits in it yet."""
        known = self._audiences.get(view)
        if known is not None:
            return known
        audience = Audience(view, board)
        audience.spoke_at = _monotonic()
        return audience

    def seat(self, socket: Socket, audience: Audience) -> None:
        """Have a socket hear what this audience hears, and no more what it heard before."""
        self._audiences[audience.view] = audience
        if self._seats.get(socket) is not audience:
            self._unseat(socket)
        audience.sockets.add(socket)
        self._seats[socket] = audience

    def leave(self, socket: Socket) -> None:
        self.guests.leave(socket)
        self._unseat(socket)

    def _unseat(self, socket: Socket) -> None:
        audience = self._seats.pop(socket, None)
        if audience is not None:
            audience.sockets.discard(socket)
            if not audience.sockets:
                del self._audiences[audience.view]

    def dismiss(self, socket: Socket, code: int, word: str, sentence: str) -> None:
        """Close a connection, and say why before: Daphne keeps the reason of a close to itself."""
        self.leave(socket)
        with contextlib.suppress(TooSlow):
            socket.push(error_frame(word, sentence))
        socket.end(code)

    def let_go(self, socket: Socket) -> None:
        """Close a connection that cannot follow, and where the close gets no way through either, cut it."""
        self.leave(socket)
        socket.end(SLOW)
        asyncio.get_running_loop().call_later(ABORT_S, socket.abort)

    # While they are there

    def hand_out(self, audience: Audience, message: Message, *, welcome: bool = False) -> None:
        for socket in list(audience.sockets):
            with self._guarded(socket):
                socket.push(message, welcome=welcome)

    def ping(self) -> None:
        """Ask every peer for a sign of life, and leave those who give none: they may send and never read."""
        now = _monotonic()
        is_due = now - self._pinged_at >= PING_S
        if is_due:
            self._pinged_at = now
        for socket in self.guests.sockets:
            with self._guarded(socket):
                if socket.unanswered_s(now) >= SILENT_PEER_S:
                    self.leave(socket)
                    socket.abort()
                elif is_due:
                    socket.ping(now)

    async def check_rights(self, tick: Tick) -> None:
        """Close the sockets of those who would not be let in again, where anybody's rights may have changed.

        Once more at the next look: somebody may have been let in by what was read just before.
        """
        moved = tick.access_version != self._rights
        if moved:
            forget_principals()
        is_due = _monotonic() - self._checked_at >= CHECK_RIGHTS_S
        if moved or self._once_more or is_due or self.guests.somebody_expired(tick.at):
            asked = self.guests.principals  # who comes while this is read was let in just now
            ended = asked - await database_sync_to_async(still_good, thread_sensitive=False)(asked)
            for socket in self.guests.of(ended):
                self.dismiss(socket, NOT_SIGNED_IN, "not_signed_in", NO_LONGER)
            self._checked_at = _monotonic()
        # Only now: what could not be read is read again at the next look.
        self._rights, self._once_more = tick.access_version, moved

    @contextlib.contextmanager
    def _guarded(self, socket: Socket) -> Iterator[None]:
        """Have an error of one socket cost the others nothing."""
        try:
            yield
        except TooSlow:
            self.let_go(socket)
        except Exception:
            logger.exception("A socket took no frame and is left out")
            self.leave(socket)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
