"""Say why a receiver is polled as it is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import explain


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = "Say why a receiver is polled as it is, when it is next, how its sources answered, and its last ten polls."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device", help="a receiver's code, a channel's id, or an alias")

    def handle(self, *_args: object, **options: Any) -> None:
        receiver = explain.find(options["device"])
        if receiver is None:
            raise CommandError(
                f"There is no receiver {options['device']}. The board shows the ids; `manage.py sync_inventory` "
                "asks the servers for new ones."
            )
        for line in explain.schedule(receiver):
            self.stdout.write(line)
