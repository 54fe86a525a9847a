"""When Micboard itself was away: written down once, by whoever is the first to watch again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import F

from core import absences, claims, clock, pulses
from core.domain.absences import Absence, last_watched
from core.domain.outcome import judge
from core.models import Absence as Kept
from core.models import Claim, Pulse, Receiver
from core.recording import record
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll

NIGHT = timedelta(hours=10)
WELL = answered(*(heard(number) for number in range(1, 5)))
AT = datetime.fromisoformat("2026-11-22T20:31:07Z")


def poll(receiver: Receiver) -> None:
    record_poll(receiver, WELL)


@pytest.fixture
def receiver(db: None) -> Receiver:
    del db
    (receiver,) = make_receivers()
    poll(receiver)
    return receiver


def pass_by(span: timedelta) -> datetime:
    """Let so much time have passed in which nobody polled, and return when that began."""
    Pulse.objects.update(at=F("at") - span)
    Claim.objects.update(polled_at=F("polled_at") - span)
    return Claim.objects.order_by("-polled_at")[0].polled_at or AT


def kept() -> list[tuple[datetime, datetime]]:
    return list(Kept.objects.order_by("since").values_list("since", "until"))


def test_the_first_poll_ever_follows_no_absence(receiver: Receiver) -> None:
    del receiver
    assert kept() == []


def fail(receiver: Receiver) -> None:
    record_poll(receiver, silent())


def show(_: Receiver) -> None:
    pulses.show("poll.normal")


@pytest.mark.parametrize("sign", [poll, fail, show])
def test_whoever_watches_again_writes_down_since_when_nobody_did(
    receiver: Receiver, sign: Callable[[Receiver], None]
) -> None:
    since = pass_by(NIGHT)

    sign(receiver)
    sign(receiver)

    assert kept() == [(since, clock.now())]


def test_a_silence_begins_with_the_last_poll_and_not_with_the_last_note_of_one(receiver: Receiver) -> None:
    pass_by(NIGHT)
    Pulse.objects.update(at=F("at") - timedelta(seconds=4))

    poll(receiver)

    ((since, until),) = kept()
    assert until - since == NIGHT


def test_a_short_silence_is_no_absence(receiver: Receiver) -> None:
    pass_by(timedelta(seconds=absences.AWAY_AFTER_S - 1))

    poll(receiver)

    assert kept() == []
    assert Pulse.objects.get(part=absences.WATCHING).at == clock.now()


@pytest.mark.parametrize("part", ["beat", "poll.suspect"])
def test_whoever_keeps_up_no_board_does_not_watch(receiver: Receiver, part: str) -> None:
    del receiver
    since = pass_by(NIGHT)

    pulses.show(part)

    assert kept() == []
    assert absences.between(since, clock.now()) == [Absence(since=since, until=None)]


def test_a_house_without_receivers_is_watched_as_long_as_somebody_would_poll(db: None) -> None:
    del db
    for _ in range(3):
        pulses.show("poll.critical")
        Pulse.objects.update(at=F("at") - timedelta(seconds=pulses.EVERY_S + 40))

    assert kept() == []


def test_a_clock_that_was_put_back_is_no_absence_and_delays_none(receiver: Receiver) -> None:
    pass_by(-NIGHT)
    poll(receiver)
    since = pass_by(timedelta(minutes=5))

    poll(receiver)

    assert kept() == [(since, clock.now())]


def test_polls_write_that_they_watch_only_every_few_seconds(receiver: Receiver) -> None:
    before = Pulse.objects.get(part=absences.WATCHING).at
    Pulse.objects.update(at=before - timedelta(seconds=absences.NOTED_EVERY_S - 1))

    poll(receiver)

    assert Pulse.objects.get(part=absences.WATCHING).at < before


def test_of_all_who_watch_again_at_once_one_writes_it_down(committed: None) -> None:
    del committed
    receivers = make_receivers(8)
    for receiver in receivers:
        poll(receiver)
    since = pass_by(NIGHT)

    all_ready = Barrier(len(receivers))

    def again(receiver: Receiver) -> None:
        claim_seq = claims.claim_now(receiver.pk)
        assert claim_seq is not None
        started = claims.start(receiver_id=receiver.pk, claim_seq=claim_seq)
        assert started is not None
        outcome = judge(started.known, WELL)
        all_ready.wait(30)
        assert record(started, outcome, memory=started.memory, server=None)
        pulses.show("poll.normal")
        connection.close()

    with ThreadPoolExecutor(len(receivers)) as pool:
        list(pool.map(again, receivers))

    assert [one for one, _ in kept()] == [since]


def test_an_absence_is_found_wherever_a_part_of_it_is(db: None) -> None:
    del db
    hour = timedelta(hours=1)
    Kept.objects.create(since=AT, until=AT + hour)
    Kept.objects.create(since=AT + 2 * hour, until=AT + 3 * hour)
    first, second = Absence(since=AT, until=AT + hour), Absence(since=AT + 2 * hour, until=AT + 3 * hour)

    assert absences.between(AT - hour, AT) == []
    assert absences.between(AT + hour / 2, AT + hour) == [first]
    assert absences.between(AT - hour, AT + 9 * hour) == [first, second]


def test_the_last_moment_that_somebody_watched_is_where_an_absence_begins() -> None:
    absence = Absence(since=AT, until=AT + NIGHT)

    assert last_watched([absence], AT - NIGHT) == AT - NIGHT
    assert last_watched([absence], AT + NIGHT / 2) == AT
    assert last_watched([absence], AT + NIGHT) == AT + NIGHT
    assert last_watched([Absence(since=AT, until=None)], AT + 9 * NIGHT) == AT
