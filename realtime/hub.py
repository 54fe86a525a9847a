"""One hub a Daphne process: the board in memory, and one encoded frame for all the sockets that want it.

It hears the bell on the channel layer, but does not trust it: a window that the bell did not bring is read from
Postgres, at the latest a second later. Joining and applying are synchronous, so that no window can slip in between
a socket's snapshot and its first delta.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary

import orjson
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from core.access import Principal, still_good
from core.domain.state import instant
from core.pulses import SILENT_AFTER_S
from realtime.board import Board
from realtime.frames import (
    Frame,
    device_update,
    error_frame,
    heartbeat,
    initial_data,
    system_alert,
    system_health,
)
from realtime.snapshot import read_board, windows_after
from realtime.tick import ServerState, Tick, look

logger = logging.getLogger(__name__)

LOOK_S = 1
HEARTBEAT_S = 5  # a client that has heard nothing for 12 s gives its connection up
RETELL_S = 30
REJOIN_S = 10
CHECK_RIGHTS_S = 60  # beside each change of rights that the database tells
NOT_SIGNED_IN = 4401
NO_LONGER = "You are no longer signed in, or the token was revoked or is past its end."
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Socket(Protocol):
    """What the hub needs of a connection. Neither waits; `end` closes it, behind what was pushed."""

    def push(self, frame: Frame) -> None: ...

    def end(self, code: int) -> None: ...


class Hub:
    """Sockets by what they want to hear, and the board that all of them are told of."""

    _by_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"]] = WeakKeyDictionary()

    @classmethod
    def of_this_loop(cls) -> "Hub":
        """Return the hub of the running event loop; there is one a Daphne process."""
        return cls._by_loop.setdefault(asyncio.get_running_loop(), cls())

    def __init__(self) -> None:
        self.batch: set[Socket] = set()
        self.single: set[Socket] = set()
        self.connections: set[Socket] = set()
        self.health: set[Socket] = set()
        self._audiences = (self.batch, self.single, self.connections, self.health)
        self._guests: dict[Socket, Principal] = {}
        self._checked_at = 0.0
        self._board: Board
        self._tick: Tick
        self._looked_at = 0.0  # monotonic, as all instants without a date here
        self._spoke_at = 0.0
        self._retold_at = 0.0
        self._told: tuple[str, ...] = ()
        self._channel: str | None = None
        self._snapshot: Frame | None = None
        self._ready = asyncio.Event()
        self._reading = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def ready(self) -> None:
        """Return once the board is there; the first socket of the process has it read."""
        if not self._tasks:
            acts = (self._listen, self._rejoin, self._look, self._beat)
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

    # Who is there

    def admit(self, socket: Socket, principal: Principal) -> None:
        """Remember whose socket this is, so that it is closed when they may not hear any more."""
        self._guests[socket] = principal

    def leave(self, socket: Socket) -> None:
        self._guests.pop(socket, None)
        for audience in self._audiences:
            audience.discard(socket)

    @property
    def sockets(self) -> int:
        return len(self._guests)

    async def _check_rights(self) -> None:
        """Close the sockets of those who would not be let in again."""
        self._checked_at = _monotonic()
        asked = set(self._guests.values())  # who comes while this is read was let in just now
        ended = asked - await _in_thread(still_good)(asked)
        for socket, principal in list(self._guests.items()):
            if principal in ended:
                self.leave(socket)
                socket.push(error_frame("not_signed_in", NO_LONGER))
                socket.end(NOT_SIGNED_IN)

    # What a socket is told when it comes

    def join_batch(self, socket: Socket) -> None:
        socket.push(self._snapshot_frame())
        self.batch.add(socket)

    def join_single(self, socket: Socket) -> None:
        """Tell the snapshot as the guide's clients know it: `initial_data`, an update for each channel, the alerts."""
        socket.push(self._snapshot_frame())
        for row in self._board.rows.values():
            socket.push(device_update(row, seq=self._board.seq, timestamp=self._timestamp()))
        for alert in self._board.alerts.values():
            socket.push(system_alert(alert))
        for server in self._tick.servers:
            socket.push(Frame.of(server.connection_update()))
        self.single.add(socket)

    def join_connections(self, socket: Socket) -> None:
        for server in self._tick.servers:
            socket.push(Frame.of(server.connection_update()))
        self.connections.add(socket)

    def join_health(self, socket: Socket) -> None:
        for server in self._tick.servers:
            socket.push(Frame.of(server.api_health()))
        socket.push(self._system_health())
        self.health.add(socket)

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
        # A bell may bring a window while the database is looked at: only behind this is a rewind.
        reached = self._board.seq if self._ready.is_set() else 0
        tick = await _in_thread(look)(self._tick.at if self._ready.is_set() else LONG_AGO)
        async with self._reading:
            await self._take_in(tick, reached)

    async def _take_in(self, tick: Tick, reached: int) -> None:
        if not self._ready.is_set():
            self._board = await _in_thread(read_board)()
            self._note(tick)
            self._told = self._silent
            self._spoke_at = self._retold_at = _monotonic()
            self._ready.set()
            return
        before = self._tick
        self._note(tick)
        due = _monotonic() - self._checked_at >= CHECK_RIGHTS_S
        if due or tick.access_version != before.access_version or self._somebody_expired():
            await self._check_rights()
        if tick.epoch != self._board.epoch or tick.seq < reached:
            await self._begin_anew()
        elif tick.seq > self._board.seq:
            await self._catch_up(tick.seq)
        if seen := self._board.see(tick.seen):
            self._snapshot = None
            self._tell_heartbeat(seen)
        known = {server.name: server for server in before.servers}
        for server in tick.servers:
            if server.differs_from(known.get(server.name)):
                self._tell_server(server)

    def _somebody_expired(self) -> bool:
        ends = (guest.expires_at for guest in self._guests.values())
        return any(end is not None and end <= self._tick.at for end in ends)

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
        self._board = await _in_thread(read_board)()
        self._snapshot = None
        logger.warning("The hub begins anew at %s/%s", self._board.epoch, self._board.seq)
        self._hand_out(self.batch, [self._snapshot_frame()])
        for socket in list(self.single):
            self._guarded(socket, self.join_single)

    async def _beat(self) -> None:
        """Say what is due though nothing happened, also while the database cannot be read."""
        await self._ready.wait()
        told, self._told = self._told, self._silent
        if told != self._silent:
            self._tell_health()
        if bool(told) != bool(self._silent) or _monotonic() - self._spoke_at >= HEARTBEAT_S:
            self._tell_heartbeat([])
        if _monotonic() - self._retold_at >= RETELL_S:
            self._retold_at = _monotonic()
            for server in self._tick.servers:
                self._tell_server(server)
            self._tell_health()

    # Out to the sockets

    def _apply(self, text: str) -> None:
        """Bring the board to the next window, and hand it out."""
        message = orjson.loads(text)
        changed = self._board.apply(message)
        self._snapshot = None
        self._spoke_at = _monotonic()
        self._hand_out(self.batch, [Frame(text)])
        if self.single:
            changes = {update["device_id"]: update["changes"] for update in message["updates"]}
            self._hand_out(
                self.single,
                [
                    device_update(
                        self._board.rows[device_id],
                        seq=self._board.seq,
                        timestamp=message["timestamp"],
                        changes=changes.get(device_id),
                    )
                    for device_id in changed
                ]
                + [system_alert(alert) for alert in message["alerts"]],
            )

    def _tell_heartbeat(self, seen: list[tuple[str, str]]) -> None:
        self._spoke_at = _monotonic()
        frame = heartbeat(self._board, timestamp=self._timestamp(), live=not self._silent, seen=seen)
        self._hand_out(self.batch | self.single, [frame])

    def _tell_server(self, server: ServerState) -> None:
        self._hand_out(self.connections | self.single, [Frame.of(server.connection_update())])
        self._hand_out(self.health, [Frame.of(server.api_health())])

    def _tell_health(self) -> None:
        self._hand_out(self.health, [self._system_health()])

    def _hand_out(self, sockets: Iterable[Socket], frames: Iterable[Frame]) -> None:
        frames = list(frames)

        def push_all(socket: Socket) -> None:
            for frame in frames:
                socket.push(frame)

        for socket in list(sockets):
            self._guarded(socket, push_all)

    def _guarded(self, socket: Socket, tell: Callable[[Socket], None]) -> None:
        try:
            tell(socket)
        except Exception:  # an error of one socket must not cost the others their frame
            logger.exception("A socket took no frame and is left out")
            self.leave(socket)

    def _snapshot_frame(self) -> Frame:
        if self._snapshot is None:
            self._snapshot = initial_data(self._board, timestamp=self._timestamp())
        return self._snapshot

    def _system_health(self) -> Frame:
        ages = {
            part: None if age is None else age + self._unseen_s for part, age in self._tick.silent_s.items()
        }
        return system_health(
            ages | {"database": self._unseen_s},
            silent=self._silent,
            timestamp=self._timestamp(),
            sockets=self.sockets,
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
