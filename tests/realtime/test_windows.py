"""From the inbox to windows: what changed, once a second, in order, and nothing lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from hypothesis import given
from hypothesis import strategies as st

from core import claims
from core.access import Principal
from core.alerting import acknowledge, mute
from core.domain.outcome import judge
from core.domain.state import instant
from core.models import (
    Alert,
    ChangeRecord,
    Channel,
    Claim,
    Group,
    Head,
    Inbox,
    Location,
    Receiver,
    Server,
    ServerHealth,
    Slot,
)
from core.models import Window as StoredWindow
from core.models.records import Kind
from core.recording import ServerAnswer, record, record_answer
from realtime.snapshot import get_all_devices
from realtime.windows import LARGEST_WINDOW, Update, coalesced, emit, group_updates_by_time
from tests.contract import checked
from tests.fleet import answered, channels_of, heard, make_receivers, make_server
from tests.polling import record_poll

pytestmark = pytest.mark.usefixtures("committed")

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of two channels that the feed has told of already."""
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2)))
    emit()
    yield receiver
    PeriodicTask.objects.filter(name="poll:normal").update(interval=IntervalSchedule.objects.get(every=30))


def emitted() -> dict[str, Any]:
    """Return the one window that is emitted now."""
    (window,) = emit()
    assert orjson.loads(window.text) == window.frame
    return checked(dict(window.frame))


def changes(frame: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {update["device_id"]: update["changes"] for update in frame["updates"]}


def test_a_new_receiver_is_added_with_full_rows() -> None:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2, muted=True)))

    frame = emitted()

    first, second = frame["added"]
    assert (first["device_id"], first["receiver_id"], first["channel"]) == (receiver.code, receiver.code, 1)
    assert (second["device_id"], second["name"], second["mute_status"]) == (
        f"{receiver.code}-2",
        "Vox 2",
        True,
    )
    assert (first["model"], first["server"], first["kind"], first["groups"]) == (
        "ULXD4D",
        "main",
        "microphone",
        [],
    )
    assert frame["updates"] == frame["removed"] == []


def test_nothing_changed_is_no_window(receiver: Receiver) -> None:
    record_poll(receiver, answered(heard(1), heard(2)))

    assert emit() == []


def test_a_window_carries_only_the_fields_that_changed(receiver: Receiver) -> None:
    record_poll(receiver, answered(heard(1, muted=True), heard(2)))

    frame = emitted()

    assert changes(frame) == {receiver.code: {"mute_status": True}}
    assert (frame["seq"], frame["prev"]) == (2, 1)
    assert frame["epoch"] == Head.objects.get().epoch


def test_several_polls_within_a_window_are_one_update_with_the_last_values(receiver: Receiver) -> None:
    for muted, khz in ((True, 600_000), (False, 601_000), (True, 602_000)):
        record_poll(receiver, answered(heard(1, muted=muted, frequency_khz=khz), heard(2)))

    frame = emitted()

    (update,) = frame["updates"]
    assert update["changes"] == {"mute_status": True, "frequency_khz": 602_000}
    assert update["rev"] == Channel.objects.get(device_id=receiver.code).record.rev
    assert ChangeRecord.objects.filter(seq=frame["seq"]).count() == 3


def test_what_was_emitted_is_history_under_the_seq_of_its_window(receiver: Receiver) -> None:
    record_poll(receiver, answered(heard(1, muted=True), heard(2)))

    frame = emitted()

    kept = ChangeRecord.objects.get(seq=frame["seq"])
    assert kept.changes == {"mute_status": [False, True]}
    assert kept.state["mute_status"] is True
    assert not Inbox.objects.exists()
    assert orjson.loads(StoredWindow.objects.get(seq=frame["seq"]).frame) == frame


def test_an_alias_is_told_and_outlives_the_next_poll(receiver: Receiver) -> None:
    Channel.objects.filter(device_id=receiver.code).update(alias="Pastor")
    assert changes(emitted()) == {receiver.code: {"name": "Pastor"}}

    record_poll(receiver, answered(heard(1), heard(2)))
    assert emit() == []

    Channel.objects.filter(device_id=receiver.code).update(alias="")
    assert changes(emitted()) == {receiver.code: {"name": "Vox 1"}}


def test_a_colour_is_told_and_taken_back(receiver: Receiver) -> None:
    Channel.objects.filter(device_id=receiver.code).update(colour="pink")
    assert changes(emitted()) == {receiver.code: {"colour": "pink"}}

    Channel.objects.filter(device_id=receiver.code).update(colour=None)
    assert changes(emitted()) == {receiver.code: {"colour": None}}


def test_an_alias_given_while_a_poll_is_under_way_is_not_overwritten_by_it(receiver: Receiver) -> None:
    Claim.objects.update(wanted=True)
    ((due,), _) = claims.claim_due(10)
    started = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)
    assert started is not None
    Channel.objects.filter(device_id=receiver.code).update(alias="Pastor")
    emit()

    reading = answered(heard(1, muted=True), heard(2))
    assert not record(started, judge(started.known, reading), memory={}, server=None)
    again = claims.again(started)
    assert again is not None
    assert record(again, judge(again.known, reading), memory={}, server=None)

    assert changes(emitted()) == {receiver.code: {"mute_status": True}}
    assert Channel.objects.get(device_id=receiver.code).record.recorded["name"] == "Pastor"


def test_groups_slots_locations_and_intervals_are_told(receiver: Receiver) -> None:
    first, second = channels_of(receiver)
    group = Group.objects.create(slug="stage-left", title="Stage left")
    Slot.objects.create(group=group, channel=first, number=3)
    receiver.location = Location.objects.create(slug="main-a", title="Main A")
    receiver.interval_s = 5
    receiver.save()

    assert changes(emitted()) == {
        first.device_id: {"groups": [["stage-left", 3]], "location": "main-a", "interval_s": 5},
        second.device_id: {"location": "main-a", "interval_s": 5},
    }

    group.slug = "stage-right"
    group.save()
    Location.objects.update(slug="main-b")
    assert changes(emitted()) == {
        first.device_id: {"groups": [["stage-right", 3]], "location": "main-b"},
        second.device_id: {"location": "main-b"},
    }

    group.delete()
    assert changes(emitted()) == {first.device_id: {"groups": []}}


def test_a_servers_location_is_its_receivers_unless_they_have_their_own(receiver: Receiver) -> None:
    server = receiver.server
    server.location = Location.objects.create(slug="hall", title="Hall")
    server.save()

    assert {told["location"] for told in changes(emitted()).values()} == {"hall"}


def test_a_disabled_receiver_is_removed_and_comes_back_whole(receiver: Receiver) -> None:
    Receiver.objects.update(enabled=False)
    assert emitted()["removed"] == [receiver.code, f"{receiver.code}-2"]

    Receiver.objects.update(enabled=True)
    assert [row["name"] for row in emitted()["added"]] == ["Vox 1", "Vox 2"]


def test_a_deleted_receiver_is_removed(receiver: Receiver) -> None:
    receiver.delete()

    frame = emitted()

    assert (frame["removed"], frame["added"], frame["updates"]) == (
        [receiver.code, f"{receiver.code}-2"],
        [],
        [],
    )


def test_disabling_a_server_removes_its_receivers_alone(receiver: Receiver) -> None:
    (other,) = make_receivers(server=make_server("other"), model="AD4D")
    emit()

    receiver.server.enabled = False
    receiver.server.save()

    assert emitted()["removed"] == [receiver.code, f"{receiver.code}-2"]
    assert {row["receiver_id"] for row in get_all_devices()} == {other.code}


def test_a_receiver_that_is_not_seen_for_too_long_becomes_stale_and_comes_back(receiver: Receiver) -> None:
    Claim.objects.update(stale_at=TransactionNow() - timedelta(seconds=1))

    frame = emitted()

    assert {(told["state"], *told["reasons"]) for told in changes(frame).values()} == {("stale", "stale")}
    assert emit() == []

    record_poll(receiver, answered(heard(1), heard(2)))
    assert {told["state"] for told in changes(emitted()).values()} == {"ok"}


def test_alerts_ride_on_the_window_of_their_change_and_are_resolved_when_nobody_watches(
    receiver: Receiver,
) -> None:
    record_poll(receiver, answered(heard(1, battery_minutes=20), heard(2)))
    opened = emitted()
    Receiver.objects.update(enabled=False)
    resolved = emitted()

    assert changes(opened)[receiver.code]["alert"] == {
        "rule": "battery_low",
        "severity": "critical",
        "state": "open",
    }
    assert [(alert["rule"], alert["state"]) for alert in opened["alerts"]] == [("battery_low", "open")]
    assert [(alert["id"], alert["state"]) for alert in resolved["alerts"]] == [
        (opened["alerts"][0]["id"], "resolved")
    ]

    Receiver.objects.update(enabled=True)
    assert {row["alert"] for row in emitted()["added"]} == {None}


def ask(server: Server, *, ok: bool, times: int = 1) -> None:
    detail = "" if ok else "Start the System API."
    for _ in range(times):
        # As if the last answer were old: what fails is written once a second at most.
        ServerHealth.objects.update(checked_at=TransactionNow() - timedelta(minutes=1))
        record_answer(server.pk, ServerAnswer(ok=ok, latency_ms=None, detail=detail))


def test_a_server_that_goes_down_is_one_alert_until_it_answers(receiver: Receiver) -> None:
    ask(receiver.server, ok=True)
    ask(receiver.server, ok=False, times=4)
    assert emit() == []
    ask(receiver.server, ok=False, times=3)

    (opened,) = emitted()["alerts"]
    assert emit() == []
    ask(receiver.server, ok=True)
    (resolved,) = emitted()["alerts"]

    assert {name: opened[name] for name in ("rule", "severity", "state", "message", "target")} == {
        "rule": "server_down",
        "severity": "warning",
        "state": "open",
        "message": "No answer from the server main. Start the System API.",
        "target": {"server": "main"},
    }
    assert resolved == {**opened, "state": "resolved"}


def test_an_alert_about_a_server_is_taken_over_and_muted_like_any(receiver: Receiver) -> None:
    ask(receiver.server, ok=False, times=5)
    emit()
    kim = Principal(name="kim", user_id=1)

    muted = mute(None, lasting=timedelta(minutes=15), by=kim, reason="update of the server")
    assert acknowledge(Alert.objects.get().pk, by=kim, reason="on it")

    (told,) = emitted()["alerts"]
    assert (told["state"], told["muted_until"]) == ("acknowledged", instant(muted.until))


@pytest.mark.parametrize("gone", ["disabled", "deleted"])
def test_a_server_that_nobody_uses_any_more_is_no_trouble(receiver: Receiver, gone: str) -> None:
    ask(receiver.server, ok=False, times=5)
    emit()

    if gone == "deleted":
        receiver.server.delete()
    else:
        Server.objects.update(enabled=False)

    assert [alert["state"] for alert in emitted()["alerts"]] == ["resolved"]


def test_a_server_that_was_never_asked_is_not_down(receiver: Receiver) -> None:
    assert receiver.server.health.failures == 0
    assert not Alert.objects.exists()


@pytest.mark.parametrize("told", [True, False], ids=["told before", "never told"])
def test_a_poll_that_ends_after_its_receiver_was_disabled_leaves_nothing(told: bool) -> None:  # noqa: FBT001
    (receiver,) = make_receivers(model="ULXD4D")
    if told:
        emit()
    Claim.objects.update(wanted=True)
    ((due,), _) = claims.claim_due(10)
    started = claims.start(receiver_id=receiver.pk, claim_seq=due.claim_seq)
    assert started is not None
    Receiver.objects.update(enabled=False)
    emit()

    low = answered(heard(1, battery_minutes=20), heard(2))
    assert not record(started, judge(started.known, low), memory={}, server=None)
    assert claims.again(started) is None

    emit()
    assert not Alert.objects.exists()


def test_a_receiver_that_is_disabled_before_it_was_told_of_leaves_no_alert_open() -> None:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1, battery_minutes=20), heard(2)))
    Receiver.objects.update(enabled=False)

    frame = emitted()

    assert [alert["state"] for alert in frame["alerts"]] == ["resolved"]
    assert not Alert.objects.exclude(state="resolved").exists()


def test_an_edited_interval_rides_on_a_window_of_its_own(receiver: Receiver) -> None:
    del receiver
    row = PeriodicTask.objects.get(name="poll:normal")
    row.interval, _ = IntervalSchedule.objects.get_or_create(every=5, period="seconds")
    row.save()

    frame = emitted()

    assert frame["intervals"] == {"critical": 10, "normal": 5, "offline": 60}
    assert frame["updates"] == []
    assert emit() == []


def test_more_than_a_window_holds_becomes_the_next_seq_at_once() -> None:
    receivers = make_receivers(LARGEST_WINDOW // 4 + 1)
    total = len(receivers) * 4

    windows = emit()

    assert [len(window.frame["added"]) for window in windows] == [LARGEST_WINDOW, total - LARGEST_WINDOW]
    assert [window.seq for window in windows] == [1, 2]


def test_windows_are_emitted_while_the_channel_layer_is_away(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    monkeypatch.setattr(channel_layers, "backends", {})
    record_poll(receiver, answered(heard(1, muted=True), heard(2)))

    frame = emitted()

    assert StoredWindow.objects.filter(seq=frame["seq"]).exists()


def test_the_bell_is_what_a_consumer_written_from_the_guide_expects(receiver: Receiver) -> None:
    async def ring() -> dict[str, Any]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add("devices", channel)
        await database_sync_to_async(emit, thread_sensitive=False)()
        heard_bell: dict[str, Any] = await layer.receive(channel)
        return heard_bell

    record_poll(receiver, answered(heard(1, muted=True), heard(2)))

    message = async_to_sync(ring)()

    assert message["type"] == "batch_update"
    assert [(one["device_id"], one["changes"]) for one in message["updates"]] == [
        (receiver.code, {"mute_status": True})
    ]
    assert orjson.loads(message["frame"])["seq"] == message["seq"]


def update(kind: Kind, device_id: str, rev: int, **values: Any) -> Update:
    return Update(
        id=rev,
        kind=kind,
        device_id=device_id,
        rev=rev,
        at=AT,
        changes={name: [None, value] for name, value in values.items()} if kind is Kind.CHANGE else {},
        row={"device_id": device_id, "rev": rev, **values} if kind is Kind.ADDED else None,
    )


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        (
            [update(Kind.ADDED, "A", 1, name="x"), update(Kind.CHANGE, "A", 2, name="y")],
            {
                "updates": [],
                "added": [{"device_id": "A", "rev": 2, "name": "y"}],
                "removed": [],
                "alerts": [],
            },
        ),
        (
            [update(Kind.CHANGE, "A", 1, name="x"), update(Kind.ADDED, "A", 2, name="x")],
            {
                "updates": [],
                "added": [{"device_id": "A", "rev": 2, "name": "x"}],
                "removed": [],
                "alerts": [],
            },
        ),
        (
            [update(Kind.CHANGE, "A", 2, name="y"), update(Kind.REMOVED, "A", 0)],
            {"updates": [], "added": [], "removed": ["A"], "alerts": []},
        ),
        (
            [update(Kind.REMOVED, "A", 0), update(Kind.ADDED, "A", 3, name="z")],
            {
                "updates": [],
                "added": [{"device_id": "A", "rev": 3, "name": "z"}],
                "removed": ["A"],
                "alerts": [],
            },
        ),
        (
            [update(Kind.ADDED, "A", 1, name="x"), update(Kind.REMOVED, "A", 0)],
            {"updates": [], "added": [], "removed": ["A"], "alerts": []},
        ),
    ],
)
def test_a_channel_stands_in_a_window_once(updates: list[Update], expected: dict[str, Any]) -> None:
    assert coalesced(updates) == expected


@given(
    gaps=st.lists(st.floats(0, 3), max_size=40),
    window=st.sampled_from([0.25, 1.0, 2.0]),
)
def test_grouping_by_time_keeps_every_update_in_order_and_no_group_longer_than_a_window_and_a_half(
    gaps: list[float], window: float
) -> None:
    at, updates = AT, []
    for number, gap in enumerate(gaps):
        at += timedelta(seconds=gap)
        updates.append(
            Update(id=number, kind=Kind.CHANGE, device_id="A", rev=number, at=at, changes={}, row=None)
        )

    groups = group_updates_by_time(updates, window_seconds=window)

    assert [one for group in groups for one in group] == updates
    assert all((group[-1].at - group[0].at).total_seconds() < 1.5 * window for group in groups)
    assert all(groups)


def test_after_a_pause_each_second_is_a_window_of_its_own(receiver: Receiver) -> None:
    for seconds, muted in ((9, True), (5, False), (1, True)):
        record_poll(receiver, answered(heard(1, muted=muted), heard(2)))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE core_inbox SET at = now() - make_interval(secs => %s) WHERE at > now() - interval '0.9 s'",
                [seconds],
            )

    told = [changes(dict(window.frame))[receiver.code]["mute_status"] for window in emit()]

    assert told == [True, False, True]
