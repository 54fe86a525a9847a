"""What is done to the processes behind the feed: each deed once in a round, in an order that chance makes."""

import math
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from signal import Signals

import psycopg
import redis

from tests.deploy.processes import until

from .theatre import Theatre

LONGEST_PAUSE_S = 4
WAITS = 0.7  # until who was harmed is back; or else the next harm is done meanwhile
LONGEST_FREEZE_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Harm to a process that is up. `restarts`: it ends, and another comes for it."""

    name: str
    victim: str
    act: Callable[[], None]
    restarts: bool = False


class Nemesis:
    """`done` counts the deeds by their name."""

    def __init__(self, theatre: Theatre, seed: str) -> None:
        self._theatre = theatre
        self._chance = random.Random(f"{seed} nemesis")  # noqa: S311  repeatable, not secret
        self._deeds = [
            self._signal("web killed", "web", signal.SIGKILL),
            self._signal("web stopped", "web", signal.SIGTERM),
            Deed(name="web frozen", victim="web", act=self._freeze_the_web),
            Deed(name="postgres killed", victim="postgres", act=theatre.kill_postgres, restarts=True),
            self._signal("postgres restarted", "postgres", signal.SIGINT),
            self._signal("valkey killed", "valkey", signal.SIGKILL),
            self._signal("valkey restarted", "valkey", signal.SIGTERM),
            Deed(name="layer cut", victim="valkey", act=self._cut_the_layer),
            Deed(name="epoch renewed", victim="postgres", act=self._renew_the_epoch),
        ]
        self.done = {deed.name: 0 for deed in self._deeds}

    def round(self, until_s: float = math.inf) -> None:
        """Do every deed once, in some order, or those that begin before this moment of the monotonic clock."""
        for deed in self._chance.sample(self._deeds, len(self._deeds)):
            if time.monotonic() > until_s:
                return
            time.sleep(self._chance.uniform(0.5, LONGEST_PAUSE_S))
            waits = self._chance.random() < WAITS
            self._theatre.await_ready(deed.victim)
            before = self._theatre.pid(deed.victim)
            deed.act()
            self.done[deed.name] += 1
            if deed.restarts and waits:
                self._theatre.await_ready(deed.victim, instead_of=before)

    def _signal(self, name: str, victim: str, word: Signals) -> Deed:
        def act() -> None:
            os.kill(self._theatre.pid(victim), word)

        return Deed(name=name, victim=victim, act=act, restarts=True)

    def _freeze_the_web(self) -> None:
        self._theatre.freeze("web")
        time.sleep(self._chance.uniform(0.5, LONGEST_FREEZE_S))
        self._theatre.thaw("web")

    def _cut_the_layer(self) -> None:
        """Cut every connection of those who ring and those who listen."""
        with redis.Redis.from_url(self._theatre.store_url) as store:
            for kind in ("pubsub", "normal"):
                store.client_kill_filter(_type=kind)

    def _renew_the_epoch(self) -> None:
        """Do to the sequence what a hub does that finds it set back."""
        epoch = f"{self._chance.randrange(16**6):06x}"
        until(lambda: self._renewed(epoch))

    def _renewed(self, epoch: str) -> bool:
        with suppress(psycopg.OperationalError):
            self._theatre.sql("UPDATE core_head SET epoch = %s", [epoch])
            return True
        return False
