"""Add a Shure System API server, and say what it has."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core.keys import read_key
from core.models import Location, Server
from pollers import inventory
from pollers.listing import lines
from pollers.registration import (
    address,
    at_address,
    fingerprint,
    free_name,
    is_fingerprint,
    register,
    shown_fingerprint,
    spaced,
)


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = (
        "Add a Shure System API server and list its devices. Its certificate is verified by a CA file or by its "
        "SHA-256 fingerprint; with neither, the fingerprint that it shows is shown to you first, and the key is "
        "not sent before you confirmed it. Nothing is kept of a server that does not answer. A server that is there "
        "already takes the key and the certificate that are given now."
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
        key_file, ca_file, told = options["key_file"], options["ca_file"], options["fingerprint"]
        if told and not is_fingerprint(told):
            raise CommandError("A SHA-256 fingerprint has 64 hexadecimal digits, with or without colons.")
        server = at_address(url) or Server(url=url, name=options["name"] or free_name(url))
        word = "Updated" if server.pk else "Added"
        if options["name"] and options["name"] != server.name:
            raise CommandError(f"The server at {url} is there already, under the name {server.name}.")
        server.key_reference = f"file:{key_file.absolute()}" if key_file else f"env:{options['key_env']}"
        server.ca_file = str(ca_file.absolute()) if ca_file else ""
        server.pins = [fingerprint(told)] if told else []
        server.location = _location(options["location"]) or server.location
        server.enabled = True
        try:
            read_key(server.key_reference)
            if not server.ca_file and not server.pins:
                server.pins = [self._confirmed(url)]
            taken = register(server)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except inventory.CANNOT_ASK as error:
            raise CommandError(inventory.sentence(error)) from error
        for line in lines(server, taken):
            self.stdout.write(line)
        said = f"{word} {server.name}. The board shows its channels as they are first polled."
        self.stderr.write(said, self.style.SUCCESS)

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
