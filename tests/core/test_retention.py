"""What is kept, and for how long: the history by days or bytes, all else by age."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.db import connection
from pytest_django.fixtures import Settings

from core import retention
from core.clock import today
from core.models import Absence, Alert, ChangeRecord, Destination, Mute, Notice, Ticket, Token, Window
from pollers.tasks import retain

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
IDS = itertools.count(1)  # as the inbox draws them


def partition(day: date) -> str:
    return f"core_changerecord_{day:%Y%m%d}"


def make_partition(day: date) -> str:
    with connection.cursor() as cursor:
        retention.ensure_partition(cursor, day)
    return partition(day)


def lies_in(row: ChangeRecord) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM core_changerecord WHERE id = %s", [row.pk])
        (table,) = cursor.fetchone()
    return str(table)


def record(at: datetime) -> ChangeRecord:
    return ChangeRecord.objects.create(
        id=next(IDS), at=at, channel_id=1, device_id="SHURE001", rev=1, seq=1, changes={}, state={}
    )


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_the_days_ahead_have_their_partitions_and_are_made_once() -> None:
    with connection.cursor() as cursor:
        for ahead in range(retention.DAYS_AHEAD + 1):
            cursor.execute(f"DROP TABLE IF EXISTS {partition(today() + ahead * DAY)}")

    made = retention.ensure_partitions()

    assert made == [partition(today() + ahead * DAY) for ahead in range(4)]
    assert retention.ensure_partitions() == []
    assert lies_in(record(noon(today()))) == partition(today())


def test_rows_that_came_before_their_partition_move_into_it() -> None:
    day = today() - 5 * DAY
    early = record(noon(day))
    other = record(noon(day - DAY))
    assert lies_in(early) == lies_in(other) == "core_changerecord_default"

    make_partition(day)

    assert lies_in(early) == partition(day)
    assert lies_in(other) == "core_changerecord_default"


def test_days_that_are_too_old_are_dropped(settings: Settings) -> None:
    settings.HISTORY_DAYS = 3
    retention.ensure_partitions()
    old = [make_partition(today() - age * DAY) for age in (5, 4)]
    kept = record(noon(today() - 3 * DAY))
    make_partition(today() - 3 * DAY)
    gone = record(noon(today() - 5 * DAY))

    assert retention.drop_old_history() == old
    assert not ChangeRecord.objects.filter(pk=gone.pk).exists()
    assert ChangeRecord.objects.filter(pk=kept.pk).exists()


def test_rows_of_old_days_that_never_had_a_partition_go_too(settings: Settings) -> None:
    settings.HISTORY_DAYS = 3
    old, young = record(noon(today() - 5 * DAY)), record(noon(today() - 2 * DAY))

    retention.drop_old_history()

    assert not ChangeRecord.objects.filter(pk=old.pk).exists()
    assert ChangeRecord.objects.filter(pk=young.pk).exists()


def test_the_oldest_days_are_dropped_while_the_history_is_too_large_but_never_today(
    settings: Settings,
) -> None:
    settings.HISTORY_DAYS = 30
    retention.ensure_partitions()
    days = [today() - age * DAY for age in (3, 2, 1)]
    for day in days:
        make_partition(day)
    settings.HISTORY_BYTES = retention.history_bytes() - 1
    assert retention.drop_old_history() == [partition(days[0])]

    settings.HISTORY_BYTES = 0
    assert retention.drop_old_history() == [partition(day) for day in days[1:]]
    assert lies_in(record(noon(today()))) == partition(today())


def window(seq: int, *, age: timedelta = timedelta(), size: int = 10) -> None:
    stored = Window.objects.create(epoch="test", seq=seq, at=noon(today()), frame="x" * size)
    Window.objects.filter(pk=stored.pk).update(at=TransactionNow() - age)


def test_windows_go_after_ten_minutes() -> None:
    for seq, minutes in enumerate((12, 11, 9, 0)):
        window(seq, age=timedelta(minutes=minutes))

    assert retention.prune_windows() == 2
    assert sorted(Window.objects.values_list("seq", flat=True)) == [2, 3]


def test_the_oldest_windows_go_when_they_are_too_large_together(settings: Settings) -> None:
    settings.WINDOWS_BYTES = 25
    for seq in range(4):
        window(seq, size=10)

    assert retention.prune_windows() == 2
    assert sorted(Window.objects.values_list("seq", flat=True)) == [2, 3]


def test_alerts_go_when_they_were_over_before_the_history_begins(settings: Settings) -> None:
    settings.HISTORY_DAYS = 30
    for channel_id, age in enumerate((None, timedelta(days=31), timedelta(days=29))):
        alert = Alert.objects.create(
            receiver_id=1,
            channel_id=channel_id,
            target={},
            rule="battery_low",
            severity="critical",
            state="open" if age is None else "resolved",
            message="",
            since=noon(today() - 40 * DAY),
            changed_at=noon(today()),
        )
        if age is not None:
            Alert.objects.filter(pk=alert.pk).update(resolved_at=TransactionNow() - age)

    assert retention.prune_alerts() == 1
    assert set(Alert.objects.values_list("channel_id", flat=True)) == {0, 2}


def test_mutes_go_when_they_were_over_before_the_history_begins(settings: Settings) -> None:
    settings.HISTORY_DAYS = 30
    for reason, age in (("old", 31 * DAY), ("younger", 29 * DAY), ("in force", -timedelta(hours=1))):
        ends = TransactionNow() - age
        Mute.objects.create(reason=reason, by="sam", created_at=ends - timedelta(hours=2), until=ends)

    assert retention.prune_mutes() == 1
    assert set(Mute.objects.values_list("reason", flat=True)) == {"younger", "in force"}


def test_what_was_told_goes_when_it_is_older_than_the_history(settings: Settings) -> None:
    settings.HISTORY_DAYS = 30
    rack = Destination.objects.create(name="rack", address_reference="env:RACK")
    for state, age in (("sent", 31 * DAY), ("sent", 29 * DAY), ("waiting", 31 * DAY)):
        at = TransactionNow() - age
        Notice.objects.create(destination=rack, kind="test", severity="critical", state=state, created_at=at)

    assert retention.prune_notices() == 1
    assert sorted(Notice.objects.values_list("state", flat=True)) == ["sent", "waiting"]


def test_absences_go_when_they_were_over_before_the_history_begins(settings: Settings) -> None:
    settings.HISTORY_DAYS = 30
    for age in (31 * DAY, 29 * DAY):
        ended = TransactionNow() - age
        Absence.objects.create(since=ended - timedelta(hours=1), until=ended)

    assert retention.prune_absences() == 1
    assert Absence.objects.get().until > noon(today() - 30 * DAY)


def test_sessions_go_when_they_are_past_their_end() -> None:
    for key, age in (("over", DAY), ("valid", -DAY)):
        Session.objects.create(session_key=key, session_data="", expire_date=noon(today()))
        Session.objects.filter(session_key=key).update(expire_date=TransactionNow() - age)

    assert retention.prune_sessions() == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["valid"]


def test_tickets_go_when_nobody_used_them_in_time() -> None:
    token = Token.objects.create(name="lobby", digest="x")
    for digest, age in (("over", timedelta(seconds=1)), ("good", -timedelta(seconds=1))):
        Ticket.objects.create(digest=digest, token=token, expires_at=TransactionNow() - age)

    assert retention.prune_tickets() == 1
    assert list(Ticket.objects.values_list("digest", flat=True)) == ["good"]


def test_the_hourly_task_cuts_what_nobody_uses_any_more() -> None:
    session = Session.objects.create(session_key="over", expire_date=TransactionNow() - DAY)
    token = Token.objects.create(name="lobby", digest="x")
    Ticket.objects.create(digest="over", token=token, expires_at=TransactionNow() - DAY)

    retain()

    assert not Session.objects.filter(pk=session.pk).exists()
    assert not Ticket.objects.exists()
