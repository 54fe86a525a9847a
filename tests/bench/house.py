"""A house on the feed's board whose receivers nobody polls: what changes is recorded by the benchmark.

The records are those that polls leave: each reading was judged beforehand, there and back again, so that every turn
changes a field of each channel, with its state after it.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, islice
from typing import Any

from django.db import connection, transaction

from core import clock
from core.claims import Due, Started, again, claim_due, start
from core.domain.changes import applied
from core.domain.outcome import ChangedChannel, Known, KnownChannel, Outcome, judge
from core.domain.reading import ChannelReading
from core.models import Claim
from core.recording import record, write_changes
from realtime.board import Window
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers

CHANNELS = 4  # of a receiver
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """A receiver whose claim was started, and what its polls find in turn."""

    started: Started
    turns: tuple[Outcome, Outcome]

    @property
    def device_ids(self) -> list[str]:
        return [channel.device_id for channel in self.started.known.channels]

    def record(self, number: int) -> bool:
        return record(self.started, self.turns[number % 2], memory={}, server=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """A window, and the monotonic time at which it was committed; its bell rings right after that."""

    window: Window
    at: float

    @property
    def seq(self) -> int:
        return self.window.seq


class House:
    """So many channels. `racks` can be recorded from any process; a window of the house's own needs none of them."""

    def __init__(self, channels: int) -> None:
        make_receivers(channels // CHANNELS)
        due, _ = claim_due(channels)
        begun = [_first(each) for each in due]
        tomorrow = clock.now() + A_DAY
        Claim.objects.update(wanted=False, slot_at=tomorrow, stale_at=tomorrow)
        while emit():  # until all of it is on the board
            pass
        self.racks = [_rack(started) for started in begun]
        pairs = ([outcome.channels for outcome in rack.turns] for rack in self.racks)
        self._pairs = [pair for there, back in pairs for pair in zip(there, back, strict=True)]
        self._turns = count()
        self._next = self._changing()

    def window(self, channels: int) -> Emitted:
        """Change so many channels, each in its turn, and have the product's emitter tell it in one window."""
        with transaction.atomic(), connection.cursor() as cursor:
            write_changes(cursor, islice(self._next, channels))
        committed: list[float] = []

        def note(execute: Any, *statement: Any) -> Any:
            if connection.in_atomic_block:
                transaction.on_commit(lambda: committed.append(time.monotonic()))
            return execute(*statement)

        with connection.execute_wrapper(note):
            (window,) = emit()
        return Emitted(window=window, at=committed[-1])

    def _changing(self) -> Iterator[ChangedChannel]:
        """Go through the house again and again."""
        for number in self._turns:
            for pair in self._pairs:
                yield pair[number % 2]


def _first(due: Due) -> Started:
    """Start a claim and record a first reading."""
    started = start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
    assert started is not None
    assert record(started, _judged(started.known, turn=0), memory={}, server=None)
    return started


def _rack(begun: Started) -> Rack:
    """Judge what will be read of a receiver that is on the board."""
    started = again(begun)
    assert started is not None
    there = _judged(started.known, turn=1)
    back = _judged(_after(started.known, there), turn=0)
    return Rack(started=started, turns=(there, back))


def _judged(known: Known, *, turn: int) -> Outcome:
    reading = answered(*(_heard(channel, turn) for channel in known.channels))
    return replace(judge(known, reading), stale_at=known.now + A_DAY)


def _heard(channel: KnownChannel, turn: int) -> ChannelReading:
    """Return what is heard of a channel: no two are alike, so that nothing compresses better than in a real house.

    From turn to turn the battery changes, which is an update of 128 bytes.
    """
    chance = random.Random(channel.id)  # noqa: S311  repeatable, not secret
    rf_dbm = chance.randint(-70, -35)
    return heard(
        channel.number,
        name=f"Vox {channel.id}",
        battery_percent=chance.randint(50, 98) + turn,
        battery_minutes=chance.randint(120, 500),
        rf_dbm=rf_dbm,
        rf_a_dbm=rf_dbm,
        rf_b_dbm=rf_dbm - chance.randint(1, 20),
        audio_dbfs=chance.randint(-50, -12),
        frequency_khz=470_000 + 25 * chance.randrange(8_000),
    )


def _after(known: Known, outcome: Outcome) -> Known:
    """Return what is known of a receiver once this was recorded."""
    changed = {channel.id: channel.changes for channel in outcome.channels}
    return replace(
        known,
        tier=outcome.tier,
        sources=outcome.sources,
        seen_at=outcome.seen_at,
        channels=tuple(
            replace(channel, recorded=applied(channel.recorded, changed.get(channel.id, ())))
            for channel in known.channels
        ),
    )
