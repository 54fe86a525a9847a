"""The emitter's own clock, beside beat's."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection

from core.models import Head
from realtime.pacemaker import is_overdue, keep_pace
from realtime.windows import emit

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def pace() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=keep_pace, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(10)


def age_head(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_head SET emitted_at = now() - make_interval(secs => %s)", [seconds])


@pytest.mark.parametrize(("seconds", "overdue"), [(0, False), (1.2, False), (1.6, True), (600, True)])
def test_a_window_is_overdue_after_one_and_a_half(seconds: float, overdue: bool) -> None:  # noqa: FBT001
    age_head(seconds)

    assert is_overdue() is overdue


def test_before_the_first_window_one_is_overdue() -> None:
    assert is_overdue()


def test_without_a_beat_windows_go_on(pace: None) -> None:
    del pace
    times: set[datetime | None] = set()

    deadline = time.monotonic() + 10
    while len(times) < 4 and time.monotonic() < deadline:
        times.add(Head.objects.get().emitted_at)
        time.sleep(0.05)

    first, *_, last = sorted(at for at in times if at)
    assert len(times) >= 3
    assert (last - first).total_seconds() / (len(times) - 1) < 3


def test_beside_a_beat_it_keeps_still(pace: None) -> None:
    del pace
    emit()

    for _ in range(12):
        before = Head.objects.get().emitted_at
        time.sleep(0.25)
        assert Head.objects.get().emitted_at == before
        emit()
