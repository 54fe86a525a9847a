"""Who is at the door of a socket: an integrator's token, a kiosk's ticket, or a browser's session."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from core.access import Principal, bearer_in, principal_of_session, principal_of_token
from core.proxies import client_address
from core.tickets import principal_of_ticket
from realtime.lately import Lately


async def principal_at_the_door(scope: Mapping[str, Any]) -> Principal | None:
    """Return who connects, or None.

    Whoever shows a token or a ticket is judged by that alone, wherever their page is from. A session counts only for
    a page of our own origin. A missing Origin is a program's, and programs bring a token: a session cookie without
    an Origin opens nothing.
    """
    headers: dict[bytes, bytes] = dict(scope["headers"])
    token = bearer_in(_text(headers, b"authorization"))
    if token is not None:
        return await Lately.of_this_loop().principal(token, principal_of_token)
    ticket = _ticket_in(scope["query_string"])
    if ticket is not None:
        principal: Principal | None = await database_sync_to_async(principal_of_ticket)(ticket)
        return principal
    if not origin_is_ours(_text(headers, b"origin"), _text(headers, b"host")):
        return None
    key = parse_cookie(_text(headers, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    return await Lately.of_this_loop().principal(key, principal_of_session) if key else None


def forget_principals() -> None:
    """Have everybody who comes from now on read anew. To be called when anybody's rights changed."""
    Lately.of_this_loop().forget()


def address_at_the_door(scope: Mapping[str, Any]) -> str:
    """Return the address that somebody connects from, as far as this server or a proxy of ours can know it."""
    peer = scope["client"][0] if scope.get("client") else None
    said: list[bytes] = []
    if settings.TRUSTED_PROXIES:
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return client_address(peer, b",".join(said).decode("latin1"), settings.TRUSTED_PROXIES)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin1")


def _ticket_in(query: bytes) -> str | None:
    if b"ticket=" not in query:
        return None
    return parse_qs(query.decode("latin1"), keep_blank_values=True).get("ticket", [None])[0]


def origin_is_ours(origin: str, host: str) -> bool:
    """Say whether the page that connects came from this server, or from an origin that the settings trust."""
    if not origin:
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    return urlsplit(origin).netloc == host.lower() and validate_host(domain, settings.ALLOWED_HOSTS)
