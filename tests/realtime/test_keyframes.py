"""A day of the history begins with a row for every channel."""

from datetime import timedelta

import pytest

from core.clock import today
from core.models import ChangeRecord, Channel, Head
from core.models.records import Kind
from realtime.windows import emit
from tests.dashboard.stage import Placed, change, put

pytestmark = pytest.mark.django_db

YESTERDAY = timedelta(days=1)


def keyframes() -> list[ChangeRecord]:
    return list(ChangeRecord.objects.filter(kind=Kind.KEYFRAME).order_by("device_id"))


def test_the_first_day_begins_with_the_rows_that_add_its_channels() -> None:
    put([Placed(name="Pastor")])

    assert keyframes() == []
    assert [row.kind for row in ChangeRecord.objects.all()] == [Kind.ADDED]
    assert Head.objects.get().keyframed_on == today()


def test_a_new_day_begins_with_a_row_for_every_channel_once() -> None:
    put([Placed(name="Pastor"), Placed(name="Choir L")])
    change("SHURE002", battery_minutes=22)
    Head.objects.update(keyframed_on=today() - YESTERDAY)

    emit()
    emit()

    rows = keyframes()
    assert [(row.device_id, row.rev, row.changes) for row in rows] == [
        ("SHURE001", 2, {}),
        ("SHURE002", 3, {}),
    ]
    told = rows[1].state
    assert (told["name"], told["battery_minutes"], told["receiver_id"], told["channel"]) == (
        "Choir L",
        22,
        "SHURE002",
        1,
    )
    assert Head.objects.get().seq == rows[1].seq


def test_an_edit_tells_who_the_channel_is_in_the_history_too() -> None:
    put([Placed(name="Pastor")])

    Channel.objects.update(alias="Host")
    emit()

    row = ChangeRecord.objects.get(kind=Kind.CHANGE)
    assert row.changes == {"name": ["Pastor", "Host"]}
    assert (row.state["receiver_id"], row.state["name"]) == ("SHURE001", "Host")
