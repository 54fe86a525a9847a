"""What the schedule needs of the machine, what is done, and what an edit would need."""

from datetime import timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow as Now
from django_celery_beat.models import PeriodicTask
from pytest_django.fixtures import Settings

from core import load
from core.domain.tiers import Tier
from core.models import Claim, PollRecord, Receiver
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll

pytestmark = pytest.mark.django_db

AT_MOST = "Micboard is set to 400 at the most (MICBOARD_MAX_POLLS_PER_S)."


def of(tier: Tier) -> load.TierLoad:
    (found,) = (row for row in load.by_tier() if row.tier is tier)
    return found


def test_a_tier_needs_what_the_intervals_of_its_receivers_ask_for() -> None:
    own, disabled, *_ = make_receivers(5)
    Receiver.objects.filter(pk=own.pk).update(interval_s=2)
    Receiver.objects.filter(pk=disabled.pk).update(enabled=False)

    normal = of(Tier.NORMAL)

    assert (normal.interval_s, normal.enabled, normal.receivers) == (30, True, 4)
    assert normal.needed_per_s == pytest.approx(0.5 + 3 / 30)
    assert (of(Tier.CRITICAL).receivers, of(Tier.CRITICAL).needed_per_s) == (0, 0)


def test_a_tier_that_is_disabled_needs_nothing_and_holds_its_receivers() -> None:
    make_receivers(3)
    PeriodicTask.objects.filter(name="poll:normal").update(enabled=False)

    normal = of(Tier.NORMAL)

    assert (normal.enabled, normal.receivers, normal.needed_per_s) == (False, 3, 0)


def test_what_was_done_is_counted_over_a_minute() -> None:
    (receiver,) = make_receivers()
    for _ in range(4):
        record_poll(receiver, answered(heard(1)))
    PollRecord.objects.filter(claim_seq=1).update(started_at=Now() - timedelta(seconds=61))

    assert of(Tier.NORMAL).done_per_s == pytest.approx(3 / 60)


def test_what_was_done_is_told_by_the_ten_last_polls_where_there_were_more_in_the_minute() -> None:
    (receiver,) = make_receivers()
    for _ in range(12):
        record_poll(receiver, answered(heard(1)))
    for poll in PollRecord.objects.all():
        age = timedelta(seconds=2 * (13 - poll.claim_seq))
        PollRecord.objects.filter(pk=poll.pk).update(started_at=Now() - age)

    assert of(Tier.NORMAL).done_per_s == pytest.approx(10 / 20)


@pytest.mark.parametrize(
    ("interval_s", "sentence"),
    [
        (0, "Receivers are asked once a second at the most: choose 1 s or more."),
        (-5, "Receivers are asked once a second at the most: choose 1 s or more."),
        (0.1, "Receivers are asked once a second at the most: choose 1 s or more."),
        (1, None),
        (3600, None),
        (3601, "Receivers are asked once an hour at the least: choose 1 hour or less."),
    ],
)
def test_an_interval_lies_between_a_second_and_an_hour(interval_s: float, sentence: str | None) -> None:
    (receiver,) = make_receivers()

    assert load.refusal(interval_s, receivers=[receiver.pk]) == sentence


def test_more_polls_than_the_machine_does_are_refused_with_the_rate_that_they_would_need() -> None:
    make_receivers(1000, model="ULXD4")

    assert load.refusal(0.1, tiers=[Tier.NORMAL]) == (
        "Receivers are asked once a second at the most: choose 1 s or more. "
        f"1,000 receivers every 0.1 s would need 10,000 polls a second; {AT_MOST} Choose 3 s or more."
    )
    assert load.refusal(2, tiers=[Tier.NORMAL]) == (
        f"1,000 receivers every 2 s would need 500 polls a second; {AT_MOST} Choose 3 s or more."
    )
    assert load.refusal(3, tiers=[Tier.NORMAL]) is None


def test_all_other_polls_count(settings: Settings) -> None:
    settings.MAX_POLLS_PER_S = 4
    first, *others = make_receivers(4)
    Receiver.objects.exclude(pk=first.pk).update(interval_s=1)

    assert load.refusal(1, receivers=[first.pk]) is None
    settings.MAX_POLLS_PER_S = 3.5
    assert load.refusal(1, receivers=[first.pk]) == (
        "1 receiver every 1 s would need 1 poll a second, 4 with all others; "
        "Micboard is set to 3.5 at the most (MICBOARD_MAX_POLLS_PER_S). Choose 2 s or more."
    )
    assert load.refusal(2, receivers=[one.pk for one in others]) is None


def test_an_edit_that_asks_for_less_is_never_too_much(settings: Settings) -> None:
    settings.MAX_POLLS_PER_S = 0.5
    receivers = make_receivers(4)
    Receiver.objects.update(interval_s=1)

    assert load.refusal(3, receivers=[one.pk for one in receivers]) is None


def test_a_tier_s_interval_concerns_nobody_with_an_interval_of_their_own(settings: Settings) -> None:
    settings.MAX_POLLS_PER_S = 1
    make_receivers(4)
    Receiver.objects.update(interval_s=60)
    Claim.objects.update(tier=Tier.CRITICAL.value)

    assert load.refusal(1, tiers=[Tier.CRITICAL]) is None


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (0.0167, "0.02"), (0.1, "0.1"), (33.333, "33.3"), (400, "400"), (10_000, "10,000")],
)
def test_numbers_are_told_as_people_read_them(number: float, words: str) -> None:
    assert load.shown(number) == words
