"""Who is due, and who may poll."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow as Now
from django.db import connection
from django.db.models import F, QuerySet
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from core import claims
from core.domain.tiers import Default, Place, Tier
from core.models import Claim, Group, Location, Receiver, Server
from tests.fleet import answered, heard, make_receivers, make_server
from tests.polling import record_poll


def due_since(seconds: float) -> QuerySet[Claim]:
    """Have every claim be due since so long, of 30 s intervals, and take back wishes to be polled at once."""
    Claim.objects.update(wanted=False, slot_at=Now() - timedelta(seconds=30 + seconds))
    return Claim.objects.all()


def claimed() -> list[claims.Due]:
    return claims.claim_due(1000)[0]


@pytest.mark.django_db
def test_what_is_due_is_claimed_once() -> None:
    make_receivers(3)
    due_since(1)

    first, second = claimed(), claimed()

    assert [due.claim_seq for due in first] == [1, 1, 1]
    assert second == []


@pytest.mark.django_db
def test_slots_keep_their_rhythm_however_late_they_were_claimed() -> None:
    make_receivers()
    before = due_since(12).get().slot_at

    claimed()

    assert Claim.objects.get().slot_at == before + timedelta(seconds=30)


@pytest.mark.django_db
def test_after_a_stop_of_ten_minutes_a_slot_is_drawn_anew_and_not_made_up_for() -> None:
    make_receivers(40)
    due_since(600)

    assert claimed() == []

    waits = [30 - age.total_seconds() for (age,) in Claim.objects.values_list(Now() - F("slot_at"))]
    assert min(waits) >= 0
    assert max(waits) <= 30
    assert max(waits) - min(waits) > 10  # spread; forty even draws are this close once in 10^7


@pytest.mark.django_db
def test_a_receiver_that_is_wanted_is_claimed_at_once_and_keeps_its_rhythm() -> None:
    receiver, *_ = make_receivers(2)
    due_since(-20)
    slot = Claim.objects.get(receiver=receiver).slot_at

    assert claims.poll_now([receiver.pk]) == 1

    assert [due.receiver_id for due in claimed()] == [receiver.pk]
    assert Claim.objects.get(receiver=receiver).slot_at == slot
    assert claimed() == []


@pytest.mark.django_db
def test_a_tier_is_polled_at_once() -> None:
    make_receivers(3)
    due_since(-20)
    Claim.objects.filter(pk=Claim.objects.first().pk).update(tier=Tier.OFFLINE)  # type: ignore[union-attr]

    assert claims.poll_tier_now(Tier.NORMAL) == 2

    assert len(claimed()) == 2


@pytest.mark.django_db
def test_a_receiver_in_flight_is_not_claimed_again_before_its_lease_is_over() -> None:
    make_receivers()
    due_since(1)
    claimed()

    Claim.objects.update(wanted=True)
    assert claimed() == []

    Claim.objects.update(wanted=True, inflight_until=Now() - timedelta(seconds=1))
    assert [due.claim_seq for due in claimed()] == [2]


@pytest.mark.django_db
def test_a_wish_that_comes_while_a_receiver_is_in_flight_is_kept_until_it_is_not() -> None:
    (receiver,) = make_receivers()
    claimed()

    claims.poll_now([receiver.pk])
    assert [claimed(), claimed()] == [[], []]

    Claim.objects.update(inflight_until=None)
    assert [due.claim_seq for due in claimed()] == [2]
    Claim.objects.update(inflight_until=None)
    assert claimed() == []


@pytest.mark.django_db
def test_a_slot_that_passes_while_a_message_is_on_its_way_is_not_lost_with_it() -> None:
    make_receivers()
    claimed()
    due_since(1)
    assert claimed() == []

    Claim.objects.update(inflight_until=None)
    assert [due.claim_seq for due in claimed()] == [2]


@pytest.mark.django_db
def test_a_start_grants_every_wish_that_came_before_it() -> None:
    (receiver,) = make_receivers()
    (due,) = claimed()
    due_since(1)
    claims.poll_now([receiver.pk])
    assert claimed() == []

    assert claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq) is not None

    Claim.objects.update(inflight_until=None)
    assert claimed() == []


@pytest.mark.parametrize(("seconds", "lease"), [(10, 9), (30, 15)])
@pytest.mark.django_db
def test_a_lost_message_is_held_until_the_next_slot_but_never_longer_than_15_s(
    seconds: int, lease: int
) -> None:
    make_receivers()
    Receiver.objects.update(interval_s=seconds)
    due_since(seconds + 1 - 30)

    claimed()

    assert Claim.objects.filter(inflight_until=Now() + timedelta(seconds=lease)).exists()


@pytest.mark.django_db
def test_after_a_lost_message_the_next_slot_is_claimed_however_soon_a_beat_looks() -> None:
    make_receivers()
    Receiver.objects.update(interval_s=10)
    due_since(0.4 + 10 - 30)
    claimed()

    later = timedelta(seconds=9.7)  # 0.1 s after the next slot
    Claim.objects.update(slot_at=F("slot_at") - later, inflight_until=F("inflight_until") - later)

    assert [due.claim_seq for due in claimed()] == [2]


@pytest.mark.django_db
def test_nothing_is_claimed_of_what_is_disabled() -> None:
    receivers = make_receivers(2)
    Receiver.objects.filter(pk=receivers[0].pk).update(enabled=False)
    due_since(1)

    assert [due.receiver_id for due in claimed()] == [receivers[1].pk]

    receivers[1].server.enabled = False
    receivers[1].server.save()
    due_since(1).update(inflight_until=None)
    assert claimed() == []


@pytest.mark.django_db
def test_a_disabled_tier_is_not_polled_and_an_edited_interval_is_in_force_at_the_next_claim() -> None:
    make_receivers()
    row = PeriodicTask.objects.get(name="poll:normal")
    row.interval = IntervalSchedule.objects.create(every=2, period="minutes")
    row.save()
    due_since(91)

    assert [due.interval_s for due in claimed()] == [120]

    PeriodicTask.objects.filter(name="poll:normal").update(enabled=False)
    due_since(1).update(inflight_until=None)
    assert claimed() == []


@pytest.mark.django_db
def test_in_a_disabled_tier_a_wish_is_granted_all_the_same() -> None:
    receiver, _ = make_receivers(2)
    PeriodicTask.objects.filter(name="poll:normal").update(enabled=False)
    due_since(1)

    claims.poll_now([receiver.pk])

    assert [due.receiver_id for due in claimed()] == [receiver.pk]


@pytest.mark.django_db
def test_an_interval_that_was_shortened_makes_due_what_was_not() -> None:
    make_receivers()
    due_since(-24)
    assert claimed() == []

    Receiver.objects.update(interval_s=5)

    assert [due.interval_s for due in claimed()] == [5]


@pytest.mark.django_db
def test_a_tier_whose_row_is_gone_keeps_its_default_interval() -> None:
    make_receivers()
    PeriodicTask.objects.filter(name="poll:normal").delete()
    due_since(1)

    assert [due.interval_s for due in claimed()] == [30]


@pytest.mark.django_db
def test_a_claim_is_started_once_even_when_its_message_comes_twice() -> None:
    (receiver,) = make_receivers()
    (due,) = claimed()

    first = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)
    second = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)

    assert first is not None
    assert second is None
    assert Claim.objects.filter(inflight_until=Now() + timedelta(seconds=claims.POLL_LEASE_S)).exists()


@pytest.mark.django_db
def test_a_claim_that_was_overtaken_is_not_started() -> None:
    (receiver,) = make_receivers()
    (due,) = claimed()
    Claim.objects.update(inflight_until=None, wanted=True)
    claimed()

    assert claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq) is None


@pytest.mark.parametrize("what", [Receiver, Server])
@pytest.mark.django_db
def test_what_was_disabled_since_it_was_claimed_is_not_polled(what: type[Receiver] | type[Server]) -> None:
    (receiver,) = make_receivers()
    (due,) = claimed()
    what.objects.update(enabled=False)

    assert claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq) is None


@pytest.mark.django_db
def test_starting_a_claim_brings_everything_that_the_poll_needs_in_one_statement(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    (receiver,) = make_receivers(model="AD4D")
    (due,) = claimed()

    with django_assert_num_queries(1):  # type: ignore[operator]  # a context manager, untyped
        started = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)

    assert started is not None
    assert started.server.url == "https://198.51.100.7:10000"
    assert started.known.device.source_id == receiver.source_id
    assert [(one.device_id, one.number) for one in started.known.channels] == [
        (receiver.code, 1),
        (f"{receiver.code}-2", 2),
    ]
    assert started.known.intervals == {
        Tier.CRITICAL: timedelta(seconds=10),
        Tier.NORMAL: timedelta(seconds=30),
        Tier.OFFLINE: timedelta(seconds=60),
    }
    assert started.known.defaults == ()
    assert started.memory == {}


@pytest.mark.django_db
def test_a_claim_brings_the_default_tiers_of_its_groups_and_its_location_or_else_its_server_s() -> None:
    (receiver,) = make_receivers()
    hall = Location.objects.create(slug="hall", title="Hall", tier="normal")
    Server.objects.update(location=hall)
    for slug, tier in (("leads", "critical"), ("silent", None)):
        group = Group.objects.create(slug=slug, title=slug, tier=tier)
        for number, channel in enumerate(receiver.channels.all()[:2], start=1):
            group.slots.create(channel=channel, number=number)
    of_group = Default(place=Place.GROUP, slug="leads", tier=Tier.CRITICAL)
    (due,) = claimed()

    first = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)
    assert first is not None
    Receiver.objects.update(location=Location.objects.create(slug="lobby", title="Lobby"))
    second = claims.again(first)

    assert set(first.known.defaults) == {
        of_group,
        Default(place=Place.LOCATION, slug="hall", tier=Tier.NORMAL),
    }
    assert second is not None
    assert second.known.defaults == (of_group,)


def _flag(receiver: Receiver) -> None:
    Receiver.objects.filter(pk=receiver.pk).update(critical=True)


def _enable(receiver: Receiver) -> None:
    Receiver.objects.filter(pk=receiver.pk).update(enabled=False)
    due_since(-20)
    Receiver.objects.filter(pk=receiver.pk).update(enabled=True)


def _move(receiver: Receiver) -> None:
    hall = Location.objects.create(slug="hall", title="Hall", tier="critical")
    Receiver.objects.filter(pk=receiver.pk).update(location=hall)


def _hold_the_location(receiver: Receiver) -> None:
    _move(receiver)
    due_since(-20)
    Location.objects.update(tier=None)


def _hold_the_server_s_location(receiver: Receiver) -> None:
    hall = Location.objects.create(slug="hall", title="Hall")
    Server.objects.filter(pk=receiver.server_id).update(location=hall)
    due_since(-20)
    Location.objects.update(tier="critical")


def _move_the_server(receiver: Receiver) -> None:
    hall = Location.objects.create(slug="hall", title="Hall", tier="critical")
    Server.objects.filter(pk=receiver.server_id).update(location=hall)


def _place(receiver: Receiver, tier: str | None = "critical") -> Group:
    group = Group.objects.create(slug="leads", title="Leads", tier=tier)
    group.slots.create(channel=receiver.channels.earliest("number"), number=1)
    return group


def _hold_the_group(receiver: Receiver) -> None:
    _place(receiver, None)
    due_since(-20)
    Group.objects.update(tier="critical")


def _drop_the_group(receiver: Receiver) -> None:
    group = _place(receiver)
    due_since(-20)
    group.delete()


@pytest.mark.parametrize(
    "edit",
    [
        _flag,
        _enable,
        _move,
        _hold_the_location,
        _hold_the_server_s_location,
        _move_the_server,
        _place,
        _hold_the_group,
        _drop_the_group,
    ],
)
@pytest.mark.django_db
def test_a_receiver_whose_tier_may_be_another_after_an_edit_is_claimed_at_once(
    edit: Callable[[Receiver], object],
) -> None:
    (receiver,) = make_receivers(server=make_server("edited"))
    make_receivers(1, server=make_server("other"))
    due_since(-20)
    assert claimed() == []

    edit(receiver)

    assert [due.receiver_id for due in claimed()] == [receiver.pk]


@pytest.mark.django_db
def test_a_group_without_a_tier_has_nobody_polled() -> None:
    (receiver,) = make_receivers()
    due_since(-20)

    _place(receiver, None)

    assert claimed() == []


@pytest.mark.django_db
def test_a_receiver_is_polled_at_once_when_somebody_begins_to_look_and_not_while_they_go_on() -> None:
    (receiver,) = make_receivers()
    due_since(-20)

    claims.watch([receiver.pk], seconds=20)
    assert [due.receiver_id for due in claimed()] == [receiver.pk]
    Claim.objects.update(inflight_until=None)
    claims.watch([receiver.pk], seconds=20)
    assert claimed() == []

    Claim.objects.update(watched_until=Now() - timedelta(seconds=1))
    claims.watch([receiver.pk], seconds=20)
    assert [due.receiver_id for due in claimed()] == [receiver.pk]


@pytest.mark.usefixtures("committed")
def test_several_beats_at_once_claim_every_receiver_once() -> None:
    make_receivers(200)
    together = threading.Barrier(4)

    def beat() -> list[int]:
        together.wait()
        found = [due.receiver_id for _ in range(4) for due in claims.claim_due(30)[0]]
        connection.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [one for beat_found in pool.map(lambda _: beat(), range(4)) for one in beat_found]

    assert len(found) == len(set(found)) == 200


@pytest.mark.usefixtures("committed")
def test_a_row_that_another_beat_holds_is_passed_over_without_waiting() -> None:
    held, free = make_receivers(2)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM core_claim WHERE receiver_id = %s FOR UPDATE", [held.pk])
            holding.set()
            release.wait(10)
            cursor.execute("ROLLBACK")
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(10)
    try:
        assert [due.receiver_id for due in claimed()] == [free.pk]
    finally:
        release.set()
        holder.join()


@pytest.mark.usefixtures("committed")
def test_the_rows_of_a_poll_are_rewritten_in_place() -> None:
    (receiver,) = make_receivers(model="ULXD4")

    def updates() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'core_pollrecord'"
            )
            updated, in_place = cursor.fetchone()
        return updated, in_place

    before = updates()
    for _ in range(40):
        record_poll(receiver, answered(heard(1)))
    after = updates()

    assert after[0] - before[0] == 30
    assert after[1] - before[1] == 30
