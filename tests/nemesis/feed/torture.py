"""A run: clients come and go while everything behind the feed is killed; then there is peace, and they are compared."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy import supervisor

from .clients import MANNERS, Client
from .harm import Nemesis
from .journal import Breach, Broken, Windows
from .theatre import Theatre

AGREE_WITHIN_S = 90
TOLD_OF_EACH = 3
RESTARTED_AFTER_S = 1.0
# What no program says that is right, whatever becomes of Postgres and Valkey.
SURPRISES = ("an emitter FAILED", "The hub failed to", "A socket took no frame", "Exception in thread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What happened, and what of it breaks a promise."""

    happened: Mapping[str, int]
    kills: Mapping[str, int]
    closes: Mapping[int, int]
    breaches: Sequence[Breach]

    @property
    def broken(self) -> Mapping[str, int]:
        """How often each promise was broken, with those that were kept."""
        return {kind.value: sum(one.kind is kind for one in self.breaches) for kind in Broken}

    @property
    def first(self) -> list[str]:
        """Some of the breaches of each kind, a sentence each."""
        return [
            f"{kind}: {breach.what}"
            for kind in Broken
            for breach in [one for one in self.breaches if one.kind is kind][:TOLD_OF_EACH]
        ]


def torture(folder: Path, *, seed: str, minutes: float | None, number: int) -> Result:
    """Run so many clients through so many minutes of harm; None: through every kind of harm once."""
    with _soon_restarted(), Theatre(folder, seed=seed) as theatre:
        return asyncio.run(_play(theatre, seed=seed, minutes=minutes, number=number))


@contextmanager
def _soon_restarted() -> Iterator[None]:
    """Have the supervisor not lose patience with what dies again and again."""
    longest_s = supervisor._LONGEST_PAUSE_S
    supervisor._LONGEST_PAUSE_S = RESTARTED_AFTER_S
    try:
        yield
    finally:
        supervisor._LONGEST_PAUSE_S = longest_s


async def _play(theatre: Theatre, *, seed: str, minutes: float | None, number: int) -> Result:
    nemesis, windows, peace = Nemesis(theatre, seed), Windows(), asyncio.Event()
    clients = [
        Client(
            MANNERS[one % len(MANNERS)],
            windows,
            address=theatre.address,
            token=theatre.token,
            peace=peace,
            seed=f"{seed} client {one}",
        )
        for one in range(number)
    ]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(client.run()) for client in clients]
        await asyncio.to_thread(_harm, nemesis, minutes)
        await asyncio.to_thread(theatre.make_peace)
        peace.set()
        breaches = await _agree(theatre, clients)
        for task in running:
            task.cancel()
    for client in clients:
        breaches += client.journal.breaches
    kept = theatre.windows()
    breaches += [
        Breach(kind=Broken.CONTRADICTION, what=f"window {place} was told, and is not what is kept")
        for place, content in windows.contents.items()
        if kept.get(place) != content
    ]
    breaches += [
        Breach(kind=Broken.SURPRISE, what=f"“{line}” is said {times} times")
        for line in SURPRISES
        if (times := theatre.times(line))
    ]
    frames = sum((client.journal.counts for client in clients), Counter[str]())
    return Result(
        happened={
            "windows": len(kept),
            "frames": frames.total(),
            "updates": frames["batch_update"],
            "snapshots": frames["initial_data"],
            "resumes": frames["resumed"],
            "reconnects": sum(client.connections - 1 for client in clients),
            "bells_lost": theatre.times("a bell is lost"),
        },
        kills={**nemesis.done, "emitter died": theatre.times("an emitter died")},
        closes=sum((client.closes for client in clients), Counter[int]()),
        breaches=breaches,
    )


def _harm(nemesis: Nemesis, minutes: float | None) -> None:
    if minutes is None:
        nemesis.round()
        return
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        nemesis.round(end)


async def _agree(theatre: Theatre, clients: Sequence[Client]) -> list[Breach]:
    """Wait until each client's board is the database's, and return where it is not to be."""
    end = time.monotonic() + AGREE_WITHIN_S
    while True:
        head = await asyncio.to_thread(theatre.head)
        is_late = time.monotonic() > end
        if is_late or all(client.journal.place == head for client in clients):
            truth = await asyncio.to_thread(theatre.truth)
            differing = [
                Breach(kind=Broken.BOARD, what=f"{client.manner}: {'; '.join(found[:TOLD_OF_EACH])}")
                for client in clients
                if (found := client.journal.differences(truth))
            ]
            if is_late or not differing:
                return differing
        await asyncio.sleep(1)
