"""Starts children and lets the console say what they say."""

import asyncio
import os
import subprocess
from asyncio import StreamReader, StreamReaderProtocol
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals
from typing import IO

from deploy.console import Console
from deploy.program import CannotStart, tied

_CHUNK = _LONGEST_LINE = 65536


class Child:
    """A process that was started. asyncio's own waits until nobody has its output open any more, too."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid
        self.output = process.stdout
        self.errors = process.stderr

    async def ended(self) -> int:
        """Return how it ended, as soon as it has."""
        if not self.has_ended:
            loop = asyncio.get_running_loop()
            gone = asyncio.Event()
            watched = os.pidfd_open(self.pid)
            loop.add_reader(watched, gone.set)
            try:
                await gone.wait()
            finally:
                loop.remove_reader(watched)
                os.close(watched)
        return self._process.wait()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def tell(self, signal: Signals) -> None:
        self._process.send_signal(signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """What all children of a run have in common.

    It is used in the main thread only: a child is tied to the thread that starts it.
    """

    console: Console
    folder: Path
    environment: Mapping[str, str]
    inherited: tuple[int, ...] = ()

    def with_variables(self, variables: Mapping[str, str]) -> "Launcher":
        return replace(self, environment={**self.environment, **variables})

    def spawn(self, name: str, argv: tuple[str, ...], *, errors: int = subprocess.STDOUT) -> Child:
        """Start a child in a session of its own. Raises `CannotStart`."""
        try:
            process = subprocess.Popen(
                argv,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=self.inherited,
                start_new_session=True,
            )
        except OSError as error:
            raise CannotStart(f"{name} cannot be run: {error.strerror} ({error.filename}).") from error
        return Child(process)

    async def run(self, name: str, command: tuple[str, ...]) -> bytes:
        """Run a command to its end and return its output; its standard error goes to the console.

        Raises `CannotStart` unless it ends well.
        """
        child = self.spawn(name, tied(command), errors=subprocess.PIPE)
        try:
            output, _ = await asyncio.gather(_all(child.output), self.relay(name, child.errors))
            code = await child.ended()
        except asyncio.CancelledError:
            child.tell(Signals.SIGTERM)
            await child.ended()
            raise
        if code != 0:
            raise CannotStart(f"{name} {ending(code)}; its lines above say why.")
        return output

    async def relay(
        self, name: str, pipe: IO[bytes] | None, heard: Callable[[str], None] | None = None
    ) -> None:
        """Say each line of a child's output until it is closed."""
        pending = b""
        async with _reading(pipe) as stream:
            while chunk := await stream.read(_CHUNK):
                *lines, pending = (pending + chunk).split(b"\n")
                if len(pending) > _LONGEST_LINE:
                    lines, pending = [*lines, pending], b""
                for line in lines:
                    text = line.decode(errors="replace").rstrip()
                    self.console.say(name, text)
                    if heard:
                        heard(text)
        if pending:
            self.console.say(name, pending.decode(errors="replace").rstrip())


def ending(code: int) -> str:
    return f"ended with {code}" if code >= 0 else f"was ended by {Signals(-code).name}"


async def _all(pipe: IO[bytes] | None) -> bytes:
    async with _reading(pipe) as stream:
        return await stream.read()


@asynccontextmanager
async def _reading(pipe: IO[bytes] | None) -> AsyncIterator[StreamReader]:
    stream = StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: StreamReaderProtocol(stream), pipe
    )
    try:
        yield stream
    finally:
        transport.close()
