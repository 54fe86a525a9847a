"""The board as it was, from the change records."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from core.access import Principal
from core.clock import today
from core.domain.state import instant
from core.models import Absence, ChangeRecord, Channel, Head, Inbox, Receiver
from realtime import replay
from realtime.snapshot import get_all_devices
from realtime.windows import emit
from tests.dashboard.stage import Placed, change, database_time, put

ANYBODY = Principal(name="olga", user_id=1)
STALE = {"state": "stale", "reasons": ["stale"]}


def moment() -> datetime:
    """Return a time that is after all that was recorded, and before all that will be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
    found: datetime = at
    return found


def rows_at(
    at: datetime, principal: Principal = ANYBODY, since: datetime | None = None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = replay.data_at(principal, at, since=since)["devices"]
    return rows


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["device_id"]: (row["name"], row["battery_minutes"]) for row in rows}


def without_age(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "seen_at": None}


def test_each_moment_has_the_board_that_was_then(committed: None) -> None:
    del committed
    before = moment()
    put([Placed(name="Pastor"), Placed(name="Choir L")])
    first = moment()
    change("SHURE002", battery_minutes=22)
    second = moment()
    Channel.objects.filter(device_id="SHURE001").update(alias="Host")
    emit()
    third = moment()
    Receiver.objects.filter(code="SHURE001").delete()
    emit()
    last = moment()

    assert told(rows_at(before)) == {}
    assert told(rows_at(first)) == {"SHURE001": ("Pastor", 380), "SHURE002": ("Choir L", 380)}
    assert told(rows_at(second)) == {"SHURE001": ("Pastor", 380), "SHURE002": ("Choir L", 22)}
    assert told(rows_at(third)) == {"SHURE001": ("Host", 380), "SHURE002": ("Choir L", 22)}
    assert told(rows_at(last)) == {"SHURE002": ("Choir L", 22)}
    assert [without_age(row) for row in rows_at(last)] == [without_age(row) for row in get_all_devices()]


def test_a_step_tells_only_what_is_another_than_before(committed: None) -> None:
    del committed
    put([Placed(name="Pastor"), Placed(name="Choir L"), Placed(name="Choir R")])
    first = moment()
    change("SHURE002", battery_minutes=22)
    Receiver.objects.filter(code="SHURE003").delete()
    emit()

    step = replay.data_at(ANYBODY, moment(), since=first)

    assert told(step["devices"]) == {"SHURE002": ("Choir L", 22)}
    assert step["removed"] == ["SHURE003"]


def test_nothing_older_than_the_day_s_keyframes_is_looked_at(committed: None) -> None:
    del committed
    put([Placed(name="Pastor")])
    ChangeRecord.objects.update(at=database_time() - timedelta(days=3))
    Head.objects.update(keyframed_on=today() - timedelta(days=1))
    emit()
    ChangeRecord.objects.filter(at__lt=database_time() - timedelta(days=1)).delete()

    assert told(rows_at(moment())) == {"SHURE001": ("Pastor", 380)}


def test_whoever_answered_in_time_looks_fresh_and_whoever_did_not_looks_old(committed: None) -> None:
    del committed
    put([Placed(name="Pastor"), Placed(name="Choir L"), Placed(name="New", values={"reasons": ["unread"]})])
    change("SHURE002", **STALE)
    at = moment()

    seen = {row["device_id"]: row["seen_at"] for row in rows_at(at)}

    assert datetime.fromisoformat(seen["SHURE001"]) == at.replace(microsecond=at.microsecond // 1000 * 1000)
    age = at - datetime.fromisoformat(seen["SHURE002"])
    assert timedelta(seconds=90) <= age < timedelta(seconds=100)
    assert seen["SHURE003"] is None


def seen_as(at: datetime) -> dict[str, Any]:
    return {row["device_id"]: (row["state"], row["reasons"], row["seen_at"]) for row in rows_at(at)}


def test_while_nobody_polled_every_channel_is_stale_since_the_last_poll(committed: None) -> None:
    del committed
    low = {"state": "warning", "reasons": ["battery_low"]}
    put([Placed(name="Pastor"), Placed(name="Choir L", values=low), Placed(name="Choir R")])
    hour = timedelta(hours=1)
    at = database_time()
    ChangeRecord.objects.update(at=at - 3 * hour)
    since, until = at - 2 * hour, at - hour
    Absence.objects.create(since=since, until=until)
    change("SHURE003", **STALE)  # as the first window does that comes afterwards
    ChangeRecord.objects.filter(kind="change").update(at=until + timedelta(seconds=1))
    then, just_before = instant(since), instant(since - timedelta(seconds=1))

    away = replay.data_at(ANYBODY, since + timedelta(seconds=1))

    assert (away["away"], away["whole"]) == ({"from": then, "to": instant(until)}, True)
    assert seen_as(since + timedelta(seconds=1)) == {
        "SHURE001": ("stale", ["stale"], then),
        "SHURE002": ("warning", ["battery_low", "stale"], then),
        "SHURE003": ("stale", ["stale"], then),
    }
    assert seen_as(since - timedelta(seconds=1)) == {
        "SHURE001": ("ok", [], just_before),
        "SHURE002": ("warning", ["battery_low"], just_before),
        "SHURE003": ("ok", [], just_before),
    }
    after = until + timedelta(seconds=2)
    assert seen_as(after)["SHURE001"] == ("ok", [], instant(after))
    assert seen_as(after)["SHURE003"] == ("stale", ["stale"], then)


def test_a_step_into_an_absence_or_out_of_it_tells_everything(committed: None) -> None:
    del committed
    put([Placed(name="Pastor")])
    minute = timedelta(minutes=1)
    at = database_time()
    ChangeRecord.objects.update(at=at - 60 * minute)
    Absence.objects.create(since=at - 30 * minute, until=at - 20 * minute)

    def told_at(ago: int, *, since: int) -> tuple[bool, int]:
        step = replay.data_at(ANYBODY, at - ago * minute, since=at - since * minute)
        return step["whole"], len(step["devices"])

    assert told_at(35, since=40) == (False, 0)
    assert told_at(29, since=35) == (True, 1)
    assert told_at(25, since=29) == (False, 0)
    assert told_at(10, since=25) == (True, 1)
    assert told_at(10, since=35) == (False, 0)


def test_what_a_principal_may_not_see_now_they_did_not_see_then(committed: None) -> None:
    del committed
    put([Placed(name="Pastor", slot=1), Placed(name="Choir L")])
    at = moment()
    held = Principal(name="sign", token_id=1, scopes=("group:stage-left",))

    assert told(rows_at(at, held)) == {"SHURE001": ("Pastor", 380)}


@pytest.fixture
def tell_alert() -> Callable[[str], None]:
    def tell(receiver: str) -> None:
        alert = {
            "id": 1,
            "severity": "critical",
            "state": "open",
            "rule": "receiver_offline",
            "since": "2026-11-22T20:31:07.000Z",
            "message": f"No answer from {receiver}",
            "target": {"receiver_id": receiver},
        }
        Inbox.objects.create(at=database_time(), kind="alert", device_id=receiver, rev=0, state=alert)
        emit()

    return tell


def test_alerts_are_the_marks_of_the_past_that_somebody_may_see(
    committed: None, tell_alert: Callable[[str], None]
) -> None:
    del committed
    put([Placed(name="Pastor", slot=1), Placed(name="Choir L")])
    before = moment()
    tell_alert("SHURE001")
    tell_alert("SHURE002")
    held = Principal(name="sign", token_id=1, scopes=("group:stage-left",))

    def texts(principal: Principal) -> list[str]:
        return [one.alert["message"] for one in replay.moments(principal, before, moment())]

    assert texts(ANYBODY) == ["No answer from SHURE002", "No answer from SHURE001"]
    assert texts(held) == ["No answer from SHURE001"]


def test_the_past_begins_with_what_is_kept(committed: None) -> None:
    del committed
    assert replay.retained().since is None

    put([Placed(name="Pastor")])

    retained = replay.retained()
    assert retained.since == ChangeRecord.objects.get().at
    assert retained.holds(moment()) is False  # of the database's last transaction
    assert retained.holds(retained.since)
