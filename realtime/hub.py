"""One hub a Daphne process: the board in memory, and one encoded frame for all the sockets that want it.

It hears the bell on the channel layer, but does not trust it: a window that the bell did not bring is read from
Postgres, at the latest a second later. Joining and applying are synchronous, so that no window can slip in between
a socket's snapshot and its first delta.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self
from weakref import WeakKeyDictionary

import orjson
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from core.domain.state import instant
from core.pulses import SILENT_AFTER_S
from realtime.audience import Audience, Mode, Socket, View
from realtime.board import Board
from realtime.encoding import Burst, Frame, Message
from realtime.frames import system_health
from realtime.hall import Hall
from realtime.past import Past
from realtime.snapshot import read_board, renew_epoch, windows_after, windows_before
from realtime.tick import ServerState, Tick, look

logger = logging.getLogger(__name__)

LOOK_S = 1
HEARTBEAT_S = 5  # a client that has heard nothing for 12 s gives its connection up
RETELL_S = 30
REJOIN_S = 10
WELCOMES = 32  # at once, or a storm of clients would hold one snapshot each in memory
TAKEN_WITHIN_S = 1  # a welcome; whoever is slower holds no place of the others
TAKEN_LEFT = 64 * 2**10  # bytes of a welcome that may still wait when the next is served

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a hub has come: the number of its last window, and that window's digest where it is known."""

    seq: int
    digest: str | None

    @classmethod
    def of(cls, seq: int, text: str) -> Self:
        return cls(seq, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())

    def is_contradicted_by(self, tick: Tick) -> bool:
        """Say whether the database was set back since: it has not come so far, or knows another window here."""
        is_other = self.digest is not None and tick.digest is not None and self.digest != tick.digest
        return tick.seq < self.seq or is_other


@dataclass(frozen=True, slots=True)
class Since:
    """The window up to which a client that comes back has seen everything."""

    epoch: str
    seq: int


class Hub:
    """The board, and what its hall is told of it: who comes, who stays, and what happens."""

    _by_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"]] = WeakKeyDictionary()

    @classmethod
    def of_this_loop(cls) -> "Hub":
        """Return the hub of the running event loop; there is one a Daphne process."""
        return cls._by_loop.setdefault(asyncio.get_running_loop(), cls())

    def __init__(self) -> None:
        self.hall = Hall()
        self._board: Board
        self._past = Past()
        self._mark = Mark(0, None)
        self._tick: Tick
        self._looked_at = 0.0  # monotonic, as all instants without a date here
        self._retold_at = 0.0
        self._told: tuple[str, ...] = ()
        self._channel: str | None = None
        self._ready = asyncio.Event()
        self._reading = asyncio.Lock()
        self._welcomes = asyncio.Semaphore(WELCOMES)
        self._tasks: list[asyncio.Task[None]] = []

    async def ready(self) -> None:
        """Return once the board is there; the first socket of the process has it read."""
        if not self._tasks:
            acts = (self._listen, self._rejoin, self._look, self._beat, self._ping)
            self._tasks = [asyncio.create_task(self._for_ever(act)) for act in acts]
        await self._ready.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _for_ever(self, act: Callable[[], Awaitable[None]]) -> None:
        """Act again and again: whatever it fails with, the hub must not stand still while its sockets wait."""
        while True:
            try:
                await act()
            except (OSError, DatabaseError, RedisError) as error:
                logger.warning("The hub cannot %s and tries again: %s", act.__name__.strip("_"), error)
            except Exception:
                logger.exception("The hub failed to %s and tries again", act.__name__.strip("_"))
            await asyncio.sleep(LOOK_S)

    # What a socket is told when it comes

    async def welcome(self, socket: Socket, view: View, since: Since | None = None) -> None:
        """Have a socket join, and return once it has taken most of its welcome, or is too slow to wait for."""
        async with self._welcomes:
            self.join(socket, view, since)
            end = _monotonic() + TAKEN_WITHIN_S
            while socket.waiting > TAKEN_LEFT and _monotonic() < end:  # noqa: ASYNC110  Twisted tells no event
                await asyncio.sleep(0.005)

    def join(self, socket: Socket, view: View, since: Since | None = None) -> None:
        """Tell a socket what it begins with, and have it hear all that follows. It leaves where it was before."""
        if socket not in self.hall.guests:  # it was dismissed while it waited
            return
        audience = self.hall.audience(view, self._board)
        self._level(audience)
        socket.push(self._first(audience, since), welcome=True)
        self.hall.seat(socket, audience)

    def _first(self, audience: Audience, since: Since | None) -> Message:
        match audience.view.mode:
            case Mode.BATCH:
                return self._missed(audience, since) or audience.welcome(
                    self._board, timestamp=self._timestamp()
                )
            case Mode.SINGLE:
                welcome = audience.welcome(self._board, timestamp=self._timestamp())
                return Burst([*map(Frame, welcome.texts), *self._connection_updates(audience)])
            case Mode.CONNECTIONS:
                return Burst(self._connection_updates(audience))
            case Mode.HEALTH:
                return Burst([*self._api_health(audience), self._system_health()])

    def _missed(self, audience: Audience, since: Since | None) -> Message | None:
        if since is None or since.epoch != self._board.epoch:
            return None
        past = self._past.latest(self._board.seq - since.seq)
        return None if past is None else audience.missed(self._board, past)

    def _connection_updates(self, audience: Audience) -> list[Frame]:
        return [Frame.of(server.connection_update()) for server in self._servers(audience)]

    def _api_health(self, audience: Audience) -> list[Frame]:
        return [Frame.of(server.api_health()) for server in self._servers(audience)]

    def _servers(self, audience: Audience) -> list[ServerState]:
        return [server for server in self._tick.servers if audience.part.has_server(server.name)]

    # The bell

    async def _listen(self) -> None:
        """Hear the bell. Deaf, the hub goes on: the look once a second reads windows from Postgres."""
        await self._ready.wait()
        layer = get_channel_layer()
        self._channel = await layer.new_channel()
        await layer.group_add("devices", self._channel)
        while True:
            await self._heard(await layer.receive(self._channel))

    async def _rejoin(self) -> None:
        """Join again and again: a Redis that was restarted knows of no group, and says so to nobody."""
        await asyncio.sleep(REJOIN_S)
        if self._channel is not None:
            await get_channel_layer().group_add("devices", self._channel)

    async def _heard(self, message: Mapping[str, Any]) -> None:
        if message.get("type") != "batch_update" or "seq" not in message:
            return
        async with self._reading:
            if message["epoch"] != self._board.epoch or message["seq"] <= self._board.seq:
                return
            if message["seq"] == self._board.seq + 1 and "frame" in message:
                self._apply(message["frame"])
            else:
                await self._catch_up(message["seq"])

    # The look once a second

    async def _look(self) -> None:
        # A bell may bring windows while the database is looked at, so it is held against what was known before.
        known = self._mark
        tick = await _in_thread(look)(self._tick.at if self._ready.is_set() else LONG_AGO, known.seq)
        async with self._reading:
            await self._take_in(tick, known)

    async def _take_in(self, tick: Tick, known: Mark) -> None:
        if not self._ready.is_set():
            await self._read_board()
            self._note(tick)
            self._told = self._silent
            self._retold_at = _monotonic()
            self._ready.set()
            return
        before = self._tick
        self._note(tick)
        await self.hall.check_rights(tick)
        if tick.epoch != self._board.epoch:
            await self._begin_anew()
        elif known.is_contradicted_by(tick):
            # Other windows bear numbers that clients know already: nobody may come back to the wrong ones.
            await _in_thread(renew_epoch)(tick.epoch)
            await self._begin_anew()
        elif tick.seq > self._board.seq:
            await self._catch_up(tick.seq)
        self._see(tick)
        servers = {server.name: server for server in before.servers}
        changed = {s.name for s in tick.servers if s.differs_from(servers.get(s.name))}
        if changed:
            self._tell_servers(changed)

    def _see(self, tick: Tick) -> None:
        """Note who answered. The next window says so, or where none comes within a second, a heartbeat."""
        news = self._board.see(tick.seen)
        for audience in self._hearing_windows():
            is_overdue = bool(audience.unsaid)
            audience.see(news)
            if is_overdue:
                self._tell_heartbeat(audience)

    def _note(self, tick: Tick) -> None:
        self._tick, self._looked_at = tick, _monotonic()

    async def _catch_up(self, seq: int) -> None:
        """Read the windows that no bell brought, up to `seq` at least; where one is gone already, begin anew."""
        for number, text in await _in_thread(windows_after)(self._board.epoch, self._board.seq):
            if number == self._board.seq + 1:
                self._apply(text)
        if self._board.seq < seq:
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        """Start over with everybody."""
        await self._read_board()
        logger.warning("The hub begins anew at %s/%s", self._board.epoch, self._board.seq)
        for audience in self.hall.audiences:
            audience.begin(self._board)
        for audience in self._hearing_windows():
            audience.spoke_at = _monotonic()
            self.hall.hand_out(audience, self._first(audience, None), welcome=True)

    async def _read_board(self) -> None:
        board = await _in_thread(read_board)()
        frames = await _in_thread(windows_before)(board.epoch, board.seq)
        self._board, self._past, self._mark = board, Past(), Mark(board.seq, None)
        for text in frames:
            self._past.add(text)
            self._mark = Mark.of(board.seq, text)

    async def _beat(self) -> None:
        """Say what is due though nothing happened, also while the database cannot be read."""
        await self._ready.wait()
        told, self._told = self._told, self._silent
        if told != self._silent:
            self._tell_health()
        has_turned = bool(told) != bool(self._silent)
        for audience in self._hearing_windows():
            if has_turned or _monotonic() - audience.spoke_at >= HEARTBEAT_S:
                self._tell_heartbeat(audience)
        if _monotonic() - self._retold_at >= RETELL_S:
            self._retold_at = _monotonic()
            self._tell_servers({server.name for server in self._tick.servers})
            self._tell_health()

    async def _ping(self) -> None:
        self.hall.ping()

    # Out to the sockets

    def _apply(self, text: str) -> None:
        """Bring the board to the next window, and hand it out."""
        frame = orjson.loads(text)
        changed = self._board.apply(frame)
        self._past.add(text)
        self._mark = Mark.of(self._board.seq, text)
        for audience in self.hall.audiences:
            message = audience.window(self._board, frame, text, changed=changed)
            if message is not None:
                audience.spoke_at = _monotonic()
                self.hall.hand_out(audience, message)

    def _hearing_windows(self) -> list[Audience]:
        return [
            audience for audience in self.hall.audiences if audience.view.mode in {Mode.BATCH, Mode.SINGLE}
        ]

    def _tell_heartbeat(self, audience: Audience) -> None:
        audience.spoke_at = _monotonic()
        self._level(audience)
        beat = audience.heartbeat(self._board, timestamp=self._timestamp(), live=not self._silent)
        self.hall.hand_out(audience, beat)

    def _level(self, audience: Audience) -> None:
        empty = audience.level(self._board, timestamp=self._timestamp())
        if empty is not None:
            self.hall.hand_out(audience, empty)

    def _tell_servers(self, names: set[str]) -> None:
        for audience in self.hall.audiences:
            servers = [server for server in self._servers(audience) if server.name in names]
            match audience.view.mode:
                case Mode.CONNECTIONS | Mode.SINGLE:
                    told = [Frame.of(server.connection_update()) for server in servers]
                case Mode.HEALTH:
                    told = [Frame.of(server.api_health()) for server in servers]
                case Mode.BATCH:
                    told = []
            if told:
                self.hall.hand_out(audience, Burst(told))

    def _tell_health(self) -> None:
        for audience in self.hall.audiences:
            if audience.view.mode is Mode.HEALTH:
                self.hall.hand_out(audience, self._system_health())

    def _system_health(self) -> Frame:
        ages = {
            part: None if age is None else age + self._unseen_s for part, age in self._tick.silent_s.items()
        }
        return system_health(
            ages | {"database": self._unseen_s},
            silent=self._silent,
            timestamp=self._timestamp(),
            sockets=len(self.hall.guests),
        )

    @property
    def _silent(self) -> tuple[str, ...]:
        """What has not shown itself for too long; while there is anything, nobody knows that the board is kept up."""
        unread = ("database",) if self._unseen_s >= SILENT_AFTER_S else ()
        return (*unread, *self._tick.silent)

    @property
    def _unseen_s(self) -> float:
        """Return how long ago the database was last read."""
        return _monotonic() - self._looked_at

    def _timestamp(self) -> str:
        """The database's time, carried on from the last look."""
        return instant(self._tick.at + timedelta(seconds=self._unseen_s))


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _in_thread(read: Callable[..., Any]) -> Callable[..., Any]:
    """Not thread-sensitive: a sign-in that waits for the database must not hold the board up, nor the reverse."""
    in_thread: Callable[..., Any] = database_sync_to_async(read, thread_sensitive=False)
    return in_thread
