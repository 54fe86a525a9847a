"""Alerts, limits and forecasts by real polls of a receiver that is played over real sockets."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.access import Principal
from core.alerting import acknowledge
from core.models import Alert, Inbox, Limits, Location, Receiver
from pollers.inventory import take
from pollers.simulator import Simulator
from tests.pollers.watching import polled, recorded, register

WELL = {
    "transmitter_on": True,
    "battery_minutes": 300,
    "battery_calculating": False,
    "rf_dbm": -45,
    "audio_dbfs": -20,
    "interference": False,
    "encryption_ok": True,
}
SAM = Principal(name="sam", user_id=1)


@pytest.fixture
def receiver(db: None, rack: Simulator, tmp_path: Path) -> Receiver:
    """A four-channel receiver that is well, as its first poll left it."""
    del db
    server = register(rack, tmp_path / "api-key")
    take(server)
    receiver = server.receivers.get(source_id=rack.source_ids[0])
    for number in range(1, 5):
        rack.set(receiver.source_id, number, **WELL)
    polled(receiver)
    Inbox.objects.all().delete()
    return receiver


def polled_with(receiver: Receiver, rack: Simulator, **values: Any) -> None:
    rack.set(receiver.source_id, 1, **values)
    polled(receiver)


def transitions() -> list[tuple[str, str, str]]:
    """Return what was told of alerts, in order: which rule, how bad, and what became of it."""
    told = Inbox.objects.filter(kind="alert").order_by("id").values_list("state", flat=True)
    return [(alert["rule"], alert["severity"], alert["state"]) for alert in told]


def test_a_signal_that_wavers_about_its_limit_for_two_minutes_is_one_alert(
    receiver: Receiver, rack: Simulator
) -> None:
    for offset in (0, -1, 1, 0, -1, -1, 1, 1, 0, -1, 1, 0):
        polled_with(receiver, rack, rf_dbm=-83 + offset)

    assert transitions() == [("rf_poor", "warning", "open")]


def test_an_alert_is_taken_over_reopens_when_it_gets_worse_and_clears_by_itself(
    receiver: Receiver, rack: Simulator
) -> None:
    polled_with(receiver, rack, battery_minutes=50)
    acknowledge(Alert.objects.get().pk, by=SAM, reason="at the break")
    polled_with(receiver, rack, battery_minutes=49)
    assert recorded(receiver)[0]["alert"]["state"] == "acknowledged"

    polled_with(receiver, rack, battery_minutes=25)
    reopened = Alert.objects.get()
    polled_with(receiver, rack, battery_minutes=300)

    assert (reopened.state, reopened.acknowledged_by, reopened.ack_reason) == ("open", None, None)
    assert transitions() == [
        ("battery_low", "warning", "open"),
        ("battery_low", "warning", "acknowledged"),
        ("battery_low", "critical", "open"),
        ("battery_low", "critical", "resolved"),
    ]
    assert recorded(receiver)[0]["alert"] is None


def test_what_was_said_of_an_alert_stays_with_it_when_it_is_over(receiver: Receiver, rack: Simulator) -> None:
    polled_with(receiver, rack, battery_minutes=50)
    acknowledge(Alert.objects.get().pk, by=SAM, reason="at the break")

    polled_with(receiver, rack, battery_minutes=300)

    alert = Alert.objects.get()
    assert (alert.state, alert.acknowledged_by, alert.ack_reason) == ("resolved", "sam", "at the break")


def test_an_edited_limit_is_in_force_at_the_next_poll(receiver: Receiver, rack: Simulator) -> None:
    polled_with(receiver, rack, battery_minutes=100)
    assert recorded(receiver)[0]["state"] == "ok"

    limits = Limits.objects.create(receiver=receiver, battery_minutes_low=120)
    polled(receiver)
    assert recorded(receiver)[0]["reasons"] == ["battery_low"]

    limits.delete()
    polled(receiver)
    assert recorded(receiver)[0]["state"] == "ok"
    assert transitions() == [("battery_low", "warning", "open"), ("battery_low", "warning", "resolved")]


def test_a_battery_lasts_to_the_event_s_end_or_is_short_of_it(receiver: Receiver, rack: Simulator) -> None:
    ends_at = clock.now() + timedelta(minutes=150)
    receiver.location = Location.objects.create(slug="hall", title="Hall", event_ends_at=ends_at)
    receiver.save()

    polled_with(receiver, rack, battery_minutes=125)

    short, lasting, *_ = recorded(receiver)
    assert short["forecast"]["lasts"] is False
    assert 24 <= short["forecast"]["short_minutes"] <= 25
    assert (short["state"], short["reasons"]) == ("warning", ["battery_short"])
    assert (lasting["forecast"]["lasts"], lasting["state"]) == (True, "ok")
    assert transitions() == [("battery_short", "warning", "open")]


def test_a_forecast_that_stays_is_no_record_at_each_poll(receiver: Receiver, rack: Simulator) -> None:
    polled_with(receiver, rack, battery_minutes=125)
    Inbox.objects.all().delete()

    for _ in range(3):
        polled(receiver)

    assert not Inbox.objects.exists()
