"""Programs on a Postgres and a Valkey of their own, kept running as those of a deployed Micboard are."""

import asyncio
import io
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import Params

from deploy import postgres, valkey
from deploy.console import Console
from deploy.launcher import Launcher
from deploy.program import Program
from deploy.supervisor import Supervisor
from tests.deploy.processes import is_alive, kill, until, working_in

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90

_MIGRATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""

Given = TypeVar("Given")


class Kept:
    """Runs within a block. What is killed in it is started again by the supervisor that a deployed one has.

    `set_up` is what Django's shell does once the tables are there, `set_up_said` what it says. The supervisor lives
    in a thread that lasts as long as the block: what it starts ends with that thread.
    """

    def __init__(
        self, folder: Path, *, set_up: str, programs: Iterable[Program], variables: Mapping[str, str]
    ) -> None:
        self.said = io.StringIO()
        self.set_up_said = b""
        self.cluster, self._store = folder / "postgres", folder / "valkey"
        self._store.mkdir()
        self.store_url = valkey.url(folder)
        self._url = postgres.url(folder)
        self._folder = folder
        self._set_up = set_up
        self._programs = tuple(programs)
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
                "REDIS_URL": self.store_url,
                **variables,
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
        self.set_up_said = await self._shell(_MIGRATE + self._set_up)
        await self._supervisor.start(self._launcher, *self._programs)

    def _run(self, what: Coroutine[Any, Any, Given]) -> Given:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_S)

    def shell(self, words: str) -> bytes:
        """Return what Django's shell says to these words."""
        return self._run(self._shell(words))

    async def _shell(self, words: str) -> bytes:
        manage = (sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", words)
        return await self._launcher.run("shell", manage)

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

    def is_ready(self, name: str) -> bool:
        pid = self.pid(name)
        return is_alive(pid) and f"(process {pid})" in self.said.getvalue()

    def await_ready(self, name: str, *, instead_of: int | None = None) -> None:
        """Return when the process of this name is ready, and is another than that one."""
        until(lambda: self.pid(name) != instead_of and self.is_ready(name), within_s=PATIENCE_S)

    def now(self) -> datetime:
        ((now,),) = self.sql("SELECT clock_timestamp()")
        assert isinstance(now, datetime)
        return now

    def kill_postgres(self) -> None:
        """End all of its processes at once, as a power cut does, and not the postmaster alone."""
        kill(*working_in(self.cluster))
