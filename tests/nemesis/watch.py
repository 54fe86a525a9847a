"""A while of the house's life, from a moment at which all was well: what a test does harm in, and looks back at."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from .house import BEATS, WORKERS, House
from .journal import MOVE, Journal

GENEROUS_S = 90
_UNPOLLED = """
SELECT count(*) FROM core_receiver r
 WHERE NOT EXISTS (SELECT FROM nemesis n WHERE n.receiver_id = r.id AND n.what = 'recorded' AND n.at > %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """`held` are the receivers that were being polled when it began."""

    house: House
    since: datetime
    held: frozenset[int]

    @classmethod
    def begin(cls, house: House) -> "Watch":
        for name in (*BEATS, *WORKERS):
            house.await_ready(name)
        all_polled(house, house.now() - timedelta(seconds=3))
        since = house.now()
        held = house.sql("SELECT receiver_id FROM core_claim WHERE inflight_until IS NOT NULL")
        house.simulator.reset_counts()
        return cls(house=house, since=since, held=frozenset(receiver_id for (receiver_id,) in held))

    def all_due_at_once(self) -> None:
        self.house.sql(MOVE)

    def end(self) -> Journal:
        """Return the journal when every receiver was polled once more from now on."""
        all_polled(self.house, self.house.now())
        return self.house.journal(self.since)

    def silence(self, journal: Journal) -> timedelta:
        return journal.longest_silence(self.since)

    def asked_too_often(self, *, at_once: int = 1) -> list[str]:
        """Say which receivers had more sessions than polls were started, or more of them at once."""
        sources = dict(self.house.sql("SELECT source_id, id FROM core_receiver"))
        counts = self.house.simulator.counts()  # before the starts are read: a poll is started, then asks
        started = self.house.journal(self.since).of("started")
        return [
            f"{source_id}: {sessions}"
            for source_id, sessions in counts.receivers.items()
            if sessions.most_open > at_once
            or sessions.opened > len(started.get(sources[source_id], [])) + (sources[source_id] in self.held)
        ]


def all_polled(house: House, since: datetime) -> None:
    """Return when every receiver was polled after this moment."""
    until(lambda: house.sql(_UNPOLLED, [since]) == [(0,)], "every receiver is polled")


def until(true: Callable[[], object], what: str) -> float:
    """Look again and again until it is so, whether or not Postgres can be asked; return the seconds it took."""
    began = time.monotonic()
    while True:
        with suppress(psycopg.OperationalError):
            if true():
                return time.monotonic() - began
        assert time.monotonic() - began < GENEROUS_S, f"not so within {GENEROUS_S} s: {what}"
        time.sleep(0.05)
