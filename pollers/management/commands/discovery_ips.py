"""Where a server looks for devices, beside those that it finds by itself."""

from argparse import ArgumentParser
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.models import Server
from pollers import inventory
from pollers.shure.deadlines import Deadline
from pollers.shure.system_api import SystemApi

WITHIN = timedelta(seconds=8)


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = (
        "List the addresses at which a System API server looks for devices, or add or remove some. The server's own "
        "list is read first and merged, so nothing that is on it gets lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["list", "add", "remove"])
        parser.add_argument("addresses", nargs="*", metavar="IP", help="addresses to add or remove")
        parser.add_argument("--server", help="name of the server; needed where there are several")

    def handle(self, *_args: object, **options: Any) -> None:
        what, addresses = options["what"], _checked(options["addresses"])
        if what == "list" and addresses:
            raise CommandError("list takes no addresses.")
        if what != "list" and not addresses:
            raise CommandError(f"Say which addresses to {what}.")
        server = _server(options["server"])
        try:
            api = inventory.api_of(server)
            before = api.discovery_ips(deadline=Deadline.after(WITHIN))
            after = self._merged(api, what, before, addresses)
        except inventory.CANNOT_ASK as error:
            raise CommandError(inventory.sentence(error)) from error
        for address in after:
            self.stdout.write(address)
        if what != "list":
            self.stderr.write(f"{server.name}: {len(before)} addresses before, {len(after)} now.")

    def _merged(self, api: SystemApi, what: str, before: list[str], addresses: list[str]) -> list[str]:
        match what:
            case "add":
                after = [*before, *(address for address in addresses if address not in before)]
            case "remove":
                after = [address for address in before if address not in addresses]
            case _:
                return before
        if after != before:
            api.replace_discovery_ips(after, deadline=Deadline.after(WITHIN))
        return after


def _checked(addresses: list[str]) -> list[str]:
    for address in addresses:
        try:
            ip_address(address)
        except ValueError:
            raise CommandError(f"{address} is no IP address.") from None
    return list(dict.fromkeys(addresses))


def _server(name: str | None) -> Server:
    servers = Server.objects.filter(enabled=True)
    found = list(servers.filter(name=name) if name else servers)
    match found:
        case [server]:
            return server
        case []:
            raise CommandError("No enabled server fits. `manage.py add_server --help` says how to add one.")
        case _:
            names = ", ".join(server.name for server in found)
            raise CommandError(f"There are several servers: say --server with one of {names}.")
