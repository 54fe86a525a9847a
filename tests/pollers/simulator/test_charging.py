"""A night of the chargers: packs come in, are looked at, fill, stand full and are taken out."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import ChannelReading, Kind
from pollers.simulator import charging
from pollers.simulator.charging import AFTER_THE_SHOW, EVENING, Bay, Night
from pollers.simulator.families import CHARGERS
from pollers.simulator.families.chargers import CHARGING, STATES
from pollers.simulator.show import Moment

DAY = range(0, 24 * 3600, 180)

bays = st.builds(Bay, seed=st.integers(0, 2**31), place=st.integers(0, 400), number=st.just(1))
moments = st.integers(0, 10_000_000).map(lambda second: Moment(second, second))
nights = st.sampled_from([EVENING, AFTER_THE_SHOW])


def day(bay: Bay, night: Night = EVENING) -> list[ChannelReading]:
    return [charging.play(bay, Moment(at, at), night=night) for at in DAY]


def charging_bay() -> Moment:
    """Return a moment at which the first bay charges."""
    return next(Moment(at, at) for at in DAY if charging.play(BAY, Moment(at, at)).battery_state == "normal")


BAY = Bay(seed=1, place=0, number=1)


@given(bay=bays, moment=moments, night=nights)
def test_the_same_seed_is_the_same_night_and_the_wire_can_say_it(
    bay: Bay, moment: Moment, night: Night
) -> None:
    reading = charging.play(bay, moment, night=night)

    assert charging.play(bay, moment, night=night) == reading
    assert CHARGERS.told(CHARGERS.shown(reading)) == reading
    assert reading.battery_state in STATES
    assert {
        name: value
        for name, scale in CHARGERS.ranges.items()
        if (value := getattr(reading, name)) is not None and value not in scale
    } == {}


@given(bay=bays, night=nights, start=st.integers(0, 1_000_000))
def test_a_pack_that_stays_in_never_loses_charge(bay: Bay, night: Night, start: int) -> None:
    readings = [charging.play(bay, Moment(at, at), night=night) for at in range(start, start + 3 * 3600, 120)]

    for earlier, later in pairwise(readings):
        if earlier.occupied and later.occupied and earlier.battery_cycles == later.battery_cycles:
            assert (earlier.battery_percent or 0) <= (later.battery_percent or 0)


@given(bay=bays, moment=moments, night=nights)
def test_what_a_bay_says_hangs_together(bay: Bay, moment: Moment, night: Night) -> None:
    reading = charging.play(bay, moment, night=night)

    assert reading.kind is Kind.BAY
    assert reading.charging is (reading.battery_state in CHARGING)
    assert reading.occupied is (reading.battery_state != "no_batt")
    assert (reading.battery_percent is None) is (reading.battery_state in {"error", "no_batt"})
    assert (reading.battery_state == "full") is (reading.battery_percent == 100)
    assert (reading.minutes_to_full == 0) is (reading.battery_state == "full")
    assert bool(reading.battery_error) is (reading.battery_state == "error")


def test_in_a_day_of_a_large_house_everything_happens() -> None:
    readings = [reading for place in range(80) for reading in day(Bay(seed=1, place=place, number=1))]

    states = {reading.battery_state for reading in readings}
    assert states == set(STATES) - {"ready_to_store", "discharging"}
    assert 0.6 < sum(bool(reading.occupied) for reading in readings) / len(readings) < 0.95
    troubled = sum(reading.battery_state in {"hot", "cold", "error"} for reading in readings)
    assert 0 < troubled / len(readings) < 0.12


def test_after_the_show_hardly_a_bay_is_empty() -> None:
    shares = [
        sum(
            bool(reading.occupied)
            for place in range(40)
            for reading in day(Bay(seed=1, place=place, number=1), night)
        )
        / (40 * len(DAY))
        for night in (EVENING, AFTER_THE_SHOW)
    ]

    assert shares[0] < 0.93 < shares[1]


@pytest.mark.parametrize(
    ("held", "follows"),
    [
        (
            {"battery_percent": 40},
            {"battery_state": "normal", "battery_percent": 40, "minutes_to_full": 100, "charging": True},
        ),
        (
            {"battery_percent": 100},
            {"battery_state": "full", "minutes_to_full": 0, "charging": True},
        ),
        (
            {"battery_state": "hot", "battery_percent": 40},
            {"battery_state": "hot", "battery_percent": 40, "minutes_to_full": None, "charging": False},
        ),
        (
            {"battery_state": "calculating"},
            {"battery_calculating": True, "minutes_to_full": None, "charging": True},
        ),
        (
            {"battery_state": "error", "battery_percent": 40},
            {
                "battery_percent": None,
                "battery_cycles": None,
                "battery_error": 1,
                "charging": False,
                "occupied": True,
            },
        ),
        ({"battery_error": 5}, {"battery_state": "error", "battery_error": 5, "battery_percent": None}),
        (
            {"occupied": False, "battery_percent": 40},
            {
                "occupied": False,
                "battery_state": "no_batt",
                "battery_percent": None,
                "battery_error": None,
                "charging": False,
            },
        ),
        (
            {"battery_state": "error", "battery_error": None},
            {"battery_error": None, "battery_percent": None},
        ),
        (
            {"battery_error": 0, "battery_percent": 40},
            {"battery_state": "normal", "battery_error": 0, "battery_percent": 40},
        ),
        (
            {"battery_error": 5, "battery_percent": 40},
            {"battery_state": "error", "battery_error": 5, "battery_percent": None},
        ),
        ({"battery_state": "no_batt"}, {"occupied": False, "battery_percent": None}),
        ({"battery_percent": 40, "minutes_to_full": 7}, {"minutes_to_full": 7}),
        ({"battery_percent": None}, {"battery_state": "normal", "battery_percent": None}),
    ],
)
def test_what_hangs_together_follows_a_held_value(held: dict[str, Any], follows: dict[str, Any]) -> None:
    reading = charging.play(BAY, charging_bay(), held)

    assert {name: getattr(reading, name) for name in follows} == follows


def test_a_bay_at_fault_may_be_put_right() -> None:
    bay, at = next(
        (bay, Moment(at, at))
        for bay in (Bay(seed=1, place=place, number=1) for place in range(80))
        for at in DAY
        if charging.play(bay, Moment(at, at)).battery_state == "error"
    )

    right, charged = (
        charging.play(bay, at, held) for held in ({"battery_error": 0}, {"battery_percent": 40})
    )

    assert (right.battery_state, right.battery_error) == ("normal", 0)
    assert (charged.battery_state, charged.battery_error, charged.battery_percent) == ("normal", 0, 40)


def test_somebody_may_put_a_pack_where_none_is() -> None:
    empty = next(Moment(at, at) for at in DAY if not charging.play(BAY, Moment(at, at)).occupied)

    reading = charging.play(BAY, empty, {"occupied": True})

    assert (reading.occupied, reading.battery_state, reading.battery_percent) == (True, "normal", 50)
