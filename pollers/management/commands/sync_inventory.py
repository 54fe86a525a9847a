"""Ask servers for their devices now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.models import Server
from pollers import inventory
from pollers.listing import lines


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = (
        "Ask every enabled server, or one, for its devices now, and say what is new. Devices that are gone are kept. "
        "Exit code 1 when a server did not answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--server", help="only the server of this name")

    def handle(self, *_args: object, **options: Any) -> None:
        servers = Server.objects.filter(enabled=True)
        if options["server"]:
            servers = servers.filter(name=options["server"])
        if not servers.exists():
            raise CommandError("No enabled server fits. `manage.py add_server --help` says how to add one.")
        silent = 0
        for server in servers:
            try:
                taken = inventory.take(server)
            except inventory.CANNOT_ASK as error:
                silent += 1
                self.stdout.write(f"{server.name}\tno answer\t{inventory.sentence(error)}")
                continue
            for line in lines(server, taken):
                self.stdout.write(line)
        if silent:
            raise CommandError(f"{silent} of {servers.count()} servers did not answer.")
