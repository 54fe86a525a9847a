"""Make a bearer token for an integrator, and show it once."""

import re
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from core.access import create_token
from core.models.access import LONGEST_NAME

SPAN = re.compile(r"(\d{1,5})([dh])", re.ASCII)


def end_of(text: str, now: datetime) -> datetime:
    """Return when a token ends: days or hours from now, or with a UTC day. Raises `ValueError` with a sentence."""
    if span := SPAN.fullmatch(text):
        count, unit = int(span[1]), span[2]
        end = now + (timedelta(days=count) if unit == "d" else timedelta(hours=count))
    else:
        try:
            day = date.fromisoformat(text)
            end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        except (ValueError, OverflowError) as error:
            raise ValueError(
                f"--expires takes 30d, 12h or a day such as 2027-01-31, not {text!r}."
            ) from error
    if end <= now:
        raise ValueError(f"--expires {text} is over already.")
    return end


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = "Make a token that reads the feed. It is shown once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what uses it, such as 'lobby screen'")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            metavar="SCOPE",
            help="what it may see: location:main-a, group:stage-left or device:SHURE001; "
            "again for more; everything, by default",
        )
        parser.add_argument(
            "--expires",
            metavar="WHEN",
            help="when it ends: after 30d or 12h, or with a day such as 2027-01-31 (UTC); never, by default",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        name = options["name"].strip()
        if not name:
            raise CommandError("Give the token a name that tells what uses it.")
        if len(name) > LONGEST_NAME:
            raise CommandError(f"A token's name has at most {LONGEST_NAME} characters.")
        try:
            expires_at = end_of(options["expires"], clock.now()) if options["expires"] is not None else None
            token, secret = create_token(name, scopes=options["scope"], expires_at=expires_at)
        except ValueError as error:
            raise CommandError(str(error)) from error
        sees = ", ".join(token.scopes) or "everything"
        until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "until it is revoked"
        self.stderr.write(f"Token “{name}”: sees {sees}, {until}. Keep it now, it is not shown again.")
        self.stdout.write(secret)
