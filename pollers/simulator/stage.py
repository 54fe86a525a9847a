"""The stage: the rack, its server and its sockets, put together on one event loop."""

import asyncio
import contextlib
import ipaddress
import resource
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from pollers.simulator.clock import Clock
from pollers.simulator.command_strings import PORT, Frames, Session
from pollers.simulator.connections import HOST, Connection, Listener, Occupied, open_port, reason
from pollers.simulator.counts import Counts
from pollers.simulator.credentials import credentials
from pollers.simulator.dialect import Dialect
from pollers.simulator.faults import SERVER, Fault, Faults, Place, Refuse
from pollers.simulator.rack import Rack
from pollers.simulator.receiver import Receiver
from pollers.simulator.scenarios import SHOW, Scenario
from pollers.simulator.show import Moment
from pollers.simulator.system_api import SystemApi, resource_at
from pollers.simulator.truth import Truth
from pollers.simulator.upheaval import Upheaval
from pollers.simulator.upsets import Candidate
from pollers.simulator.values import Unknown, Unplayable

SMALLEST_NETWORK = 29
TALLY_WITHIN_S = 2
FOLLOWS_EVERY_S = 0.25  # how late an upset of the scenario may begin or end


class NetworkInUse(Occupied):
    """Somebody else has an address of the network."""


class Stage:
    """Receivers that are played, from `open` to `close`. Everything on it happens on the loop that opened it."""

    def __init__(
        self,
        *,
        models: Sequence[str],
        seed: int,
        network: ipaddress.IPv4Network,
        data: Path,
        port: int = 0,
        dialect: Dialect,
        paused: bool = False,
        speed: float = 1.0,
        scenario: Scenario = SHOW,
    ) -> None:
        self.credentials = credentials(data)
        self.api_key = self.credentials.api_key
        self.clock = Clock()
        self.clock.turn(monotonic(), paused=paused, speed=speed)
        self.rack = Rack(seed=seed, network=network, clock=self.clock, scenario=scenario)
        for model in models:
            self.rack.add(model)
        self.rack.open_curtain()
        self.counts = Counts()
        self.faults = Faults()
        self.system_api = SystemApi(
            self.rack, self.counts, api_key=self.api_key, dialect=dialect, faults=self.faults
        )
        self._upheaval = Upheaval(self)
        self._turning = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._server = Listener(self.system_api.converse)
        self._listeners: dict[str, Listener] = {}  # by serial: an id may change
        self._port = port
        self._kept: socket.socket | None = None  # the server's port while it refuses
        self._claim: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self._port}"

    async def open(self) -> None:
        """Open every socket, or none: `Occupied` when one is taken."""
        _raise_open_files()
        try:
            self._claim = _claim(self.rack.network)
            await open_port(self._server, self._port, "--port", tls=self._tls())
            self._port = self._server.port
            for receiver in self.rack.receivers.values():
                await self._attend(receiver)
            await self._follow()
        except BaseException:
            await self.close()
            raise
        self._following = asyncio.create_task(self._keep_following())

    async def close(self) -> None:
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            self._following = None
        await asyncio.gather(*(listener.close() for listener in (self._server, *self._listeners.values())))
        for held in (self._claim, self._kept):
            if held is not None:
                held.close()
        self._claim = self._kept = None

    # What may be done to it from outside ------------------------------------------------------------------

    def moment(self) -> Moment:
        return self.clock.at(monotonic())

    def truth(self, source_id: str | None = None) -> Truth:
        return self.rack.truth(monotonic(), source_id)

    def hold(self, source_id: str, channel: int, values: Mapping[str, Any]) -> None:
        self.rack.hold(source_id, channel, values)

    def release(self, source_id: str, channel: int, fields: Iterable[str] = ()) -> None:
        self.rack.release(source_id, channel, fields)

    async def tally(self) -> Counts:
        """Return the counts, with all that those asked and did who have left by now."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TALLY_WITHIN_S):
                for listener in (self._server, *self._listeners.values()):
                    await listener.settle()
        return self.counts.told()

    async def turn(
        self,
        *,
        paused: bool | None = None,
        speed: float | None = None,
        skip: float | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        """Pause or go on, drain faster, skip ahead so many seconds of the show, play another scenario."""
        self.clock.turn(monotonic(), paused=paused, speed=speed, skip=skip)
        if scenario is not None:
            self.rack.scenario = scenario
        await self._follow()

    def speak(self, **changes: Any) -> None:
        self.system_api.dialect = self.system_api.dialect.with_changes(**changes)

    def distort_list(self, **changes: Any) -> None:
        """Change what is odd about the list, as `listing.Oddities` has it. Raises `Unknown`, `Unplayable`."""
        oddities = self.system_api.oddities.with_changes(**changes)
        for name in changes.keys() & {"malformed", "twice"}:
            if changes[name] is not None:
                self.rack.find(changes[name])
        self.system_api.oddities = oddities

    def fault_at(self, at: str) -> Fault | None:
        return self.faults.at(self._place(at)[0])

    async def strike(self, at: str, fault: Fault) -> None:
        """Let this go wrong at one place: "server", a resource's path or pattern, or a receiver's source id."""
        key, place = self._place(at)
        self.faults.put(key, place, fault)
        await self._attend_place(key, place)

    async def heal(self, at: str | None = None) -> None:
        """Let nothing go wrong there any more, or anywhere."""
        for key, place in map(self._place, self.faults.places() if at is None else (at,)):
            self.faults.drop(key)
            await self._attend_place(key, place)

    async def patch(self, source_id: str, values: Mapping[str, Any]) -> None:
        await self._attend(self.rack.patch(source_id, values))

    async def add(self, model: str, **settings: Any) -> str:
        """Put one more receiver in: `name`, `source_id`, `state` as `Rack.add` takes them."""
        receiver = self.rack.add(model, **settings)
        await self._attend(receiver)
        return receiver.source_id

    async def remove(self, source_id: str) -> None:
        receiver = self.rack.remove(source_id)
        self.faults.drop(_key(receiver))
        await self._fall_silent(receiver)

    async def swap(self, source_id: str, other: str, *, told: bool = True) -> None:
        """Let two receivers have each other's address; `told` is whether their server knows."""
        one, two = self.rack.find(source_id), self.rack.find(other)
        for receiver in (one, two):
            await self._fall_silent(receiver)
        self.rack.swap(one, two, told=told)
        for receiver in (one, two):
            await self._attend(receiver)

    async def move(self, source_id: str, *, address: str | None = None, told: bool = True) -> str:
        """Give a receiver this address, or one that nobody had, and return it; `told`: its server knows."""
        receiver = self.rack.find(source_id)
        await self._fall_silent(receiver)
        self.rack.move(receiver, address=address, told=told)
        await self._attend(receiver)
        return receiver.address

    async def replace(self, source_id: str, new_id: str | None = None) -> str:
        """Let another piece with the same serial stand there, and return its id; what was open is cut."""
        receiver = self.rack.find(source_id)
        fault = self.faults.at(_key(receiver))
        self.faults.drop(_key(receiver))
        await self._fall_silent(receiver)
        self.rack.replace(receiver, new_id)
        if fault is not None:
            self.faults.put(_key(receiver), Place.RECEIVER, fault)
        await self._attend(receiver)
        return receiver.source_id

    # Upsets of the scenario -------------------------------------------------------------------------------

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(FOLLOWS_EVERY_S)
            await self._follow()

    async def _follow(self) -> None:
        async with self._turning:
            candidates = [Candidate(each.serial, each.model) for each in self.rack.receivers.values()]
            schedule = self.rack.scenario.schedule
            await self._upheaval.follow(schedule(self.rack.seed, self.moment().second, candidates))

    # Sockets ----------------------------------------------------------------------------------------------

    def _place(self, at: str) -> tuple[str, Place]:
        """Return the key of a place, and what kind of place it is. Raises `Unknown`."""
        if at == SERVER:
            return SERVER, Place.SERVER
        if at.casefold() in self.rack.receivers or not at.startswith("/"):
            return _key(self.rack.find(at)), Place.RECEIVER
        if (path := resource_at(at)) is None:
            raise Unknown(f"the server has no {at}")
        return path, Place.RESOURCE

    async def _attend_place(self, key: str, place: Place) -> None:
        if place is Place.RECEIVER:
            await self._attend(self.rack.find(key))
        elif place is Place.SERVER:
            await self._attend_server()

    async def _attend(self, receiver: Receiver) -> None:
        """Open or close the receiver's socket, as it should be now."""
        refuses = isinstance(self.faults.at(_key(receiver)), Refuse)
        if not receiver.listening or refuses:
            await self._fall_silent(receiver)
        elif receiver.serial not in self._listeners:
            await self._listen(receiver)

    async def _attend_server(self) -> None:
        refuses = isinstance(self.faults.at(SERVER), Refuse)
        if refuses and self._kept is None:
            await self._server.close()
            self._kept = _bound(self._port)
        elif self._kept is not None and not refuses:
            self._kept.close()
            self._kept = None
            await open_port(self._server, self._port, "--port", tls=self._tls())

    async def _listen(self, receiver: Receiver) -> None:
        listener = Listener(partial(self._command_strings, Frames(self.rack, receiver)))
        try:
            await listener.open(receiver.address, PORT)
        except OSError as error:
            receiver.listening = False
            raise _network_in_use(self.rack.network, error) from error
        self._listeners[receiver.serial] = listener

    async def _fall_silent(self, receiver: Receiver) -> None:
        if listener := self._listeners.pop(receiver.serial, None):
            await listener.close()

    async def _command_strings(self, frames: Frames, connection: Connection) -> None:
        key = _key(frames.receiver)
        await Session(frames, self.counts, connection, lambda: self.faults.at(key)).run()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.credentials.certificate, self.credentials.private_key)
        return context


def _key(receiver: Receiver) -> str:
    return receiver.source_id.casefold()


def network_of(text: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise Unplayable(f"{text} is no IPv4 network: {error}") from error
    if network.prefixlen > SMALLEST_NETWORK:
        raise Unplayable(f"{text} is too small: a /{SMALLEST_NETWORK} or larger has room for receivers")
    if not network.is_loopback:
        raise Unplayable(f"{text} is not within 127.0.0.0/8: receivers are played on loopback alone")
    return network


def _claim(network: ipaddress.IPv4Network) -> socket.socket:
    """Bind the network's last host address, so that no second simulator plays on it: it never listens.

    Without this two would share a network as long as their receivers that listen do not meet.
    """
    claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        claim.bind((str(network[-2]), PORT))
    except OSError as error:
        claim.close()
        raise _network_in_use(network, error) from error
    return claim


def _bound(port: int) -> socket.socket:
    """Return a socket that holds a port of this machine and does not listen on it: whoever connects is refused."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((HOST, port))
    return held


def _network_in_use(network: ipaddress.IPv4Network, error: OSError) -> NetworkInUse:
    return NetworkInUse(
        f"Network {network} cannot be used on port {PORT} ({reason(error)}): choose another --network."
    )


def _raise_open_files() -> None:
    """Allow as many sockets as the machine allows: each receiver needs one, and one for each session."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
