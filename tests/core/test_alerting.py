"""What people do about alerts, and how it is told."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError

from core import alerting, claims
from core.access import Principal
from core.alerting import acknowledge, mute, muted_now, unmute
from core.domain.outcome import judge
from core.domain.reading import Reading
from core.domain.state import instant
from core.models import Alert, Channel, ChannelRecord, Claim, Group, Inbox, Location, Mute, Receiver, Slot
from core.recording import ServerAnswer, record
from tests.fleet import answered, channels_of, heard, make_receivers, silent

pytestmark = pytest.mark.django_db

SAM = Principal(name="sam", user_id=7)
KIM = Principal(name="kim", user_id=8)
WELL = answered(*(heard(number) for number in range(1, 5)))
DRAINED = answered(heard(1, battery_minutes=22), *(heard(number) for number in (2, 3, 4)))
QUARTER = timedelta(minutes=15)


def poll(reading: Reading, *, times: int = 1) -> None:
    """Poll the receivers, each with this reading."""
    for _ in range(times):
        Claim.objects.update(wanted=True, inflight_until=None)
        for due in claims.claim_due(10)[0]:
            started = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
            assert started is not None
            outcome = judge(started.known, reading)
            assert record(started, outcome, memory={}, server=ServerAnswer(ok=True, latency_ms=12))


def told() -> list[Mapping[str, Any]]:
    """Return what the inbox tells of alerts, in order, and empty it."""
    rows = [row.state for row in Inbox.objects.filter(kind="alert").order_by("id")]
    Inbox.objects.all().delete()
    return rows


def drained() -> tuple[Receiver, Alert]:
    (receiver,) = make_receivers()
    poll(WELL)
    poll(DRAINED)
    Inbox.objects.all().delete()
    return receiver, Alert.objects.get()


def test_whoever_takes_an_alert_over_is_told_with_the_time_and_the_reason() -> None:
    receiver, alert = drained()

    assert acknowledge(alert.pk, by=SAM, reason=" fresh pack at the break ")

    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by_id, alert.acknowledged_by, alert.ack_reason) == (
        "acknowledged",
        7,
        "sam",
        "fresh pack at the break",
    )
    assert alert.acknowledged_at is not None
    (row,) = told()
    assert row == {
        "id": alert.pk,
        "rule": "battery_low",
        "severity": "critical",
        "state": "acknowledged",
        "since": instant(alert.since),
        "message": "Vox 1: 22 minutes left",
        "target": {"device_id": receiver.code, "channel": 1},
        "acknowledged_by": "sam",
        "acknowledged_at": instant(alert.acknowledged_at),
        "reason": "fresh pack at the break",
    }


def test_an_alert_that_somebody_took_over_is_so_on_its_channel_too() -> None:
    receiver, alert = drained()

    acknowledge(alert.pk, by=SAM, reason="")

    alert_row, change = Inbox.objects.order_by("id")
    kept = ChannelRecord.objects.get(channel__device_id=receiver.code)
    mark = {"rule": "battery_low", "severity": "critical", "state": "acknowledged"}
    assert (alert_row.kind, change.kind) == ("alert", "change")
    assert change.changes == {"alert": [{**mark, "state": "open"}, mark]}
    assert (change.rev, change.state) == (kept.rev, kept.recorded)
    assert kept.recorded["alert"] == mark


def test_an_alert_is_taken_over_by_one_alone_and_not_once_it_is_over() -> None:
    _, alert = drained()

    assert acknowledge(alert.pk, by=SAM, reason="mine")
    assert not acknowledge(alert.pk, by=KIM, reason="mine too")
    poll(WELL)
    assert not acknowledge(alert.pk, by=KIM, reason="late")

    assert Alert.objects.get().acknowledged_by == "sam"
    assert not acknowledge(alert.pk + 1, by=KIM, reason="no such alert")


def test_a_receivers_alert_is_taken_over_with_all_of_its_channels() -> None:
    make_receivers()
    poll(WELL)
    poll(silent(), times=3)
    Inbox.objects.all().delete()

    acknowledge(Alert.objects.get().pk, by=SAM, reason="power cycled")

    marks = {record.recorded["alert"]["state"] for record in ChannelRecord.objects.all()}
    assert marks == {"acknowledged"}
    assert Inbox.objects.filter(kind="change").count() == 4


def test_a_poll_under_way_judges_anew_when_somebody_takes_an_alert_over() -> None:
    _, alert = drained()
    Claim.objects.update(wanted=True, inflight_until=None)
    ((due,), _) = claims.claim_due(10)
    started = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
    assert started is not None

    acknowledge(alert.pk, by=SAM, reason="")

    assert not record(started, judge(started.known, WELL), memory={}, server=None)
    again = claims.again(started)
    assert again is not None
    assert record(again, judge(again.known, WELL), memory={}, server=None)
    assert [row["state"] for row in told()] == ["acknowledged", "resolved"]


def test_a_reason_that_is_too_long_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="A reason has at most 200 characters"):
        acknowledge(1, by=SAM, reason="x" * 201)


def test_a_mute_is_told_with_the_alerts_that_it_is_about_and_ends_by_itself() -> None:
    drained()

    muted = mute(None, lasting=QUARTER, by=SAM, reason="line check")

    (row,) = told()
    assert (row["state"], row["muted_until"]) == ("open", instant(muted.until))
    assert [one.pk for one in muted_now()] == [muted.pk]
    Mute.objects.update(created_at=TransactionNow() - QUARTER, until=TransactionNow() - timedelta(seconds=1))
    assert muted_now() == []
    poll(WELL)
    assert [("muted_until" in row, row["state"]) for row in told()] == [(False, "resolved")]


def test_a_mute_that_is_ended_early_ends_at_once() -> None:
    drained()
    muted = mute(None, lasting=QUARTER, by=SAM, reason="line check")
    told()

    assert unmute(muted.pk, by=KIM)
    assert not unmute(muted.pk, by=KIM)

    assert [("muted_until" in row, row["state"]) for row in told()] == [(False, "open")]
    assert muted_now() == []
    assert Mute.objects.get().ended_by == "kim"


def test_what_opens_while_it_is_muted_is_muted() -> None:
    make_receivers()
    poll(WELL)
    muted = mute(Receiver.objects.get(), lasting=QUARTER, by=SAM, reason="rehearsal")

    poll(DRAINED)

    assert [(row["state"], row["muted_until"]) for row in told()] == [("open", instant(muted.until))]


def test_a_mute_of_a_place_a_group_a_receiver_or_a_channel_is_about_that_alone() -> None:
    receiver, other = make_receivers(2)
    here, there = (Location.objects.create(slug=slug, title=slug) for slug in ("here", "there"))
    group = Group.objects.create(slug="band", title="Band")
    first = channels_of(receiver)[0]
    Slot.objects.create(group=group, channel=first, number=1)
    receiver.location = here
    receiver.save()
    poll(WELL)
    poll(DRAINED)
    about_first = Alert.objects.get(channel_id=first.pk)

    def is_muted(part: alerting.Part) -> bool:
        muted = mute(part, lasting=QUARTER, by=SAM, reason="set change")
        about_first.refresh_from_db()
        is_about = about_first.muted_until == muted.until
        unmute(muted.pk, by=SAM)
        return is_about

    assert [is_muted(part) for part in (here, group, receiver, first)] == [True] * 4
    assert [is_muted(part) for part in (there, other, channels_of(receiver)[1])] == [False] * 3


def test_a_receiver_s_alert_is_muted_only_when_all_of_its_channels_are() -> None:
    (receiver,) = make_receivers()
    poll(WELL)
    poll(silent(), times=3)
    one, *others = channels_of(receiver)

    def mute_each(channels: list[Channel], lasting: timedelta) -> None:
        for channel in channels:
            mute(channel, lasting=lasting, by=SAM, reason="set change")

    mute_each(others, 2 * QUARTER)
    assert Alert.objects.get().muted_until is None
    mute_each([one], QUARTER)

    assert Alert.objects.get().muted_until == Mute.objects.get(channel=one).until


@pytest.mark.parametrize(
    ("lasting", "reason", "sentence"),
    [
        (timedelta(hours=25), "show", "A mute always ends"),
        (timedelta(), "show", "A mute always ends"),
        (QUARTER, " ", "Say why"),
    ],
)
def test_a_mute_without_an_end_or_a_reason_is_refused_in_a_sentence(
    lasting: timedelta, reason: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        mute(None, lasting=lasting, by=SAM, reason=reason)


def test_the_database_itself_keeps_mutes_short() -> None:
    with pytest.raises(IntegrityError, match="mute_ends_within_a_day"):
        Mute.objects.create(until=TransactionNow() + timedelta(hours=25), reason="", by="")
