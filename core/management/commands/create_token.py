"""Make a bearer token for an integrator, and show it once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.access import create_token


class Command(BaseCommand):
    help = "Make a token that reads the feed. It is shown once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what uses it, such as 'lobby screen'")
        parser.add_argument("--expires-days", type=float, help="days until it ends (it does not, by default)")

    def handle(self, *_args: object, **options: Any) -> None:
        days: float | None = options["expires_days"]
        if days is not None and days <= 0:
            raise CommandError("--expires-days has to be more than 0.")
        name = options["name"].strip()
        if not name:
            raise CommandError("Give the token a name that tells what uses it.")
        _, secret = create_token(name, expires_at=clock.now() + timedelta(days=days) if days else None)
        self.stderr.write(f"Token “{name}”: keep it now, it is not shown again.")
        self.stdout.write(secret)
