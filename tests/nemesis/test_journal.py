"""The journal finds a slot that is taken twice: two beats claim at once, with the row lock between them and without."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction

from core import claims, clock
from core.models import Claim, Receiver
from tests.deploy.processes import until
from tests.fleet import make_receivers

from .journal import KEEP_A_JOURNAL, KEEP_NO_JOURNAL, READ, Journal

FENCE = "FOR UPDATE OF c SKIP LOCKED"
WAITS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def kept(committed: None) -> Iterator[None]:
    """A receiver that is due in its rhythm, and a journal of it."""
    del committed
    make_receivers(1)
    Receiver.objects.update(interval_s=5)
    Claim.objects.update(wanted=False, slot_at=clock.now() - timedelta(seconds=6))
    with connection.cursor() as cursor:
        cursor.execute(KEEP_A_JOURNAL)
        yield
        cursor.execute(KEEP_NO_JOURNAL)


def claim_beside(claimed: list[claims.Due]) -> None:
    try:
        claimed += claims.claim_due(10)[0]
    finally:
        connection.close()


def waits_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one snapshot otherwise
        cursor.execute(f"SELECT EXISTS ({WAITS})")
        (waits,) = cursor.fetchone()
    return bool(waits)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("fenced", [True, False])
def test_a_slot_that_two_beats_take_is_noticed(monkeypatch: pytest.MonkeyPatch, *, fenced: bool) -> None:
    began = clock.now()
    if not fenced:
        assert FENCE in claims._CLAIM_DUE
        monkeypatch.setattr(claims, "_CLAIM_DUE", claims._CLAIM_DUE.replace(FENCE, ""))
    beside: list[claims.Due] = []
    other = threading.Thread(target=claim_beside, args=(beside,))

    with transaction.atomic():
        claims.claim_due(10)
        other.start()
        until(lambda: not other.is_alive() or waits_for_the_lock())
    other.join(10)
    with connection.cursor() as cursor:
        cursor.execute(READ, [began])
        journal = Journal(cursor.fetchall())

    assert len(journal.of("claimed").popitem()[1]) == (1 if fenced else 2)
    assert (journal.taken_twice() == []) == fenced
    assert bool(beside) != fenced
