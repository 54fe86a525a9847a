"""Keeps programs running: tells when they are ready, restarts what ends, stops them in order."""

import asyncio
import os
import re
import signal
import time
from contextlib import suppress
from signal import SIGKILL, Signals

from deploy.launcher import Child, Launcher, ending
from deploy.orphans import STOPPING
from deploy.program import CannotStart, Program

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SETTLED_S = 30  # what lived this long starts over with the first pause
_PROBE_EVERY_S = 0.05
_LEFT_AT_ONCE = 130  # what a shell reports after Ctrl-C
_LAST_WORDS_S = 1  # so long may somebody below keep the output of a process that ended


def pause_s(before_s: float, lived_s: float) -> float:
    """Return how long to wait before the next start: twice the last time, unless it ran well meanwhile."""
    if before_s == 0 or lived_s >= _SETTLED_S:
        return _FIRST_PAUSE_S
    return min(2 * before_s, _LONGEST_PAUSE_S)


class Supervisor:
    """Programs in stages: those of one stage need those of the stages before."""

    def __init__(self) -> None:
        self.is_stopping = False
        self._stages: list[list[_Keeper]] = []

    async def start(self, launcher: Launcher, *programs: Program) -> None:
        """Start these at once, and return when each is ready. Raises `CannotStart` if one will not be."""
        stage = [_Keeper(program, launcher) for program in programs]
        self._stages.append(stage)
        await asyncio.gather(*(keeper.begin() for keeper in stage))

    async def stop(self) -> None:
        """Stop everything, the last started first, each within its time."""
        self._give_up()
        for stage in reversed(self._stages):
            for keeper in reversed(stage):
                keeper.tell(keeper.program.stop_signal)
            await asyncio.gather(*(keeper.end() for keeper in stage))

    def kill(self) -> None:
        """End everything now."""
        self._give_up()
        for keeper in self._keepers:
            keeper.tell(SIGKILL)

    def _give_up(self) -> None:
        self.is_stopping = True
        for keeper in self._keepers:
            keeper.unwanted.set()

    @property
    def _keepers(self) -> list["_Keeper"]:
        return [keeper for stage in self._stages for keeper in stage]


def stop_when_told(supervisor: Supervisor) -> None:
    """Let the first signal cancel this task, whose part it is to stop all in order, and the second end everything."""
    told = False
    task = asyncio.current_task()

    def stop() -> None:
        nonlocal told
        if told or supervisor.is_stopping or task is None:
            supervisor.kill()
            os._exit(_LEFT_AT_ONCE)
        told = True
        task.cancel()

    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            asyncio.get_running_loop().add_signal_handler(number, stop)


class _Keeper:
    """Keeps one program running until it is `unwanted`."""

    def __init__(self, program: Program, launcher: Launcher) -> None:
        self.program = program
        self.unwanted = asyncio.Event()
        self._launcher = launcher
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start it, and return when it is ready."""
        self._keeping = asyncio.create_task(self._keep())
        await asyncio.wait({self._ready}, timeout=self.program.ready_within_s)
        if not self._ready.done():
            raise CannotStart(f"{self.program.name} was not ready within {self.program.ready_within_s:g} s.")
        self._ready.result()

    def tell(self, word: Signals) -> None:
        if self._child:
            self._child.tell(word)

    async def end(self) -> None:
        """Return when it has ended; it is killed when its time to stop is over."""
        if self._keeping is None:
            return
        await asyncio.wait({self._keeping}, timeout=self.program.stop_within_s)
        if not self._keeping.done():
            self._say(f"did not stop within {self.program.stop_within_s:g} s and is killed")
            self.tell(SIGKILL)
        await self._keeping

    async def _keep(self) -> None:
        pause = 0.0
        deaths = 0
        while not self.unwanted.is_set():
            born = time.monotonic()
            try:
                end = ending(await self._live())
            except CannotStart as error:
                if not self._ready.done():
                    self._ready.set_exception(error)
                    return
                end = str(error)
            if self.unwanted.is_set():
                return
            deaths += 1
            if not self._ready.done() and deaths == self.program.deaths_allowed:
                sentence = f"{self.program.name} {end}; its lines above say why."
                self._ready.set_exception(CannotStart(sentence))
                return
            pause = pause_s(pause, time.monotonic() - born)
            self._say(f"{end}; it starts again in {pause:g} s")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.unwanted.wait()

    async def _live(self) -> int:
        """Run it once, and return how it ended."""
        child = self._child = self._launcher.spawn(self.program.name, self.program.argv)
        sign = asyncio.Event()
        relay = asyncio.create_task(self._relay(child, sign))
        watch = asyncio.create_task(self._watch(child, sign))
        code = await child.ended()
        watch.cancel()
        with suppress(ProcessLookupError):  # what it started and did not end
            os.killpg(child.pid, SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await relay
        return code

    async def _relay(self, child: Child, sign: asyncio.Event) -> None:
        def heard(line: str) -> None:
            if isinstance(self.program.ready, re.Pattern) and self.program.ready.search(line):
                sign.set()

        await self._launcher.relay(self.program.name, child.output, heard)

    async def _watch(self, child: Child, sign: asyncio.Event) -> None:
        born = time.monotonic()
        if isinstance(self.program.ready, re.Pattern):
            await sign.wait()
        else:
            while not await asyncio.to_thread(self.program.ready):  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(_PROBE_EVERY_S)
        if not child.has_ended:
            self._say(f"ready in {time.monotonic() - born:.1f} s (process {child.pid})")
            if not self._ready.done():
                self._ready.set_result(None)

    def _say(self, line: str) -> None:
        self._launcher.console.say(self.program.name, line)
