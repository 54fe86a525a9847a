"""Which of several beats sends the ordinary entries."""

from collections.abc import Iterator

import pytest
from django.db import connection

from pollers.leader import LOCK, Leader
from tests.deploy.processes import until

pytestmark = pytest.mark.usefixtures("committed")

# The database lets go of the lock a moment after its holder's connection has gone, so each waits for its beginning.


@pytest.fixture
def one() -> Iterator[Leader]:
    leader = Leader()
    yield leader
    leader.close()


@pytest.fixture
def other() -> Iterator[Leader]:
    leader = Leader()
    yield leader
    leader.close()


def test_only_one_leads_however_often_they_are_asked(one: Leader, other: Leader) -> None:
    until(one.leads)

    assert [other.leads(), one.leads(), other.leads()] == [False, True, False]


def test_another_leads_when_the_leader_goes(one: Leader, other: Leader) -> None:
    until(one.leads)
    other.leads()

    one.close()

    until(other.leads)
    assert not one.leads()


def test_a_leader_whose_connection_is_lost_stops_leading_and_may_lead_again(
    one: Leader, other: Leader
) -> None:
    until(one.leads)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE d.datname = current_database() AND locktype = 'advisory' AND objid = %s",
            [LOCK],
        )
        assert cursor.fetchall() == [(True,)]

    assert not one.leads()
    assert other.leads()
    other.close()
    assert one.leads()
