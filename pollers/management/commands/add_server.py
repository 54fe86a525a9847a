"""Add a Shure System API server, and say what it has."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core.models import Location, Server
from pollers import inventory
from pollers.listing import lines
from pollers.registration import address, fingerprint, free_name, register, shown_fingerprint, spaced


class Command(BaseCommand):
    help = (
        "Add a Shure System API server and list its devices. Its certificate is verified by a CA file or by its "
        "SHA-256 fingerprint; with neither, the fingerprint that it shows is shown to you first, and the key is "
        "not sent before you confirmed it. Nothing is kept of a server that does not answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="https://HOST:10000; the scheme may be left out")
        key = parser.add_mutually_exclusive_group(required=True)
        key.add_argument("--key-file", type=Path, metavar="FILE", help="file that holds the server's API key")
        key.add_argument(
            "--key-env", metavar="NAME", help="environment variable with the key; the workers need it too"
        )
        trust = parser.add_mutually_exclusive_group()
        trust.add_argument(
            "--ca-file", type=Path, metavar="FILE", help="PEM file of who issued its certificate"
        )
        trust.add_argument("--fingerprint", help="SHA-256 of its certificate, in any notation")
        parser.add_argument("--name", help="what the feed calls it (main, or after its host)")
        parser.add_argument("--location", metavar="SLUG", help="where its receivers are")

    def handle(self, *_args: object, **options: Any) -> None:
        url = address(options["url"].rstrip("/"))
        key_file, ca_file = options["key_file"], options["ca_file"]
        server = Server(
            name=options["name"] or free_name(url),
            url=url,
            key_reference=f"file:{key_file.absolute()}" if key_file else f"env:{options['key_env']}",
            ca_file=str(ca_file.absolute()) if ca_file else "",
            pins=[fingerprint(options["fingerprint"])] if options["fingerprint"] else [],
            location=_location(options["location"]),
        )
        try:
            if not server.ca_file and not server.pins:
                server.pins = [self._confirmed(url)]
            taken = register(server)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except inventory.CANNOT_ASK as error:
            raise CommandError(inventory.sentence(error)) from error
        for line in lines(server, taken):
            self.stdout.write(line)
        self.stderr.write(f"Added {server.name}. The board shows its channels as they are first polled.")

    def _confirmed(self, url: str) -> str:
        shown = shown_fingerprint(url)
        if not sys.stdin.isatty():
            raise CommandError(
                f"The server shows the certificate {spaced(shown)}. Compare it with the server's own; "
                f"if it is the same, run this again with --fingerprint {shown}"
            )
        self.stdout.write(
            f"The server at {url} shows a certificate with the SHA-256 fingerprint\n\n    {spaced(shown)}\n\n"
            "Compare it with the certificate on the server itself. Your key has not been sent yet."
        )
        self.stdout.write("Is it the same? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was added.")
        return shown


def _location(slug: str | None) -> Location | None:
    if slug is None:
        return None
    found = Location.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no location {slug}: add it in the admin first, under Locations.")
    return found
