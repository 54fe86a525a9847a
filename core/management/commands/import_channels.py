"""Import names, colours, places and slots of channels from a file, as the admin does."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import importing
from core.domain import sheets


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = "Name, mark and place channels as a CSV file says: all of it, or nothing. The admin exports such a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the CSV file")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            with Path(options["file"]).open("rb") as file:
                sheet = sheets.read(file.read(sheets.LARGEST + 1))
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        except sheets.Unreadable as error:
            raise CommandError(f"{options['file']}: {error}") from error
        planned = sheets.plan(sheet, importing.house())
        if planned.complaints:
            lines = "\n".join(f"line {told.line}: {told.sentence}" for told in planned.complaints)
            raise CommandError(f"{lines}\nNothing was imported.")
        for edit in planned.edits:
            self.stdout.write(f"{edit.device_id}\t{sheets.in_words(edit)}")
        if not planned.edits:
            self.stderr.write("Nothing to change: what the file says is there already.")
        elif options["dry_run"]:
            self.stderr.write("Nothing was changed: this was a dry run.")
        elif not importing.carry_out(sheet, planned, by=None):
            raise CommandError("Something was edited meanwhile, and nothing was imported. Run it again.")
