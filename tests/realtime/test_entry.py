"""The door of a socket: who is let in, as whom, and from where."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from core.access import Principal, create_token, principal_of_session, principal_of_token
from core.models import Ticket, Token
from core.proxies import UNKNOWN, networks
from core.tickets import issue
from realtime.entry import address_at_the_door, principal_at_the_door
from tests.realtime.conftest import Connect, in_thread

pytestmark = pytest.mark.usefixtures("committed")

OURS = {"host": "localhost:8000", "origin": "http://localhost:8000"}


def scope(*, query: str = "", client: Any = ("198.51.100.9", 50000), **headers: str) -> dict[str, Any]:
    """Return what Daphne says of a socket that comes."""
    return {
        "type": "websocket",
        "path": "/ws/devices/",
        "client": client and list(client),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def signed_in(name: str = "olga") -> str:
    """Sign somebody in, and return the key of their session."""
    browser = Browser()
    browser.force_login(User.objects.create_user(name))
    return browser.cookies[django_settings.SESSION_COOKIE_NAME].value


def cookie(key: str) -> dict[str, str]:
    return {"cookie": f"csrftoken=x; {django_settings.SESSION_COOKIE_NAME}={key}"}


def a_token() -> tuple[Principal, str]:
    _, secret = create_token("lobby")
    principal = principal_of_token(secret)
    assert principal is not None
    return principal, secret


def a_session() -> tuple[Principal, str]:
    key = signed_in()
    principal = principal_of_session(key)
    assert principal is not None
    return principal, key


def a_ticket() -> tuple[Principal, str]:
    principal, _ = a_session()
    return principal, issue(principal)[0]


# With a token


async def test_a_token_lets_in_from_anywhere() -> None:
    principal, secret = await in_thread(a_token)

    assert await principal_at_the_door(scope(**bearer(secret))) == principal
    assert await principal_at_the_door(scope(**bearer(secret), origin="https://evil.example")) == principal


async def test_who_shows_a_token_that_opens_nothing_is_not_let_in_by_a_session() -> None:
    _, key = await in_thread(a_session)

    assert await principal_at_the_door(scope(**OURS, **cookie(key), **bearer("mic_guess"))) is None


# With a session


async def test_a_session_lets_in_a_page_of_this_server() -> None:
    principal, key = await in_thread(a_session)

    assert await principal_at_the_door(scope(**OURS, **cookie(key))) == principal


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:8000"},
        {"host": "localhost:8000", "origin": "null"},
        {"host": "localhost:8000", "origin": "https://evil.example"},
        {"host": "localhost:8000", "origin": "http://localhost:8001"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
    ids=["no Origin", "null", "another host", "another port", "a name that is not ours"],
)
async def test_a_session_opens_nothing_to_any_other_page(headers: dict[str, str]) -> None:
    _, key = await in_thread(a_session)

    assert await principal_at_the_door(scope(**headers, **cookie(key))) is None


async def test_a_session_lets_in_a_page_of_an_origin_that_is_trusted(settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://board.example"]
    principal, key = await in_thread(a_session)

    headers = {"host": "localhost:8000", "origin": "https://board.example"}
    assert await principal_at_the_door(scope(**headers, **cookie(key))) == principal


async def test_nobody_is_nobody() -> None:
    assert await principal_at_the_door(scope()) is None
    assert await principal_at_the_door(scope(**OURS)) is None
    assert await principal_at_the_door(scope(**OURS, cookie="theme=dark")) is None


# With a ticket


@pytest.mark.parametrize("origin", [{}, {"origin": "https://kiosk.example"}], ids=["none", "another"])
async def test_a_ticket_lets_in_once_wherever_the_page_is_from(origin: dict[str, str]) -> None:
    principal, secret = await in_thread(a_ticket)
    there = scope(query=f"mode=batch&ticket={secret}", host="localhost:8000", **origin)

    assert await principal_at_the_door(there) == principal
    assert await principal_at_the_door(there) is None


async def test_a_ticket_is_over_after_half_a_minute() -> None:
    _, secret = await in_thread(a_ticket)
    await in_thread(Ticket.objects.update, expires_at=F("expires_at") - timedelta(seconds=30))

    assert await principal_at_the_door(scope(query=f"ticket={secret}")) is None


@pytest.mark.parametrize("query", ["ticket=guess", "ticket=", "ticket=%00", "mode=batch&ticket=%F0%9F%8E%A4"])
async def test_who_shows_a_ticket_that_opens_nothing_is_not_let_in_by_a_session(query: str) -> None:
    _, key = await in_thread(a_session)

    assert await principal_at_the_door(scope(query=query, **OURS, **cookie(key))) is None


async def test_a_ticket_opens_the_feed_until_its_session_ends(connect: Connect) -> None:
    _, secret = await in_thread(a_ticket)
    kiosk = [(b"origin", b"https://kiosk.example"), (b"host", b"localhost:8000")]
    client = await connect(f"/ws/devices/?mode=batch&ticket={secret}", kiosk)
    await client.frame("initial_data")

    await in_thread(Session.objects.all().delete)

    assert (await client.closed())[0] == 4401


async def test_a_ticket_opens_the_feed_until_its_token_is_revoked(connect: Connect) -> None:
    principal, _ = await in_thread(a_token)
    secret, _ = await in_thread(issue, principal)
    client = await connect(f"/ws/devices/?ticket={secret}", [])
    await client.frame("initial_data")

    await in_thread(Token.objects.filter(name="lobby").update, revoked_at=TransactionNow())

    assert (await client.closed())[0] == 4401


# From where


def test_somebody_is_from_where_the_socket_is_from(settings: Settings) -> None:
    there = scope(client=("10.0.0.7", 50000), x_forwarded_for="203.0.113.5")
    assert address_at_the_door(there) == "10.0.0.7"

    settings.TRUSTED_PROXIES = networks("10.0.0.0/8")

    assert address_at_the_door(there) == "203.0.113.5"
    assert address_at_the_door(scope(client=("10.0.0.7", 50000))) == "10.0.0.7"
    assert address_at_the_door(scope(client=None)) == UNKNOWN


def test_what_several_headers_say_counts_in_their_order(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = networks("10.0.0.0/8")
    there = scope(client=("10.0.0.7", 50000))
    there["headers"] = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"203.0.113.5, 10.0.0.8")]

    assert address_at_the_door(there) == "203.0.113.5"
