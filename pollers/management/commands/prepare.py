"""Bring an installation to where its processes can start: tables, static files, sign-ins, and the demo."""

import hashlib
import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core import first_run, retention
from pollers.demo import NoRoom, Simulation, ensure_demo

T = TypeVar("T")


class Command(BaseCommand):
    help = "Migrate, collect static files, make the admin and a feed token, register the demo where no server is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="without the simulator and its data")
        parser.add_argument("--json", action="store_true", help="say what was made as one JSON object")

    def handle(self, *_args: object, **options: Any) -> None:
        self._step("Database up to date", _migrate)
        self._step("Static files collected", _collect)
        password_file = self._step("Admin there", first_run.ensure_admin)
        token_file = self._step("Feed token there", first_run.ensure_feed_token)
        try:
            simulation: Simulation | None = self._step(
                "Demo registered" if not options["no_demo"] else "No demo",
                lambda: ensure_demo(wanted=not options["no_demo"]),
            )
        except NoRoom as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            made = {
                "admin": {
                    "user": first_run.ADMIN,
                    "password_file": str(password_file) if password_file else None,
                },
                "feed_token_file": str(token_file),
                "simulator": simulation.as_json() if simulation else None,
            }
            self.stdout.write(json.dumps(made))

    def _step(self, sentence: str, act: Callable[[], T]) -> T:
        began = time.monotonic()
        result = act()
        self.stderr.write(f"{sentence} ({time.monotonic() - began:.1f} s)")
        return result


def _migrate() -> None:
    # Looked up first: the command itself takes a second even where there is nothing to do.
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        # A migration may take longer than a statement of a worker ever may.
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = '30s'")
        call_command("migrate", interactive=False, verbosity=0)
    retention.ensure_partitions()


def _collect() -> None:
    """Collect the static files, unless these very files were collected already."""
    stamp = settings.STATIC_ROOT / ".collected"
    files = _static_files()
    if stamp.exists() and stamp.read_text() == files:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(files)


def _static_files() -> str:
    """Return a digest of all static files by name, size and age."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
