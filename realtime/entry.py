"""Who is at the door of a socket: a browser with a session, or an integrator with a bearer token."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from core.access import Principal, principal_of_session, principal_of_token


async def principal_at_the_door(scope: Mapping[str, Any]) -> Principal | None:
    """Return who connects, or None.

    A session counts only for a page of our own origin. A missing Origin is a program's, and programs bring a
    token: a session cookie without an Origin opens nothing.
    """
    headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        bearer: Principal | None = await database_sync_to_async(principal_of_token)(token.strip())
        return bearer
    if not origin_is_ours(headers.get("origin"), headers.get("host", "")):
        return None
    key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return await database_sync_to_async(principal_of_session)(key) if key else None


def origin_is_ours(origin: str | None, host: str) -> bool:
    """Say whether the page that connects came from this server, or from an origin that the settings trust."""
    if not origin:
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _ = split_domain_port(host)
    return urlsplit(origin).netloc == host.lower() and validate_host(domain, settings.ALLOWED_HOSTS)
