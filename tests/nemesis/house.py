"""Two beats and two workers on a Postgres and a Valkey of their own, kept running as a deployed Micboard is."""

from datetime import datetime
from pathlib import Path

import psycopg

from deploy import processes
from deploy.program import Program
from pollers.simulator import Simulator

from .journal import READ, Journal
from .kept import PATIENCE_S, ROOT, Kept

BEATS = ("beat-1", "beat-2")
WORKERS = ("worker-1", "worker-2")
INTERVALS_S = (2, 3, 4, 5)

_SET_UP = """
from django.db import connection
from core.models import Receiver, Server
from pollers.inventory import take
from tests.nemesis.journal import KEEP_A_JOURNAL
take(Server.objects.create(name="main", url={url!r}, key_reference="env:NEMESIS_KEY", pins=[{pin!r}]))
for number, receiver in enumerate(Receiver.objects.order_by("pk")):
    Receiver.objects.filter(pk=receiver.pk).update(interval_s={intervals}[number % {count}])
connection.cursor().execute(KEEP_A_JOURNAL)
"""


class House(Kept):
    """Receivers of a simulator, and what polls them."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.simulator = simulator
        super().__init__(
            folder,
            set_up=_SET_UP.format(
                url=simulator.url,
                pin=simulator.fingerprint,
                intervals=INTERVALS_S,
                count=len(INTERVALS_S),
            ),
            programs=_programs(),
            variables={"NEMESIS_KEY": simulator.api_key},
        )

    def next_to(self, what: str, *names: str) -> str:
        """Return which of these processes is the next to have claimed, started or recorded, as soon as it has."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {what}".encode())
            for told in connection.notifies(timeout=PATIENCE_S):
                if told.payload in names:
                    return told.payload
        raise AssertionError(f"none of {names} {what} anything")

    def journal(self, since: datetime) -> Journal:
        return Journal(self.sql(READ, [since]))


def _programs() -> list[Program]:
    """Return the Procfile's beat, twice, and its worker that polls, twice, which here takes the suspects too."""
    lines = processes.commands(ROOT / "Procfile")
    commands = dict.fromkeys(BEATS, lines["beat"])
    for name in WORKERS:
        worker = lines["poll"].replace("poll@%h", f"{name}@%h").replace(",default ", ",default,poll.suspect ")
        commands[name] = worker
    assert all("poll.suspect" in commands[name] for name in WORKERS)
    return [
        Program(
            name=name,
            command=("/bin/sh", "-c", f"export PGAPPNAME={name}; {command}"),
            ready=processes._BEAT_READY if name in BEATS else processes._WORKER_READY,
        )
        for name, command in commands.items()
    ]
