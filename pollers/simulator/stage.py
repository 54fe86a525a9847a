"""The stage: the rack, its server and its sockets, put together on one event loop."""

import asyncio
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
from pollers.simulator.families import BY_MODEL
from pollers.simulator.receivers import Rack, Receiver
from pollers.simulator.show import Moment
from pollers.simulator.system_api import SystemApi
from pollers.simulator.truth import Truth
from pollers.simulator.values import Unplayable

SMALLEST_NETWORK = 29


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
    ) -> None:
        self.credentials = credentials(data)
        self.api_key = self.credentials.api_key
        self.clock = Clock()
        self.clock.turn(monotonic(), paused=paused, speed=speed)
        self.rack = Rack(seed=seed, network=network, clock=self.clock)
        for model in models:
            self.rack.add(model)
        self.rack.open_curtain()
        self.counts = Counts()
        self.system_api = SystemApi(self.rack, self.counts, api_key=self.api_key, dialect=dialect)
        self.server = Listener(self.system_api.converse)
        self.receivers: dict[str, Listener] = {}
        self._port = port
        self._claim: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server.port}"

    async def open(self) -> None:
        """Open every socket, or none: `Occupied` when one is taken."""
        _raise_open_files()
        try:
            self._claim = _claim(self.rack.network)
            await open_port(self.server, self._port, "--port", tls=self._tls())
            for receiver in self.rack.receivers.values():
                await self._listen(receiver)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await asyncio.gather(*(listener.close() for listener in (self.server, *self.receivers.values())))
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    # What may be done to it from outside ------------------------------------------------------------------

    def moment(self) -> Moment:
        return self.clock.at(monotonic())

    def truth(self, source_id: str | None = None) -> Truth:
        return self.rack.truth(monotonic(), source_id)

    def hold(self, source_id: str, channel: int, values: Mapping[str, Any]) -> None:
        self.rack.hold(source_id, channel, values)

    def release(self, source_id: str, channel: int, fields: Iterable[str] = ()) -> None:
        self.rack.release(source_id, channel, fields)

    def turn(self, *, paused: bool | None = None, speed: float | None = None) -> None:
        self.clock.turn(monotonic(), paused=paused, speed=speed)

    def speak(self, **changes: Any) -> None:
        self.system_api.dialect = self.system_api.dialect.with_changes(**changes)

    async def patch(self, source_id: str, values: Mapping[str, Any]) -> None:
        receiver = self.rack.patch(source_id, values)
        if receiver.listening and receiver.source_id not in self.receivers:
            await self._listen(receiver)
        elif not receiver.listening:
            await self._fall_silent(receiver)

    async def add(self, model: str, *, name: str | None = None) -> str:
        receiver = self.rack.add(model, name=name)
        await self._listen(receiver)
        return receiver.source_id

    async def remove(self, source_id: str) -> None:
        await self._fall_silent(self.rack.remove(source_id))

    # Sockets ----------------------------------------------------------------------------------------------

    async def _listen(self, receiver: Receiver) -> None:
        listener = Listener(partial(self._command_strings, Frames(self.rack, receiver)))
        try:
            await listener.open(receiver.address, PORT)
        except OSError as error:
            receiver.listening = False
            raise _network_in_use(self.rack.network, error) from error
        self.receivers[receiver.source_id] = listener

    async def _fall_silent(self, receiver: Receiver) -> None:
        if listener := self.receivers.pop(receiver.source_id, None):
            await listener.close()

    async def _command_strings(self, frames: Frames, connection: Connection) -> None:
        await Session(frames, self.counts, connection).run()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.credentials.certificate, self.credentials.private_key)
        return context


def models_of(devices: int) -> list[str]:
    """Return this many models, each family in turn."""
    models = list(BY_MODEL)
    return [models[index % len(models)] for index in range(devices)]


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


def _network_in_use(network: ipaddress.IPv4Network, error: OSError) -> NetworkInUse:
    return NetworkInUse(
        f"Network {network} cannot be used on port {PORT} ({reason(error)}): choose another --network."
    )


def _raise_open_files() -> None:
    """Allow as many sockets as the machine allows: each receiver needs one, and one for each session."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
