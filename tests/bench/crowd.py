"""A crowd of WebSocket clients in a process of its own, so that their CPU time is nobody else's."""

import asyncio
import multiprocessing
import resource
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tests.bench.client import Client, Ledger, request
from tests.bench.workbench import cpu_s

# As browsers offer it.
COMPRESSION = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
BATCH, SINGLE = "/ws/devices/?mode=batch", "/ws/devices/"
_LOOK_EVERY_S = 0.02
_ANSWERS_WITHIN_S = 60
_ENDS_WITHIN_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """So many clients of one path. They take the headers in turn."""

    clients: int
    port: int
    path: str
    headers: Sequence[Mapping[str, str]] = field(default_factory=lambda: [{}])
    compressed: bool = False

    @property
    def requests(self) -> list[bytes]:
        extension = COMPRESSION if self.compressed else {}
        return [request(self.port, self.path, {**headers, **extension}) for headers in self.headers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What the clients heard so far. `updates` are frames with changes, `compressed` the clients with compression."""

    updates: int
    bytes: int
    compressed: int
    closed: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How clients came in: how long after the first began each was served, and who was refused, by why."""

    served_s: Sequence[float]
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Each update that a client heard: which client it was, the update's seq, and the monotonic time."""

    clients: "array[int]"
    seqs: "array[int]"
    ats: "array[float]"

    def __iter__(self) -> Iterator[tuple[int, int, float]]:
        return zip(self.clients, self.seqs, self.ats, strict=True)


class Crowd:
    """The clients of another process."""

    def __init__(self, pid: int, pipe: "Connection[Any, Any]") -> None:
        self.pid = pid
        self._pipe = pipe

    @property
    def cpu_s(self) -> float:
        return cpu_s(self.pid)

    def come(self, *, at_once: int = 50, within_s: float = 60) -> Arrival:
        """Have all connect, so many at a time, and return when each was served, or none more will be."""
        arrival: Arrival = self._ask("come", at_once, within_s, patience_s=within_s + _ANSWERS_WITHIN_S)
        return arrival

    def come_all(self, *, at_once: int = 50) -> None:
        """Have all connect, and no figure of a crowd of which some were not let in."""
        arrival = self.come(at_once=at_once)
        if arrival.refused:
            raise RuntimeError(f"{len(arrival.served_s)} clients were served, but not all: {arrival.refused}")

    def leave(self) -> None:
        """Have all hang up at once."""
        self._ask("leave")

    def count(self) -> Count:
        count: Count = self._ask("count")
        return count

    def heard(self) -> Heard:
        heard: Heard = self._ask("heard")
        return heard

    def wait(self, *, updates: int, within_s: float) -> bool:
        """Wait until the clients heard so many updates. False: they did not in time."""
        deadline = time.monotonic() + within_s
        while self.count().updates < updates:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _ask(self, *question: Any, patience_s: float = _ANSWERS_WITHIN_S) -> Any:
        self._pipe.send(question)
        if not self._pipe.poll(patience_s):
            raise TimeoutError(f"The clients did not answer {question[0]}.")
        return self._pipe.recv()


@contextmanager
def gathered(audience: Audience) -> Iterator[Crowd]:
    """Have such a crowd, not yet connected. It ends with the block, and with this process."""
    fresh = multiprocessing.get_context("spawn")
    pipe, theirs = fresh.Pipe()
    process = fresh.Process(target=attend, args=(theirs, audience), daemon=True)
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield Crowd(process.pid, pipe)
    finally:
        pipe.close()  # which ends it
        process.join(_ENDS_WITHIN_S)
        process.kill()
        process.join()


def attend(pipe: "Connection[Any, Any]", audience: Audience) -> None:
    """Be that process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_Attending(pipe, audience).until_told())


class _Attending:
    def __init__(self, pipe: "Connection[Any, Any]", audience: Audience) -> None:
        self._pipe = pipe
        self._audience = audience
        self._requests = audience.requests
        self._ledger = Ledger()
        self._clients: list[Client] = []

    async def until_told(self) -> None:
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        loop.add_reader(self._pipe.fileno(), asked.set)
        while True:
            await asked.wait()
            asked.clear()
            if not self._pipe.poll():  # the loop may say so once more for a question that was taken meanwhile
                continue
            try:
                word, *values = self._pipe.recv()
            except EOFError:
                return
            self._pipe.send(await getattr(self, f"_{word}")(*values))

    async def _come(self, at_once: int, within_s: float) -> Arrival:
        self._ledger.served_ats.clear()
        self._ledger.refused.clear()
        turns = asyncio.Semaphore(at_once)
        began = asyncio.get_running_loop().time()

        async def enter(number: int) -> None:
            async with turns:
                await self._enter(number)

        entering = [asyncio.create_task(enter(number)) for number in range(self._audience.clients)]
        _, late = await asyncio.wait(entering, timeout=within_s)
        for task in late:
            task.cancel()
        return Arrival(
            served_s=[at - began for at in self._ledger.served_ats],
            refused={**self._ledger.refused, **({"late": len(late)} if late else {})},
        )

    async def _enter(self, number: int) -> None:
        asks = self._requests[number % len(self._requests)]
        try:
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: Client(number, asks, self._ledger), "127.0.0.1", self._audience.port
            )
        except OSError as error:
            self._ledger.refused[str(error)] += 1
            return
        self._clients.append(client)
        await client.served

    async def _leave(self) -> None:
        for client in self._clients:
            client.leave()
        self._clients.clear()

    async def _count(self) -> Count:
        ledger = self._ledger
        return Count(
            updates=len(ledger.seqs),
            bytes=ledger.bytes,
            compressed=ledger.compressed,
            closed=Counter(ledger.closed),
        )

    async def _heard(self) -> Heard:
        return Heard(clients=self._ledger.clients, seqs=self._ledger.seqs, ats=self._ledger.ats)
