"""Who is asking, what they may see, and until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from core import clock
from core.access import (
    Principal,
    Visible,
    create_token,
    principal_of_session,
    principal_of_token,
    still_good,
    visible,
)
from core.domain.scopes import parse
from core.models import Head, Token

pytestmark = pytest.mark.django_db

SessionStore = import_module(django_settings.SESSION_ENGINE).SessionStore


def signed_in(name: str = "olga") -> str:
    """Sign somebody in, and return the key of their session."""
    user, _ = User.objects.get_or_create(username=name)
    client = Client()
    client.force_login(user)
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def by_session(name: str = "olga") -> Principal:
    principal = principal_of_session(signed_in(name))
    assert principal is not None
    return principal


def by_token(name: str = "lobby", *scopes: str) -> Principal:
    _, secret = create_token(name, scopes=scopes)
    principal = principal_of_token(secret)
    assert principal is not None
    return principal


# Sessions


def test_a_session_is_its_users() -> None:
    key = signed_in()

    assert principal_of_session(key) == Principal(name="olga", user_id=User.objects.get().pk, session_key=key)


def test_a_session_without_a_sign_in_opens_nothing() -> None:
    session = SessionStore()
    session["theme"] = "dark"
    session.save()

    assert principal_of_session(session.session_key) is None
    assert principal_of_session("guess") is None


def forged(key: str) -> None:
    Session.objects.filter(session_key=key).update(session_data="e30:forged:signature")


def of_another_backend(key: str) -> None:
    session = SessionStore(key)
    session["_auth_user_backend"] = "elsewhere.Backend"
    session.save()


ENDS: dict[str, Callable[[str], object]] = {
    "signed out": lambda key: Session.objects.filter(session_key=key).delete(),
    "past its end": lambda key: Session.objects.filter(session_key=key).update(expire_date=TransactionNow()),
    "no longer active": lambda _: User.objects.update(is_active=False),
    "another password": lambda _: User.objects.update(password="!"),
    "deleted": lambda _: User.objects.all().delete(),
    "forged": forged,
    "of another backend": of_another_backend,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_session_that_is_over_opens_nothing_and_is_not_good_any_more(end: Callable[[str], object]) -> None:
    principal = by_session()
    assert principal.session_key is not None
    assert still_good([principal]) == {principal}

    end(principal.session_key)

    assert principal_of_session(principal.session_key) is None
    assert still_good([principal]) == set()


def test_a_session_under_the_key_before_stays_and_keeps_its_name(settings: Settings) -> None:
    key = signed_in()
    before = SessionStore(key)[HASH_SESSION_KEY]
    data = SessionStore(key).load()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one that also nobody knows"
    Session.objects.update(session_data=SessionStore().encode(data))

    assert User.objects.get().get_session_auth_hash() != before
    assert principal_of_session(key) is not None
    assert list(Session.objects.values_list("session_key", flat=True)) == [key]


def test_a_principal_does_not_show_its_session() -> None:
    key = signed_in()

    assert key not in repr(principal_of_session(key))


# Tokens


def test_a_token_is_what_it_was_made_to_be() -> None:
    ends_at = clock.now() + timedelta(hours=1)
    token, secret = create_token("lobby", scopes=["group:band"], expires_at=ends_at)

    assert principal_of_token(secret) == Principal(
        name="lobby", token_id=token.pk, scopes=("group:band",), expires_at=ends_at
    )
    assert principal_of_token(token.digest) is None


def test_a_token_is_not_made_for_what_is_no_scope() -> None:
    with pytest.raises(ValueError, match=r"^A scope is location:NAME"):
        create_token("lobby", scopes=["main-a"])

    assert not Token.objects.exists()


TOKEN_ENDS = {
    "revoked": {"revoked_at": TransactionNow()},
    "past its end": {"expires_at": TransactionNow()},
    "narrower": {"scopes": ["location:main-a"]},
    "wider": {"scopes": []},
}


@pytest.mark.parametrize("end", TOKEN_ENDS.values(), ids=TOKEN_ENDS)
def test_a_token_that_opens_something_else_is_not_good_any_more(end: dict[str, object]) -> None:
    principal = by_token("lobby", "location:main-a", "group:band")
    assert still_good([principal]) == {principal}

    Token.objects.update(**end)

    assert still_good([principal]) == set()


def test_a_token_that_gets_another_name_stays_good() -> None:
    principal = by_token()

    Token.objects.update(name="foyer")

    assert still_good([principal]) == {principal}


def test_a_deleted_token_is_not_good_any_more() -> None:
    principal = by_token()

    Token.objects.all().delete()

    assert still_good([principal]) == set()


# Together


def test_who_is_good_is_told_in_three_statements_however_many_they_are() -> None:
    def statements(principals: list[Principal]) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert still_good(principals) == set(principals)
        return len(counted)

    tokens = [by_token(f"screen {number}") for number in range(3)]
    sessions = [by_session(f"operator {number}") for number in range(3)]

    assert statements([]) == 0
    assert statements(tokens[:1]) == statements(tokens) == 1
    assert statements(sessions[:1]) == statements(sessions) == 2
    assert statements([tokens[0], sessions[0]]) == statements([*tokens, *sessions]) == 3


def test_the_end_of_one_leaves_the_others() -> None:
    gone, stays, screen = by_session("olga"), by_session("otto"), by_token()

    Session.objects.filter(session_key=gone.session_key).delete()

    assert still_good([gone, stays, screen]) == {stays, screen}


def test_somebody_without_session_or_token_is_not_good() -> None:
    assert still_good([Principal(name="olga", user_id=User.objects.create(username="olga").pk)]) == set()


# What changes rights, and is told to whoever holds sockets open

CHANGES: dict[str, Callable[[], object]] = {
    "token revoked": lambda: Token.objects.update(revoked_at=TransactionNow()),
    "token ended": lambda: Token.objects.update(expires_at=TransactionNow()),
    "token narrowed": lambda: Token.objects.update(scopes=["group:band"]),
    "token deleted": lambda: Token.objects.all().delete(),
    "signed out": lambda: Session.objects.all().delete(),
    "user not active": lambda: User.objects.update(is_active=False),
    "another password": lambda: User.objects.update(password="!"),
    "user deleted": lambda: User.objects.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_rights_raises_the_access_version(change: Callable[[], object]) -> None:
    by_token()
    by_session()
    before = Head.objects.get().access_version

    change()

    assert Head.objects.get().access_version > before


def test_what_changes_no_rights_does_not() -> None:
    by_token()
    by_session()
    before = Head.objects.get().access_version

    Token.objects.update(name="foyer", last_used_at=TransactionNow())
    User.objects.update(last_login=TransactionNow())
    Session.objects.update(expire_date=TransactionNow() + timedelta(days=1))

    assert Head.objects.get().access_version == before


# What they may see


def test_nobody_sees_nothing_and_whoever_is_known_sees_everything() -> None:
    assert visible(None) == Visible.nothing()
    assert visible(by_token()) == visible(by_session()) == Visible.everything()
    assert not Visible.nothing().includes({"device_id": "SHURE001"})
    assert Visible.everything().includes({"device_id": "SHURE001"})


HERE = {"device_id": "SHURE001", "location": "main-a", "groups": [["band", 1]]}
THERE = {"device_id": "SHURE002", "location": "main-b", "groups": [["choir", 1]]}


@pytest.mark.parametrize(
    ("scopes", "sees_here", "sees_there"),
    [
        (["location:main-a"], True, False),
        (["location:main-a", "group:choir"], True, True),
        (["location:nowhere"], False, False),
        (["no scope at all"], False, False),
        (["no scope at all", "device:shure002"], False, True),
    ],
)
def test_a_token_that_is_held_to_parts_sees_those(
    scopes: list[str],
    sees_here: bool,  # noqa: FBT001
    sees_there: bool,  # noqa: FBT001
) -> None:
    may_see = visible(replace(by_token(), scopes=tuple(scopes)))

    assert (may_see.includes(HERE), may_see.includes(THERE)) == (sees_here, sees_there)


def test_a_ticket_narrows_what_its_issuer_sees() -> None:
    narrowed = [
        by_session().narrowed(["group:band"]),
        by_token("lobby", "location:main-b", "group:band").narrowed(["group:band"]),
    ]

    for principal in narrowed:
        assert visible(principal).includes(HERE)
        assert not visible(principal).includes(THERE)


def test_who_asks_for_a_part_sees_no_more_than_they_may() -> None:
    may_see = visible(by_token("lobby", "location:main-a"))

    assert may_see.asking([parse("group:band")]).includes(HERE)
    assert not may_see.asking([parse("group:choir")]).includes(THERE)
    assert may_see.asking([]) == may_see


def test_a_principal_is_a_value() -> None:
    principal = by_token()

    assert replace(principal) == principal
    assert len({principal, replace(principal), replace(principal, scopes=("group:band",))}) == 2
