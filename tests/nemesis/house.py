"""Two beats and two workers on a Postgres and a Valkey of their own, kept running as a deployed Micboard is."""

import asyncio
import io
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.abc import Params

from deploy import postgres, processes, valkey
from deploy.console import Console
from deploy.launcher import Launcher
from deploy.program import Program
from deploy.supervisor import Supervisor
from pollers.simulator import Simulator
from tests.deploy.processes import kill, until, working_in

from .journal import KEEP_A_JOURNAL, READ, Journal

ROOT = Path(__file__).parents[2]
BEATS = ("beat-1", "beat-2")
WORKERS = ("worker-1", "worker-2")
INTERVALS_S = (2, 3, 4, 5)
PATIENCE_S = 90

_SET_UP = """
from django.core.management import call_command
from core.models import Receiver, Server
from pollers.inventory import take
call_command("migrate", verbosity=0)
take(Server.objects.create(name="main", url={url!r}, key_reference="env:NEMESIS_KEY", pins=[{pin!r}]))
for number, receiver in enumerate(Receiver.objects.order_by("pk")):
    Receiver.objects.filter(pk=receiver.pk).update(interval_s={intervals}[number % {count}])
"""


class House:
    """Runs within a block. What is killed in it is started again by the supervisor that a deployed one has.

    The supervisor lives in a thread that lasts as long as the block: what it starts ends with that thread.
    """

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.simulator = simulator
        self.said = io.StringIO()
        self.cluster, self._store = folder / "postgres", folder / "valkey"
        self._store.mkdir()
        self._url = postgres.url(folder)
        self._folder = folder
        self._launcher = Launcher(
            console=Console(self.said, []),
            folder=ROOT,
            environment={
                **os.environ,
                "PATH": os.pathsep.join(
                    [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
                ),
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "core.settings",
                "DATABASE_URL": self._url,
                "REDIS_URL": valkey.url(folder),
                "NEMESIS_KEY": simulator.api_key,
            },
        )
        self._supervisor = Supervisor()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        postgres.create(self.cluster)
        self._thread.start()
        try:
            self._run(self._start())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._run(self._supervisor.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    async def _start(self) -> None:
        services = (
            postgres.program(self.cluster, self._folder),
            valkey.program(self._store, self._folder, throwaway=True),
        )
        await self._supervisor.start(self._launcher, *services)
        words = _SET_UP.format(
            url=self.simulator.url,
            pin=self.simulator.fingerprint,
            intervals=INTERVALS_S,
            count=len(INTERVALS_S),
        )
        manage = (sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", words)
        await self._launcher.run("setup", manage)
        self.sql(KEEP_A_JOURNAL)
        await self._supervisor.start(self._launcher, *_programs())

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_S)

    def sql(self, statement: str, values: Params = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def pid(self, name: str) -> int:
        """Return the process of this name that was started last."""
        (child,) = (keeper._child for keeper in self._supervisor._keepers if keeper.program.name == name)
        assert child is not None
        return child.pid

    def kill(self, name: str) -> int:
        """Kill a process, and return which one it was."""
        pid = self.pid(name)
        kill(pid)
        return pid

    def freeze(self, *names: str) -> None:
        for name in names:
            os.kill(self.pid(name), signal.SIGSTOP)

    def thaw(self, *names: str) -> None:
        for name in names:
            with suppress(ProcessLookupError):  # it was killed, and is not started again yet
                os.kill(self.pid(name), signal.SIGCONT)

    def await_ready(self, name: str, *, instead_of: int | None = None) -> None:
        """Return when the process of this name is ready, and is another than that one."""

        def is_ready() -> bool:
            pid = self.pid(name)
            return pid != instead_of and f"(process {pid})" in self.said.getvalue()

        until(is_ready, within_s=PATIENCE_S)

    def next_to(self, what: str, *names: str) -> str:
        """Return which of these processes is the next to have claimed, started or recorded, as soon as it has."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"LISTEN {what}".encode())
            for told in connection.notifies(timeout=PATIENCE_S):
                if told.payload in names:
                    return told.payload
        raise AssertionError(f"none of {names} {what} anything")

    def now(self) -> datetime:
        ((now,),) = self.sql("SELECT clock_timestamp()")
        assert isinstance(now, datetime)
        return now

    def journal(self, since: datetime) -> Journal:
        return Journal(self.sql(READ, [since]))

    def kill_postgres(self) -> None:
        """End all of its processes at once, as a power cut does, and not the postmaster alone."""
        kill(*working_in(self.cluster))


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
