"""The law of the feed: an old snapshot and the windows since make the new snapshot, whatever happened between."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import claims
from core.claims import Started
from core.domain.outcome import judge
from core.models import Channel, Claim, Group, Receiver, Slot
from core.recording import record
from realtime.board import Board
from realtime.snapshot import read_board
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll

RECEIVERS = 3


@dataclass(frozen=True)
class Step:
    """One thing that happens to one of the receivers; `value` is what it needs of chance."""

    act: str
    receiver: int
    value: int


steps = st.builds(
    Step,
    act=st.sampled_from(
        [
            *(
                "poll",
                "poll",
                "poll",
                "fail",
                "begin",
                "end",
                "age",
                "alias",
                "slot",
                "disable",
                "enable",
                "add",
            ),
            *("delete", "emit"),
        ]
    ),
    receiver=st.integers(0, RECEIVERS - 1),
    value=st.integers(0, 60),
)


UNDERWAY: list[Started] = []  # polls that were begun and not ended


def happen(step: Step) -> None:  # noqa: C901, PLR0912  a list of what can happen
    receivers = list(Receiver.objects.order_by("pk"))
    if step.act == "add":
        make_receivers(model="ULXD4D")
        return
    if not receivers:
        return
    receiver = receivers[step.receiver % len(receivers)]
    match step.act:
        case "poll" if receiver.enabled:
            record_poll(
                receiver,
                answered(heard(1, battery_minutes=10 * step.value), heard(2, rf_dbm=-40 - step.value)),
            )
        case "fail" if receiver.enabled:
            record_poll(receiver, silent())
        case "age":
            Claim.objects.filter(receiver=receiver).update(stale_at=TransactionNow() - timedelta(seconds=1))
        case "alias":
            Channel.objects.filter(receiver=receiver, number=1).update(alias=f"Vox {step.value}")
        case "slot":
            group, _ = Group.objects.get_or_create(slug="stage-left", defaults={"title": "Stage left"})
            Slot.objects.filter(number=step.value + 1).delete()
            Slot.objects.update_or_create(
                group=group, channel=receiver.channels.earliest("number"), defaults={"number": step.value + 1}
            )
        case "disable":
            Receiver.objects.filter(pk=receiver.pk).update(enabled=False)
        case "enable":
            Receiver.objects.filter(pk=receiver.pk).update(enabled=True)
        case "delete":
            receiver.delete()
        case "emit":
            emit()
        case "begin" if receiver.enabled:
            Claim.objects.filter(receiver=receiver).update(wanted=True, inflight_until=None)
            claimed = {due.receiver_id: due.claim_seq for due in claims.claim_due(100)[0]}
            started = claims.start(receiver_id=receiver.pk, claim_seq=claimed[receiver.pk])
            assert started is not None
            UNDERWAY.append(started)
        case "end" if UNDERWAY:
            end_poll(UNDERWAY.pop(step.value % len(UNDERWAY)))


def end_poll(started: Started | None) -> None:
    """Record that a receiver did not answer, unless it was overtaken or disabled meanwhile."""
    while started is not None:
        outcome = judge(started.known, silent())
        if record(started, outcome, memory=started.memory, server=None):
            return
        started = claims.again(started)


def start_over() -> None:
    """Leave one receiver from the example before, so that what is removed is part of every example."""
    UNDERWAY.clear()
    Group.objects.all().delete()
    kept = Receiver.objects.first() or make_receivers(model="ULXD4D")[0]
    Receiver.objects.exclude(pk=kept.pk).delete()


def told(board: Board) -> dict[str, dict[str, Any]]:
    """Return what windows tell of each channel; when a receiver was seen goes another way."""
    return {
        device_id: {name: value for name, value in row.items() if name != "seen_at"}
        for device_id, row in board.rows.items()
    }


def about(alert: dict[str, Any]) -> str:
    """Return the receiver that an alert is about."""
    target: dict[str, Any] = alert["target"]
    return str(target.get("receiver_id") or target["device_id"].partition("-")[0])


@pytest.mark.usefixtures("committed")
@given(before=st.lists(steps, max_size=8), after=st.lists(steps, max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_old_snapshot_and_the_windows_since_make_the_new_one(
    before: list[Step], after: list[Step]
) -> None:
    start_over()
    for step in before:
        happen(step)
    emit()
    old = read_board()

    windows = []
    for step in after:
        if step.act == "emit":
            windows += emit()
        else:
            happen(step)
    windows += emit()
    for window in windows:
        old.apply(window.frame)

    new = read_board()
    assert told(old) == told(new)
    assert old.alerts == new.alerts
    assert {about(alert) for alert in new.alerts.values()} <= {
        row["receiver_id"] for row in new.rows.values()
    }
    assert (old.seq, old.intervals) == (new.seq, new.intervals)


@pytest.mark.usefixtures("committed")
@given(steps_=st.lists(steps, min_size=1, max_size=15))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_snapshot_ahead_of_its_windows_comes_to_the_same_board(steps_: list[Step]) -> None:
    """A snapshot read while rows wait in the inbox shows them already; their window changes nothing more."""
    start_over()
    for step in steps_:
        happen(step)
    ahead = read_board()

    windows = emit()
    for window in (*windows, *windows):
        ahead.apply(window.frame)

    now = read_board()
    assert told(ahead) == told(now)
    assert ahead.alerts == now.alerts
