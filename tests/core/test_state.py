"""A channel's state and its form on the feed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from core.domain.state import (
    BatteryStatus,
    ChannelState,
    LastKnown,
    RfQuality,
    State,
    Status,
    display_name,
    from_wire,
    instant,
    to_wire,
)
from core.domain.tiers import Tier

milliseconds = st.integers(0, 10**12).map(
    lambda ms: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
numbers = st.none() | st.integers(-200, 70_000)
flags = st.none() | st.booleans()
lasts = st.builds(
    LastKnown, at=milliseconds, battery_percent=numbers, battery_minutes=numbers, battery_bars=numbers
)
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=20),
    "reported_name": st.none() | st.text(max_size=20),
    "tier": st.sampled_from(Tier),
    "status": st.sampled_from(Status),
    "state": st.sampled_from(State),
    "state_since": milliseconds,
    "reasons": st.lists(st.text(max_size=9), max_size=3).map(tuple),
    "battery_status": st.sampled_from(BatteryStatus),
    "rf_quality": st.sampled_from(RfQuality),
    "battery_percent": numbers,
    "rf_dbm": numbers,
    "muted": flags,
    "clipped_at": st.none() | milliseconds,
    "last": st.none() | lasts,
}


@given(state=st.builds(ChannelState, **_FIELDS))
def test_what_is_written_for_the_feed_reads_back_as_the_same_state(state: ChannelState) -> None:
    written = orjson.dumps(to_wire(state))

    assert from_wire(orjson.loads(written)) == state


def test_the_feed_has_its_own_names_for_what_the_guide_named() -> None:
    state = ChannelState(
        state_since=datetime(2026, 11, 22, 20, 31, 7, 123_456, tzinfo=UTC),
        battery_percent=85,
        rf_dbm=-45,
        audio_dbfs=-12,
        audio_peak_dbfs=-6,
        muted=False,
    )

    told = to_wire(state)

    assert {
        name: told[name]
        for name in ("battery_level", "rf_signal", "audio_level", "peak_level", "mute_status")
    } == {"battery_level": 85, "rf_signal": -45, "audio_level": -12, "peak_level": -6, "mute_status": False}
    assert told["state_since"] == "2026-11-22T20:31:07.123Z"


def test_a_field_of_a_later_release_is_unknown_in_a_state_of_an_earlier_one() -> None:
    state = ChannelState(state_since=datetime(2026, 1, 1, tzinfo=UTC), gain_db=12)
    written = to_wire(state)
    del written["gain_db"]

    assert from_wire(written) == replace(state, gain_db=None)


def test_an_instant_is_told_in_utc_with_milliseconds() -> None:
    berlin = datetime.fromisoformat("2026-07-01T12:00:00.5+02:00")

    assert instant(berlin) == "2026-07-01T10:00:00.500Z"


def test_people_call_a_channel_by_its_alias_then_by_what_the_devices_say() -> None:
    unnamed = {"receiver": "Rack A", "number": 2, "device_id": "SHURE001-2"}

    assert display_name(alias="Pastor", reported="CH 2", **unnamed) == "Pastor"  # type: ignore[arg-type]
    assert display_name(alias="", reported="CH 2", **unnamed) == "CH 2"  # type: ignore[arg-type]
    assert display_name(alias="", reported=None, **unnamed) == "Rack A 2"  # type: ignore[arg-type]
    assert display_name(alias="", reported=None, **{**unnamed, "receiver": ""}) == "SHURE001-2"  # type: ignore[arg-type]
