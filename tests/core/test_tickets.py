"""Tickets: good once, for 30 seconds, and for no more than whoever asked for them may see."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F
from django.test import Client

from core import clock, tickets
from core.access import (
    Beyond,
    Principal,
    Visible,
    create_token,
    principal_of_session,
    principal_of_token,
    still_good,
    visible,
)
from core.models import Ticket, Token
from core.tickets import GOOD_FOR_S, MOST_AT_ONCE, Gone, TooMany, issue, principal_of_ticket

RACERS = 8


def by_session() -> Principal:
    client = Client()
    client.force_login(User.objects.create_user("olga"))
    principal = principal_of_session(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert principal is not None
    return principal


def by_token(*scopes: str, lives: timedelta | None = None) -> Principal:
    _, secret = create_token("lobby", scopes=scopes, expires_at=clock.now() + lives if lives else None)
    principal = principal_of_token(secret)
    assert principal is not None
    return principal


@pytest.mark.django_db
@pytest.mark.parametrize("issuer", [by_session, by_token])
def test_a_ticket_lets_its_issuer_in_once(issuer: Callable[[], Principal]) -> None:
    principal = issuer()
    secret, expires_at = issue(principal)

    assert expires_at == clock.now() + timedelta(seconds=GOOD_FOR_S)
    assert principal_of_ticket(secret) == principal
    assert principal_of_ticket(secret) is None
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_only_the_digest_of_a_ticket_is_kept() -> None:
    secret, _ = issue(by_session())

    with connection.cursor() as cursor:
        cursor.execute("SELECT ticket::text FROM core_ticket ticket")
        ((row,),) = cursor.fetchall()
    assert secret not in row
    assert principal_of_ticket(Ticket.objects.get().digest) is None


@pytest.mark.django_db
def test_a_ticket_is_over_after_its_time() -> None:
    secret, _ = issue(by_token())

    Ticket.objects.update(expires_at=F("expires_at") - timedelta(seconds=GOOD_FOR_S))

    assert principal_of_ticket(secret) is None


@pytest.mark.django_db
def test_a_ticket_is_over_with_its_token() -> None:
    principal = by_token(lives=timedelta(seconds=5))
    secret, expires_at = issue(principal)

    assert expires_at == principal.expires_at
    used = principal_of_ticket(secret)
    assert used is not None
    assert used.expires_at == principal.expires_at


ENDS: dict[str, tuple[Callable[[], Principal], Callable[[], object]]] = {
    "signed out": (by_session, lambda: Session.objects.all().delete()),
    "no longer active": (by_session, lambda: User.objects.update(is_active=False)),
    "another password": (by_session, lambda: User.objects.update(password="!")),
    "token revoked": (by_token, lambda: Token.objects.update(revoked_at=TransactionNow())),
    "token ended": (by_token, lambda: Token.objects.update(expires_at=TransactionNow())),
    "token deleted": (by_token, lambda: Token.objects.all().delete()),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("issuer", "end"), ENDS.values(), ids=ENDS)
def test_a_ticket_opens_nothing_once_its_issuer_may_not(
    issuer: Callable[[], Principal], end: Callable[[], object]
) -> None:
    secret, _ = issue(issuer())

    end()

    assert principal_of_ticket(secret) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("issuer", "end"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("scopes", [[], ["group:band"]])
def test_who_came_with_a_ticket_is_let_go_of_with_its_issuer(
    issuer: Callable[[], Principal], end: Callable[[], object], scopes: list[str]
) -> None:
    secret, _ = issue(issuer(), scopes)
    principal = principal_of_ticket(secret)
    assert principal is not None
    assert still_good([principal]) == {principal}

    end()

    assert still_good([principal]) == set()


@pytest.mark.django_db
def test_a_ticket_narrows_what_its_issuer_sees() -> None:
    everything, _ = issue(by_session(), ["group:band", "group:band"])
    of_two, _ = issue(by_token("location:main-a", "group:band"), ["group:band"])

    for secret in (everything, of_two):
        principal = principal_of_ticket(secret)
        assert principal is not None
        assert principal.narrowed_to == ("group:band",)
        assert visible(principal) != Visible.everything()


@pytest.mark.django_db
def test_a_ticket_opens_no_more_than_its_token() -> None:
    principal = by_token("location:main-a", "group:band")

    with pytest.raises(
        Beyond, match=r"^This token does not see group:choir, but location:main-a, group:band\.$"
    ):
        issue(principal, ["group:band", "group:choir"])

    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_a_ticket_opens_nothing_when_its_token_sees_less_by_now() -> None:
    secret, _ = issue(by_token("location:main-a", "group:band"), ["group:band"])

    Token.objects.update(scopes=["location:main-a"])

    assert principal_of_ticket(secret) is None


@pytest.mark.django_db
def test_there_is_a_most_of_tickets_for_each_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_AT_ONCE", 2)
    screen = by_token()
    secret, _ = issue(screen)
    issue(screen)

    with pytest.raises(TooMany):
        issue(screen)
    issue(by_session())

    principal_of_ticket(secret)
    issue(screen)


@pytest.mark.django_db
def test_tickets_that_nobody_used_in_time_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_AT_ONCE", 2)
    principal = by_session()
    for _ in range(2):
        issue(principal)
    Ticket.objects.update(expires_at=TransactionNow())

    issue(principal)

    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_no_ticket_is_made_for_who_is_gone() -> None:
    principal = by_session()
    Session.objects.all().delete()

    with pytest.raises(Gone):
        issue(principal)


@pytest.mark.django_db
def test_a_ticket_of_nobody_cannot_be_kept() -> None:
    with pytest.raises(IntegrityError, match="ticket_of_a_token_or_a_session"), transaction.atomic():
        Ticket.objects.create(digest="x", expires_at=TransactionNow())


def race(act: Callable[[], object]) -> list[object]:
    """Do it in several threads at once, each on a connection of its own, and return what each got."""
    start = Barrier(RACERS)

    def run() -> object:
        try:
            with connection.cursor():  # is there before the start
                start.wait(10)
            return act()
        except TooMany:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RACERS) as threads:
        return [running.result() for running in [threads.submit(run) for _ in range(RACERS)]]


@pytest.mark.usefixtures("committed")
def test_of_several_workers_that_get_one_ticket_one_lets_somebody_in() -> None:
    principal = by_session()
    secret, _ = issue(principal)

    got = race(lambda: principal_of_ticket(secret))

    assert [one for one in got if one is not None] == [principal]


@pytest.mark.usefixtures("committed")
def test_several_workers_that_make_tickets_at_once_make_no_more_than_the_most() -> None:
    principal = by_token()
    for _ in range(MOST_AT_ONCE - 2):
        issue(principal)

    got = race(lambda: issue(principal))

    assert len([one for one in got if one is not None]) == 2
    assert Ticket.objects.count() == MOST_AT_ONCE
