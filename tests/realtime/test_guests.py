from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from core.access import Principal
from realtime.encoding import Message
from realtime.guests import Guest, Guests

NOW = datetime(2026, 11, 24, 20, 31, tzinfo=UTC)


class Anybody:
    """A connection that is only counted."""

    waiting = 0

    def push(self, message: Message, *, welcome: bool = False) -> None: ...

    def ping(self, now: float) -> None: ...

    def unanswered_s(self, now: float) -> float:
        return now

    def end(self, code: int) -> None: ...

    def abort(self) -> None: ...


def guest(
    address: str = "192.0.2.1",
    *,
    user: int | None = None,
    token: int | None = None,
    hours: float | None = None,
) -> Guest:
    end = None if hours is None else NOW + timedelta(hours=hours)
    return Guest(
        principal=Principal(name="somebody", user_id=user, token_id=token, expires_at=end), address=address
    )


LIMITS = {
    "SOCKETS": (guest("192.0.2.1", user=1), guest("192.0.2.2", user=2), "in all"),
    "SOCKETS_PER_ADDRESS": (guest(user=1), guest(user=2), "from this address"),
    "SOCKETS_PER_USER": (guest("192.0.2.1", user=1), guest("192.0.2.2", user=1), "of this user"),
    "SOCKETS_PER_TOKEN": (guest("192.0.2.1", token=1), guest("192.0.2.2", token=1), "with this token"),
}


@pytest.mark.parametrize("setting", LIMITS)
def test_each_limit_holds_until_somebody_leaves(settings: Settings, setting: str) -> None:
    setattr(settings, setting, 1)
    one, another, what = LIMITS[setting]
    guests, here = Guests(), Anybody()
    guests.admit(here, one)

    full = guests.full(another)
    guests.leave(here)

    assert full == f"1 connections {what} are open already, which is the limit. Close one and try again."
    assert guests.full(another) is None


def test_other_addresses_users_and_tokens_count_for_themselves(settings: Settings) -> None:
    settings.SOCKETS_PER_ADDRESS = settings.SOCKETS_PER_USER = settings.SOCKETS_PER_TOKEN = 1
    guests = Guests()
    guests.admit(Anybody(), guest("192.0.2.1", user=1))

    assert guests.full(guest("192.0.2.2", user=2)) is None
    assert guests.full(guest("192.0.2.2", token=1)) is None


def test_who_leaves_twice_is_counted_once() -> None:
    guests, here = Guests(), Anybody()
    guests.admit(here, guest())
    guests.admit(Anybody(), guest())

    guests.leave(here)
    guests.leave(here)

    assert len(guests) == 1
    assert here not in guests


def test_it_tells_the_sockets_of_somebody_and_whether_anybody_is_past_their_end() -> None:
    guests, mine, other = Guests(), Anybody(), Anybody()
    guests.admit(mine, guest(token=1, hours=1))
    guests.admit(other, guest(token=2))

    assert guests.of({guest(token=1, hours=1).principal}) == [mine]
    assert not guests.somebody_expired(NOW)
    assert guests.somebody_expired(NOW + timedelta(hours=1))
