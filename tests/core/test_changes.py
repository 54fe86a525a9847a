"""What is worth recording."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.changes import DEADBANDS, Change, applied, diff
from core.domain.state import BatteryStatus, ChannelState, RfQuality, State

AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
QUIET = ChannelState(
    name="Lead Vox",
    state=State.OK,
    state_since=AT,
    battery_status=BatteryStatus.GOOD,
    rf_quality=RfQuality.EXCELLENT,
    frequency_khz=578_350,
    battery_percent=85,
    rf_dbm=-45,
    rf_a_dbm=-45,
    rf_b_dbm=-52,
    audio_dbfs=-20,
    audio_peak_dbfs=-14,
)


def test_a_retune_is_one_change() -> None:
    retuned = replace(QUIET, frequency_khz=602_125)

    assert diff(QUIET, retuned) == (Change("frequency_khz", 578_350, 602_125),)


def test_nothing_is_recorded_of_an_unchanged_channel() -> None:
    assert diff(QUIET, QUIET) == ()


@pytest.mark.parametrize(
    ("field", "within", "beyond"),
    [
        ("rf_dbm", -46, -47),
        ("rf_a_dbm", -44, -43),
        ("audio_dbfs", -18, -17),
        ("audio_peak_dbfs", -16, -17),
    ],
)
def test_a_level_is_recorded_from_its_deadband_on(field: str, within: int, beyond: int) -> None:
    def at(level: int) -> ChannelState:
        values: dict[str, Any] = {field: level}
        return replace(QUIET, **values)

    assert diff(QUIET, at(within)) == ()
    assert diff(QUIET, at(beyond)) == (Change(field, getattr(QUIET, field), beyond),)


def test_a_slow_drift_is_recorded_once_it_has_gone_far_enough() -> None:
    recorded, records = QUIET, 0

    for dbm in range(-46, -54, -1):
        changes = diff(recorded, replace(recorded, rf_dbm=dbm))
        recorded, records = applied(recorded, changes), records + len(changes)

    assert (recorded.rf_dbm, records) == (-53, 4)


def test_a_verdict_is_recorded_with_the_level_that_bears_it_out() -> None:
    fair = replace(QUIET, rf_quality=RfQuality.GOOD, rf_dbm=-46)

    assert {change.field: change.after for change in diff(QUIET, fair)} == {
        "rf_quality": RfQuality.GOOD,
        "rf_dbm": -46,
    }


def test_a_level_that_the_device_no_longer_says_is_recorded() -> None:
    assert diff(QUIET, replace(QUIET, rf_b_dbm=None)) == (Change("rf_b_dbm", -52, None),)


_LEVELS = {name: st.none() | st.integers(-120, 100) for name in DEADBANDS}
_VERDICTS: dict[str, st.SearchStrategy[Any]] = {
    "state": st.sampled_from(State),
    "rf_quality": st.sampled_from(RfQuality),
    "battery_status": st.sampled_from(BatteryStatus),
    "reasons": st.lists(st.sampled_from(["battery_low", "clipping"]), unique=True).map(tuple),
    "name": st.sampled_from(["Lead Vox", "BGV 1"]),
    "muted": st.none() | st.booleans(),
}
states = st.builds(ChannelState, state_since=st.just(AT), **_LEVELS, **_VERDICTS)


@given(recorded=states, observed=states)
def test_what_is_recorded_is_what_was_observed_but_for_levels_within_their_deadband(
    recorded: ChannelState, observed: ChannelState
) -> None:
    after = applied(recorded, diff(recorded, observed))

    for field in fields(ChannelState):
        kept, seen = getattr(after, field.name), getattr(observed, field.name)
        if kept != seen:
            assert abs(kept - seen) < DEADBANDS[field.name]
            assert kept == getattr(recorded, field.name)


@given(recorded=states, observed=states)
def test_recording_the_same_observation_twice_records_nothing_more(
    recorded: ChannelState, observed: ChannelState
) -> None:
    once = applied(recorded, diff(recorded, observed))

    assert diff(once, observed) == ()
