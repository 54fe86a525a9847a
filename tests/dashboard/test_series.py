"""The values of a channel over time: gaps as gaps, and no more points than a plot can show."""

import itertools
from datetime import datetime, timedelta

import pytest

from core.domain.absences import Absence
from core.models import Channel
from core.retention import ensure_partitions
from dashboard.device.gaps import cut
from dashboard.device.ranges import Span, up_to
from dashboard.device.series import MOST_POINTS, Point, explain_series, read_series
from dashboard.device.summaries import drawn, told
from tests.dashboard.past import write, write_samples
from tests.dashboard.stage import Placed, database_time, put

pytestmark = pytest.mark.django_db

ZERO = timedelta(0)
OFFLINE = {"state": "offline", "reasons": ["no_answer"]}
WELL = {"state": "ok", "reasons": []}


@pytest.fixture
def now() -> datetime:
    put([Placed(name="Pastor"), Placed(name="Choir L")])
    return database_time() + timedelta(hours=1)  # behind the row that the stage wrote


def channel_id(device_id: str = "SHURE001") -> int:
    return Channel.objects.get(device_id=device_id).pk


def ago(points: list[Point], until: datetime) -> list[tuple[int, int | None]]:
    """Return points by how many seconds before the end they are."""
    return [(round(until.timestamp() - at / 1000), value) for at, value in points]


def test_a_value_holds_until_the_next_and_the_one_before_the_range_is_carried_in(now: datetime) -> None:
    write(
        "SHURE001",
        [
            (now - timedelta(minutes=30), {"battery_minutes": 200}),
            (now - timedelta(minutes=10), {"battery_minutes": 190}),
            (now - timedelta(minutes=5), {"rf_signal": -70}),
        ],
    )

    series = read_series(channel_id(), up_to(now, "15m"))

    assert ago(series.points["battery_minutes"], now) == [(900, 200), (600, 190)]
    assert ago(series.points["rf_signal"], now) == [(900, -55), (300, -70)]


def test_nothing_is_known_while_nobody_polled(now: datetime) -> None:
    minute = timedelta(minutes=1)
    write(
        "SHURE001",
        [
            (now - 30 * minute, {"battery_minutes": 200}),
            (now - 10 * minute, {"battery_minutes": 190}),
            (now - 5 * minute, {"battery_minutes": 150}),
        ],
    )
    absences = [
        Absence(since=now - 20 * minute, until=now - 14 * minute),
        Absence(since=now - 8 * minute, until=now - 4 * minute),
        Absence(since=now - 2 * minute, until=None),
    ]

    series = cut(read_series(channel_id(), up_to(now, "15m")), absences)

    assert ago(series.points["battery_minutes"], now) == [
        (900, None),
        (840, 200),
        (600, 190),
        (480, None),
        (240, 150),
        (120, None),
    ]
    assert [value for _, value in series.points["battery_bars"]] == [None, 4, None, 4, None]
    assert [value for _, value in series.points["rf_signal_a"]] == [None]
    assert told("battery_minutes", series).without == "7 min"


@pytest.mark.parametrize(
    "silence",
    [
        OFFLINE,
        {"state": "stale", "reasons": ["stale"]},
        {"state": "critical", "reasons": ["battery_critical", "stale"]},
        {"battery_minutes": None},
    ],
)
def test_where_nothing_is_known_there_is_a_gap(now: datetime, silence: dict[str, object]) -> None:
    write(
        "SHURE001",
        [
            (now - timedelta(minutes=14), {"battery_minutes": 200}),
            (now - timedelta(minutes=12), silence),
            (now - timedelta(minutes=2), {**WELL, "battery_minutes": 190}),
        ],
    )

    series = read_series(channel_id(), up_to(now, "15m"))

    assert ago(series.points["battery_minutes"], now)[-3:] == [(840, 200), (720, None), (120, 190)]
    assert told("battery_minutes", series).without == "10 min"


@pytest.mark.check(19)
def test_seven_days_of_samples_keep_the_greatest_and_the_least_in_few_points(now: datetime) -> None:
    ensure_partitions()
    write_samples("SHURE001", count=60_480, every_s=10, until=now)
    write_samples("SHURE002", count=500, every_s=10, until=now)
    peaks = [
        (now - timedelta(days=3, minutes=1), {"rf_signal_a": -19}),
        (now - timedelta(days=3), {"rf_signal_a": -104}),
    ]
    write("SHURE001", peaks)

    series = read_series(channel_id(), up_to(now, "7d"))

    assert all(len(points) <= MOST_POINTS == 2000 for points in series.points.values())
    values = [value for _, value in series.points["rf_signal_a"] if value is not None]
    assert (min(values), max(values)) == (-104, -19)
    assert (259_200, -104) in ago(series.points["rf_signal_a"], now)
    runtimes = [value for _, value in series.points["battery_minutes"] if value is not None]
    assert (min(runtimes), max(runtimes)) == (198, 500)
    plan = explain_series(channel_id("SHURE002"), up_to(now - timedelta(days=2), "1h"))
    assert "channel_id_at_idx" in plan
    assert "Seq Scan on core_changerecord" not in plan


def test_instants_are_in_order_and_each_says_something_new(now: datetime) -> None:
    write_samples("SHURE001", count=5000, every_s=0.7, until=now)

    for points in read_series(channel_id(), up_to(now, "1h")).points.values():
        assert [at for at, _ in points] == sorted(at for at, _ in points)
        assert all(one != other for (_, one), (_, other) in itertools.pairwise(points))


def test_a_plot_draws_the_best_that_there_is(now: datetime) -> None:
    write("SHURE001", [(now - timedelta(minutes=1), {"rf_signal_a": -50, "rf_signal_b": -60})])
    write("SHURE002", [(now - timedelta(minutes=20), {"battery_minutes": None, "rf_signal": None})])

    first, second = (read_series(channel_id(one), up_to(now, "15m")) for one in ("SHURE001", "SHURE002"))

    assert drawn(first) == {"battery": ["battery_minutes"], "rf": ["rf_signal_a", "rf_signal_b"], "audio": []}
    assert drawn(second) == {"battery": ["battery_level"], "rf": [], "audio": []}


def test_before_a_channel_was_known_there_is_nothing(now: datetime) -> None:
    long_ago = now - timedelta(days=300)

    series = read_series(channel_id(), Span(since=long_ago, until=long_ago + timedelta(hours=1)))

    assert [name for name, points in series.points.items() if points] == []
