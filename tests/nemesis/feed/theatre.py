"""A Daphne, emitters and writers on a Postgres and a Valkey of their own, kept running as a deployed Micboard is."""

import re
import sys
import time
from contextlib import suppress
from pathlib import Path

import orjson
import psycopg

from deploy import processes
from deploy.program import Program
from tests.nemesis.kept import ROOT, Kept
from tests.ports import free_port

from .journal import Truth, content_of

WINDOW_MS = 250  # so that there are more of them, and each is late more often
SETTLES_WITHIN_S = 120

_SET_UP = """
from django.contrib.auth.models import User
from core.access import create_token
from core.models import Group, Location, Receiver, Server
from pollers import inventory
from tests.fleet import device, make_server
User.objects.create_superuser("fuzz")
for slug in ("main-a", "main-b"):
    Location.objects.create(slug=slug, title=slug)
for slug in ("stage-left", "band"):
    Group.objects.create(slug=slug, title=slug)
inventory.keep(make_server("main"), [device(number) for number in range(1, 17)], [])
inventory.keep(make_server("annex"), [device(number) for number in range(1001, 1004)], [])
Receiver.objects.update(interval_s=1)
print(create_token("fuzz")[1])
"""

_BOARD = """
import orjson
from realtime.snapshot import read_board
board = read_board()
told = {"epoch": board.epoch, "seq": board.seq, "rows": board.rows, "intervals": board.intervals}
print(orjson.dumps({**told, "alerts": list(board.alerts.values())}).decode())
"""

_IS_TOLD = """
SELECT NOT EXISTS (SELECT FROM core_inbox) AND NOT EXISTS (SELECT FROM core_edited)
   AND (SELECT emitted_at > now() - interval '5 s' FROM core_head)
"""


class Theatre(Kept):
    """Until there is peace the writers write and the emitters die."""

    def __init__(self, folder: Path, *, seed: str) -> None:
        port = free_port()
        self.address = f"ws://127.0.0.1:{port}"
        self._peace, static = folder / "peace", folder / "static"
        static.mkdir()
        super().__init__(
            folder,
            set_up=_SET_UP,
            programs=_programs(port, seed, self._peace),
            variables={
                "MICBOARD_SECRET_KEY": "nobody's",
                "MICBOARD_DATA": str(folder / "data"),
                "MICBOARD_STATIC": str(static),
                "MICBOARD_ALLOW_LOOPBACK": "1",
                "MICBOARD_LOG_LEVEL": "WARNING",
                "MICBOARD_PORT": str(port),
                "MICBOARD_WINDOW_MS": str(WINDOW_MS),
                "MICBOARD_SOCKETS_PER_TOKEN": "1000",
            },
        )

    @property
    def token(self) -> str:
        return self.set_up_said.decode().strip()

    def make_peace(self) -> None:
        """Return when nobody does harm any more, all is up, and everything that was recorded is in a window."""
        self._peace.touch()
        for name in ("postgres", "valkey", "web", "emitters", "writers"):
            self.await_ready(name)
        end = time.monotonic() + SETTLES_WITHIN_S
        while not self._is_told():
            assert time.monotonic() < end, "the inbox is not empty"
            time.sleep(0.2)

    def _is_told(self) -> bool:
        with suppress(psycopg.OperationalError):
            return "the writers rest" in self.said.getvalue() and self.sql(_IS_TOLD) == [(True,)]
        return False

    def head(self) -> tuple[str, int]:
        ((epoch, seq),) = self.sql("SELECT epoch, seq FROM core_head")
        return epoch, seq

    def truth(self) -> Truth:
        """Return the board as Micboard's own code reads it from the database."""
        told = orjson.loads(self.shell(_BOARD))
        return Truth(**{**told, "alerts": {alert["id"]: alert for alert in told["alerts"]}})

    def windows(self) -> dict[tuple[str, int], bytes]:
        """Return what each window changes, as the database keeps it."""
        rows = self.sql("SELECT epoch, seq, frame FROM core_window")
        return {(epoch, seq): content_of(orjson.loads(frame)) for epoch, seq, frame in rows}

    def times(self, line: str) -> int:
        """Return how often somebody said so."""
        return self.said.getvalue().count(line)


def _programs(port: int, seed: str, peace: Path) -> list[Program]:
    web = processes.commands(ROOT / "Procfile")["web"]
    programs = [
        Program(
            name="web",
            command=("/bin/sh", "-c", web),
            ready=lambda: processes._is_healthy("127.0.0.1", port),
            stop_within_s=processes._STOP_S,
        )
    ]
    for name in ("emitters", "writers"):
        module = (sys.executable, "-m", f"tests.nemesis.feed.{name}", seed, str(peace))
        ready = re.compile(f"the {name} ")
        programs.append(Program(name=name, command=module, ready=ready))
    return programs
