"""The simulator in a thread of its own, for tests; and `playing`, which the command runs too."""

import asyncio
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Self, TypeVar

from core.domain.reading import DeviceState
from pollers.simulator.control import Control
from pollers.simulator.counts import Counts
from pollers.simulator.dialect import Dialect
from pollers.simulator.faults import SERVER, Fault
from pollers.simulator.house import models_of
from pollers.simulator.scenarios import SHOW, scenario_of
from pollers.simulator.stage import NetworkInUse, Stage, network_of
from pollers.simulator.truth import Truth

Result = TypeVar("Result")

PATIENCE_SECONDS = 30
NETWORKS_TRIED = 50


@asynccontextmanager
async def playing(stage: Stage, *, control_port: int) -> AsyncIterator[Control]:
    """Play until the block is left; `Occupied` when a port or the network is in use."""
    await stage.open()
    control = Control(stage)
    try:
        await control.open(control_port)
        yield control
    finally:
        await control.close()
        await stage.close()


class Simulator:
    """Plays within a `with` block, in its own thread and loop; every method may be called from any thread.

    Without a network it takes a free one, without a data folder it makes credentials for the block alone.
    Setting a value the receiver cannot say raises `Unplayable`, naming what there is not `Unknown`.
    """

    def __init__(
        self,
        *,
        devices: int = 0,
        models: Sequence[str] = (),
        seed: int = 1,
        network: str | None = None,
        data: Path | None = None,
        port: int = 0,
        control_port: int = 0,
        dialect: Dialect | None = None,
        paused: bool = False,
        speed: float = 1.0,
        scenario: str = SHOW.name,
    ) -> None:
        self._models = list(models) or models_of(devices)
        self._seed = seed
        self._network = network
        self._data = data
        self._port = port
        self._control_port = control_port
        self._dialect = dialect or Dialect()
        self._paused = paused
        self._speed = speed
        self._scenario = scenario_of(scenario)
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._stage: Stage
        self._control: Control

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_SECONDS)

    @property
    def url(self) -> str:
        return self._stage.url

    @property
    def control_url(self) -> str:
        return self._control.url

    @property
    def api_key(self) -> str:
        return self._stage.api_key

    @property
    def certificate(self) -> Path:
        return self._stage.credentials.certificate

    @property
    def fingerprint(self) -> str:
        return self._stage.credentials.fingerprint

    @property
    def network(self) -> IPv4Network:
        return self._stage.rack.network

    @property
    def source_ids(self) -> tuple[str, ...]:
        return self.on_stage(lambda stage: tuple(stage.rack.receivers))

    def truth(self, source_id: str | None = None) -> Truth:
        return self.on_stage(lambda stage: stage.truth(source_id))

    def set(self, source_id: str, channel: int, **values: Any) -> None:
        """Set fields of `core.domain.reading.ChannelReading` and hold them."""
        self.on_stage(lambda stage: stage.hold(source_id, channel, values))

    def release(self, source_id: str, channel: int, *fields: str) -> None:
        """Let the show move these fields again, or all."""
        self.on_stage(lambda stage: stage.release(source_id, channel, fields))

    def patch(self, source_id: str, **values: Any) -> None:
        """Change a receiver: `name`, `state`, `listening`, `firmware`, `compatibility`, `capabilities`,
        `channel_capabilities`, `listed_address`, `answers_as`, `controllers_allowed`, `quadversity`.
        """
        self._await(lambda stage: stage.patch(source_id, values))

    def add(
        self,
        model: str,
        *,
        name: str | None = None,
        source_id: str | None = None,
        state: DeviceState = DeviceState.ONLINE,
    ) -> str:
        """Put one more receiver in and return its source id."""
        return self._await(lambda stage: stage.add(model, name=name, source_id=source_id, state=state))

    def remove(self, source_id: str) -> None:
        self._await(lambda stage: stage.remove(source_id))

    def swap(self, source_id: str, other: str, *, told: bool = True) -> None:
        """Let two receivers have each other's address; `told` is whether their server knows."""
        self._await(lambda stage: stage.swap(source_id, other, told=told))

    def move(self, source_id: str, *, told: bool = True) -> str:
        """Let a receiver move to an address that nobody had, and return it."""
        return self._await(lambda stage: stage.move(source_id, told=told))

    def replace(self, source_id: str, new_id: str | None = None) -> str:
        """Let another piece with the same serial stand in its place, and return its source id."""
        return self._await(lambda stage: stage.replace(source_id, new_id))

    def strike(self, fault: Fault, *, at: str = SERVER) -> None:
        """Let this go wrong at the server, at one of its resources ("/devices/{id}/name" for every device, or a
        path of one), or at the receiver with this source id. A place has one fault at a time.
        """
        self._await(lambda stage: stage.strike(at, fault))

    def heal(self, *, at: str | None = None) -> None:
        """Let nothing go wrong there any more, or, without a place, anywhere."""
        self._await(lambda stage: stage.heal(at))

    def distort_list(self, **changes: Any) -> None:
        """Make the device list odd: `shown`, `malformed`, `twice`, `repeating` of `listing.Oddities`."""
        self.on_stage(lambda stage: stage.distort_list(**changes))

    def turn(
        self,
        *,
        paused: bool | None = None,
        speed: float | None = None,
        skip: float | None = None,
        scenario: str | None = None,
    ) -> None:
        """Pause or go on, drain packs faster, skip ahead so many seconds, play another scenario."""
        wanted = None if scenario is None else scenario_of(scenario)
        self._await(lambda stage: stage.turn(paused=paused, speed=speed, skip=skip, scenario=wanted))

    def speak(self, **changes: Any) -> None:
        """Change the server's dialect."""
        self.on_stage(lambda stage: stage.speak(**changes))

    def counts(self) -> Counts:
        return self._await(lambda stage: stage.tally())

    def reset_counts(self) -> None:
        self.on_stage(lambda stage: stage.counts.reset())

    def on_stage(self, action: Callable[[Stage], Result]) -> Result:
        """Run this on the simulator's own loop, where nothing else happens meanwhile."""

        async def act(stage: Stage) -> Result:
            return action(stage)

        return self._await(act)

    def _await(self, action: Callable[[Stage], Awaitable[Result]]) -> Result:
        async def act() -> Result:
            return await action(self._stage)

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result(PATIENCE_SECONDS)

    def _run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="simulator-") as folder:
            asyncio.run(self._play(self._data or Path(folder)))

    async def _play(self, data: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            await self._play_on_a_network(data)
        except Exception as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _play_on_a_network(self, data: Path) -> None:
        for attempt in range(1, NETWORKS_TRIED + 1):
            self._stage = self._staged(data, self._network or _some_network())
            try:
                async with playing(self._stage, control_port=self._control_port) as self._control:
                    self._started.set_result(None)
                    await self._stop.wait()
                    return
            except NetworkInUse:
                if self._network is not None or attempt == NETWORKS_TRIED:
                    raise

    def _staged(self, data: Path, network: str) -> Stage:
        return Stage(
            models=self._models,
            seed=self._seed,
            network=network_of(network),
            data=data,
            port=self._port,
            dialect=self._dialect,
            paused=self._paused,
            speed=self._speed,
            scenario=self._scenario,
        )


def _some_network() -> str:
    """Return one of 3,500 loopback networks; not `random`, which test runs seed alike in every process."""
    return f"127.{32 + secrets.randbelow(219)}.{16 * secrets.randbelow(16)}.0/20"
