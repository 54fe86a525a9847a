"""A new server: what makes it trusted, and what it has. Nothing of it is kept before it has answered."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from core.models import Server
from pollers import demo, inventory
from pollers.inventory import Inventory, Listed
from pollers.shure import transport
from pollers.shure.deadlines import Deadline

SHOWN_WITHIN = timedelta(seconds=8)


def shown_fingerprint(url: str) -> str:
    """Return the SHA-256 of the certificate that a server shows, for somebody to compare. The key is not sent.

    Raises what `pollers.shure.errors` has, or `ValueError` for an address that is none.
    """
    return transport.presented_fingerprint(
        url, allow_loopback=settings.ALLOW_LOOPBACK, deadline=Deadline.after(SHOWN_WITHIN)
    )


def is_fingerprint(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", fingerprint(text)) is not None


def fingerprint(text: str) -> str:
    """Return a fingerprint as it is kept, from any of the ways in which programs print one."""
    return re.sub(r"[^0-9a-f]", "", text.lower().removeprefix("sha256").removeprefix("sha-256"))


def spaced(digits: str) -> str:
    """Return a fingerprint as people compare it: pairs between colons."""
    return ":".join(re.findall("..", digits.upper()))


def address(text: str) -> str:
    """Return a server's address in full: the scheme may be left out."""
    return text if "://" in text else f"https://{text}"


def free_name(url: str) -> str:
    """Return a name that no other server has: main for the first, then after its host."""
    host = slugify((urlsplit(url).hostname or "server").replace(".", "-")) or "server"
    candidates = ["main", host, *(f"{host}-{number}" for number in range(2, 100))]
    taken = set(Server.objects.values_list("name", flat=True))
    return next(name for name in candidates if name not in taken)


def at_address(url: str) -> Server | None:
    """Return the server that is known at an address."""
    return Server.objects.filter(url__iexact=url).first()


def require_another(server: Server, listed: Listed) -> None:
    """Raise Django's `ValidationError` for a new server that is one under another name: its devices tell."""
    elsewhere = inventory.asked_elsewhere(server, listed.devices)
    if not server.pk and listed.devices and len(elsewhere) == len(listed.devices):
        raise ValidationError(
            f"All {len(listed.devices)} devices of this server are asked for the server "
            f"{elsewhere[0]} already: it seems to be the same one. Change that one's address instead."
        )


def register(server: Server) -> Inventory:
    """Ask a server, then keep it with what it has; the demo makes room. Nothing is kept of one that does not answer.

    Raises `inventory.CANNOT_ASK`, or Django's `ValidationError`.
    """
    server.full_clean()
    listed = inventory.ask(server)
    require_another(server, listed)
    with transaction.atomic():
        server.save()
        taken = inventory.keep_listed(server, listed)
        if server.name != demo.NAME:
            demo.sleep()
    return taken
