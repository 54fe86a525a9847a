"""The door of a socket: who is let in, as whom, and from where."""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from core import clock
from core.access import Principal, create_token, digest_of, principal_of_session, principal_of_token
from core.models import Ticket, Token
from core.proxies import UNKNOWN, networks
from core.tickets import issue
from realtime import entry, lately
from realtime.entry import address_at_the_door, forget_principals, principal_at_the_door
from realtime.lately import Lately
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


# Lately


@dataclass
class Counted:
    """A way to read principals that counts what it costs."""

    read: Callable[[str], Principal | None]
    calls: int = 0
    statements: int = 0

    def __call__(self, secret: str) -> Principal | None:
        self.calls += 1
        with CaptureQueriesContext(connection) as counted:
            principal = self.read(secret)
        self.statements += len(counted)
        return principal

    def __hash__(self) -> int:
        return id(self)


async def test_a_storm_of_walls_with_one_session_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    principal, key = await in_thread(a_session)
    counted = Counted(principal_of_session)
    monkeypatch.setattr(entry, "principal_of_session", counted)
    there = scope(**OURS, **cookie(key))

    came = await asyncio.gather(*(principal_at_the_door(there) for _ in range(1000)))
    came.append(await principal_at_the_door(there))

    assert came == [principal] * 1001
    assert (counted.calls, counted.statements) == (1, 2)


async def test_a_token_that_came_lately_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    principal, secret = await in_thread(a_token)
    counted = Counted(principal_of_token)
    monkeypatch.setattr(entry, "principal_of_token", counted)

    for _ in range(3):
        assert await principal_at_the_door(scope(**bearer(secret))) == principal

    assert (counted.calls, counted.statements) == (1, 1)


async def test_what_opens_as_a_session_opens_nothing_as_a_token() -> None:
    _, key = await in_thread(a_session)
    await principal_at_the_door(scope(**OURS, **cookie(key)))

    assert await principal_at_the_door(scope(**bearer(key))) is None


async def test_a_session_that_is_remembered_opens_nothing_to_another_page() -> None:
    _, key = await in_thread(a_session)
    await principal_at_the_door(scope(**OURS, **cookie(key)))

    assert await principal_at_the_door(scope(host="localhost:8000", **cookie(key))) is None


async def test_a_change_of_rights_has_everybody_read_anew() -> None:
    _, secret = await in_thread(a_token)
    await principal_at_the_door(scope(**bearer(secret)))
    await in_thread(Token.objects.update, revoked_at=TransactionNow())

    forget_principals()

    assert await principal_at_the_door(scope(**bearer(secret))) is None


async def test_nobody_is_remembered_beyond_the_end_of_their_token() -> None:
    ends_at = await in_thread(clock.now) + timedelta(seconds=2)
    _, secret = await in_thread(create_token, "short", expires_at=ends_at)
    assert await principal_at_the_door(scope(**bearer(secret))) is not None

    async with asyncio.timeout(10):
        while await principal_at_the_door(scope(**bearer(secret))) is not None:  # noqa: ASYNC110  only time tells
            await asyncio.sleep(0.01)
    assert await in_thread(clock.now) >= ends_at


async def test_nobody_is_remembered_for_longer_than_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await in_thread(a_token)
    monkeypatch.setattr(lately, "REMEMBERED_S", 0)
    await principal_at_the_door(scope(**bearer(secret)))
    await in_thread(Token.objects.update, revoked_at=TransactionNow())

    assert await principal_at_the_door(scope(**bearer(secret))) is None


async def test_a_token_that_was_not_known_is_known_as_soon_as_it_is_there() -> None:
    secret = "mic_that_is_made_in_a_moment"
    assert await principal_at_the_door(scope(**bearer(secret))) is None

    await in_thread(Token.objects.create, name="new", digest=digest_of(secret))

    assert await principal_at_the_door(scope(**bearer(secret))) is not None


async def test_those_who_were_not_seen_for_longest_are_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lately, "MOST", 2)
    counted = Counted(lambda secret: Principal(name=secret))
    known = Lately()

    for secret in ("a", "b", "a", "c", "a", "b"):
        await known.principal(secret, counted)

    assert counted.calls == 4  # a, b, c, and b again


class Slow:
    """A way to read principals that says when it is asked, and answers when it is told."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Semaphore(0), queue.SimpleQueue[Principal | None]()

    def __call__(self, secret: str) -> Principal | None:
        del secret
        self.asked.release()
        return self.answers.get(timeout=5)

    async def is_asked(self) -> None:
        assert await asyncio.to_thread(self.asked.acquire, timeout=5)


async def test_what_was_read_before_a_change_of_rights_lets_nobody_in() -> None:
    slow, known = Slow(), Lately()
    coming = asyncio.create_task(known.principal("secret", slow))
    await slow.is_asked()

    known.forget()
    slow.answers.put(Principal(name="before"))
    await slow.is_asked()
    slow.answers.put(None)

    assert await coming is None
    slow.answers.put(Principal(name="later"))
    assert await known.principal("secret", slow) == Principal(name="later")


async def test_a_change_of_rights_just_before_somebody_is_read_costs_one_more_reading() -> None:
    slow, known = Slow(), Lately()
    coming = asyncio.create_task(known.principal("secret", slow))
    await asyncio.sleep(0)  # it waits, and the reading has not begun

    known.forget()
    slow.answers.put(Principal(name="sooner"))
    slow.answers.put(Principal(name="later"))

    assert await coming == Principal(name="later")


async def test_who_goes_while_they_are_read_holds_nobody_up() -> None:
    slow, known = Slow(), Lately()
    goes = asyncio.create_task(known.principal("secret", slow))
    await slow.is_asked()
    stays = asyncio.create_task(known.principal("secret", slow))

    goes.cancel()
    await asyncio.wait([goes])
    slow.answers.put(Principal(name="olga"))

    assert await stays == Principal(name="olga")
    assert not slow.asked.acquire(blocking=False)


async def test_who_cannot_be_read_is_read_anew() -> None:
    def fail(secret: str) -> Principal | None:
        raise OperationalError(f"no way to read {secret}")

    known = Lately()
    for _ in range(2):
        with pytest.raises(OperationalError):
            await known.principal("secret", fail)


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
