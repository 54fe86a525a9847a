"""A device that its server alone knows: what it plays, and what its server says of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import Activity, BatteryHealthReading, BatteryReading, ChannelReading, ServerReading
from pollers.simulator import portable, server_words
from pollers.simulator.families import SERVER_ALONE
from pollers.simulator.families.capabilities import CHANNEL
from pollers.simulator.portable import Unit
from pollers.simulator.show import Moment

UNIT = Unit(seed=1, place=0, number=1)
DAY = range(0, 24 * 3600, 60)

units = st.builds(Unit, seed=st.integers(0, 2**31), place=st.integers(0, 100), number=st.just(1))


@given(unit=units, second=st.integers(0, 10_000_000))
def test_its_battery_goes_one_way_or_the_other(unit: Unit, second: int) -> None:
    moment = Moment(second, second)

    reading = portable.play(unit, moment)

    assert portable.play(unit, moment) == reading
    assert reading.battery_state in {"discharging", "charging", "full"}
    assert (reading.battery_minutes is None) is (reading.battery_state != "discharging")
    assert (reading.minutes_to_full is None) is (reading.battery_state != "charging")
    assert reading.battery_percent in range(101)


def test_in_a_day_it_is_used_charged_and_full() -> None:
    day = [portable.play(UNIT, Moment(at, at)) for at in DAY]

    assert {reading.battery_state for reading in day} == {"discharging", "charging", "full"}
    assert min(reading.battery_percent or 0 for reading in day) == 25
    assert {server_words.activity(reading) for reading in day} == {Activity.LOW, Activity.GOOD}


@pytest.mark.parametrize(
    ("held", "follows"),
    [
        (
            {"battery_state": "discharging", "battery_percent": 50},
            {"battery_minutes": 210, "minutes_to_full": None},
        ),
        (
            {"battery_state": "charging", "battery_percent": 50},
            {"battery_minutes": None, "minutes_to_full": 75},
        ),
        ({"battery_state": "discharging", "battery_minutes": 385}, {"battery_minutes": 385}),
        ({"battery_state": "calculating"}, {"battery_calculating": True, "battery_minutes": None}),
        (
            {"battery_state": "discharging", "battery_percent": None},
            {"battery_percent": None, "battery_minutes": None},
        ),
    ],
)
def test_what_hangs_together_follows_a_held_value(held: dict[str, Any], follows: dict[str, Any]) -> None:
    reading = portable.play(UNIT, Moment(0, 0), held)

    assert {name: getattr(reading, name) for name in follows} == follows


def of(state: str | None, **fields: Any) -> ChannelReading:
    return ChannelReading(number=1, battery_state=state, **fields)


@pytest.mark.parametrize(
    ("channel", "status", "battery"),
    [
        (
            of("discharging", battery_percent=87, battery_minutes=385),
            {"currentState": "DISCHARGING", "targetState": "EMPTY", "timeToTargetState": "PT385M"},
            BatteryReading(percent=87, minutes=385, charging=False),
        ),
        (
            of("charging", battery_percent=50, minutes_to_full=75),
            {"currentState": "CHARGING", "targetState": "FULL", "timeToTargetState": "PT75M"},
            BatteryReading(percent=50, minutes_to_full=75, charging=True),
        ),
        (
            of("full", battery_percent=100),
            {"currentState": "FULL", "targetState": "FULL", "timeToTargetState": None},
            BatteryReading(percent=100),
        ),
        (
            of("empty", battery_percent=0),
            {"currentState": "EMPTY", "targetState": "EMPTY", "timeToTargetState": None},
            BatteryReading(percent=0, charging=False),
        ),
        (
            of("calculating", battery_percent=87, battery_calculating=True),
            {"currentState": "CALCULATING", "targetState": "EMPTY", "timeToTargetState": None},
            BatteryReading(percent=87, calculating=True),
        ),
        (  # a transmitter's, as a receiver knows it
            of(None, battery_percent=12, battery_minutes=48),
            {"currentState": "DISCHARGING", "targetState": "EMPTY", "timeToTargetState": "PT48M"},
            BatteryReading(percent=12, minutes=48, charging=False),
        ),
    ],
)
def test_a_server_says_where_the_battery_goes(
    channel: ChannelReading, status: dict[str, Any], battery: BatteryReading
) -> None:
    assert server_words.battery_level(channel) == {"percentage": channel.battery_percent, "status": status}
    assert server_words.told(channel, ("battery-level",), CHANNEL) == ServerReading(battery=battery)


def test_a_server_tells_only_what_the_device_is_capable_of() -> None:
    channel = of(
        "full", battery_percent=100, battery_health_percent=96, battery_cycles=42, audio_peak_dbfs=-3
    )
    all_of_it = SERVER_ALONE.capabilities

    assert server_words.told(channel, all_of_it, CHANNEL) == ServerReading(
        battery=BatteryReading(percent=100),
        battery_health=BatteryHealthReading(percent=96, cycles=42),
        activity=Activity.CLIPPING,
    )
    assert server_words.told(channel, (), CHANNEL) == ServerReading()
    assert server_words.told(channel, ("audio-channels",), ("gain",)) == ServerReading()


def test_its_states_are_the_servers_words() -> None:
    words = SERVER_ALONE.words["battery_state"]

    assert all(
        re.fullmatch(words, state)
        for state in ("charging", "discharging", "full", "empty", "calculating", "optimal_storage")
    )
