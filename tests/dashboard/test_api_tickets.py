"""Tickets over HTTP: who gets one, and what everybody else is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.test import Client
from django.utils.crypto import get_random_string

from core import clock, tickets
from core.access import create_token
from core.domain.state import instant
from core.models import Ticket, Token
from core.tickets import GOOD_FOR_S, principal_of_ticket

pytestmark = pytest.mark.django_db

URL = "/api/v1/tickets/"


@pytest.fixture
def page() -> Client:
    """A browser with a session in which somebody is signed in, and Django's checks of where a page is from."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("olga"))
    return client


def bearer(*scopes: str) -> dict[str, str]:
    _, secret = create_token("lobby", scopes=scopes)
    return {"Authorization": f"Bearer {secret}"}


def csrf(client: Client) -> dict[str, str]:
    """Return the header with which a page shows that it can read its own cookies."""
    client.cookies["csrftoken"] = secret = get_random_string(32)
    return {"X-CSRFToken": secret}


def ask(client: Client, body: Any = "{}", content_type: str = "application/json", **headers: str) -> Any:
    return client.post(URL, body, content_type=content_type, headers=headers)


def error(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message"}
    assert not Ticket.objects.exists()
    return answer.status_code, told["error"]["code"], told["error"]["message"]


def test_a_token_gets_a_ticket(client: Client) -> None:
    answer = ask(client, **bearer())

    assert answer.status_code == 201
    told = answer.json()
    assert told == {
        "ticket": told["ticket"],
        "expires_at": instant(clock.now() + timedelta(seconds=GOOD_FOR_S)),
        "url": f"/ws/devices/?ticket={told['ticket']}",
    }
    principal = principal_of_ticket(told["ticket"])
    assert principal is not None
    assert principal.token_id == Token.objects.get().pk
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_page_of_ours_gets_a_ticket_for_its_user(page: Client) -> None:
    answer = ask(page, {"scope": ["location:main-a"]}, **csrf(page))

    assert answer.status_code == 201
    principal = principal_of_ticket(answer.json()["ticket"])
    assert principal is not None
    assert (principal.name, principal.narrowed_to) == ("olga", ("location:main-a",))


def test_a_session_gets_nothing_for_a_page_that_does_not_show_that_it_is_ours(page: Client) -> None:
    assert error(ask(page)) == (
        403,
        "csrf",
        "A session needs the header X-CSRFToken with the cookie's value.",
    )
    assert error(ask(page, **{**csrf(page), "Origin": "https://evil.example"}))[:2] == (403, "csrf")


def test_a_token_needs_no_csrf_even_beside_a_session(page: Client) -> None:
    answer = ask(page, **bearer())

    principal = principal_of_ticket(answer.json()["ticket"])
    assert principal is not None
    assert principal.name == "lobby"


@pytest.mark.parametrize("authorization", ["", "Basic b2xnYTpvbGdh", "Bearer", "Bearer mic_guess"])
def test_who_is_not_known_gets_nothing(client: Client, authorization: str) -> None:
    answer = ask(client, Authorization=authorization)

    assert error(answer) == (401, "not_signed_in", "Sign in, or send Authorization: Bearer TOKEN.")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_opens_nothing_is_not_made_up_for_by_a_session(page: Client) -> None:
    headers = bearer()
    Token.objects.update(revoked_at=TransactionNow())

    assert error(ask(page, **headers, **csrf(page)))[:2] == (401, "not_signed_in")


WHAT = 'Send {} or {"scope": ["location:main-a"]}, and nothing else.'


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (" ", "malformed", "That is no JSON."),
        ("{", "malformed", "That is no JSON."),
        ("[" * 8000, "malformed", "That is no JSON."),
        ('{"scope": ["group:' + "x" * 8192 + '"]}', "too_long", "At most 8192 bytes."),
        ("[]", "bad_request", WHAT),
        ("null", "bad_request", WHAT),
        ('{"scope": "location:main-a"}', "bad_request", WHAT),
        ('{"scope": [1]}', "bad_request", WHAT),
        ('{"scope": [], "mode": "batch"}', "bad_request", WHAT),
        (
            '{"scope": ["main-a"]}',
            "bad_scope",
            "A scope is location:NAME, group:NAME or device:ID, not 'main-a'.",
        ),
        ('{"scope": ["group:a\\u0000"]}', "bad_scope", "A scope has no control characters."),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    client: Client, body: str, code: str, sentence: str
) -> None:
    assert error(ask(client, body, **bearer())) == (400, code, sentence)


def test_what_is_not_json_is_refused(client: Client) -> None:
    answer = ask(client, "scope=group:band", "application/x-www-form-urlencoded", **bearer())

    assert error(answer) == (415, "not_json", "Send JSON, with Content-Type: application/json.")


def test_a_token_gets_no_ticket_for_more_than_it_sees(client: Client) -> None:
    answer = ask(client, {"scope": ["group:choir"]}, **bearer("group:band"))

    assert error(answer) == (403, "beyond_scope", "This token does not see group:choir, but group:band.")


def test_who_has_tickets_enough_is_told_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_AT_ONCE", 1)
    headers = bearer()
    ask(client, **headers)

    answer = ask(client, **headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_tickets")
    assert answer.headers["Retry-After"] == "30"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_tickets_are_made_by_post_alone(client: Client, method: str) -> None:
    answer = getattr(client, method)(URL, headers=bearer())

    assert error(answer) == (405, "method_not_allowed", "Tickets are made by POST.")
    assert answer.headers["Allow"] == "POST"
