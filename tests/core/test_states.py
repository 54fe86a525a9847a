"""The six states, and the verdicts that they rest on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import (
    Activity,
    BatteryReading,
    ChannelReading,
    Kind,
    ServerReading,
    Unchanged,
)
from core.domain.state import BatteryStatus, ChannelState, LastKnown, RfQuality, State, Status
from core.domain.states import (
    Standing,
    Thresholds,
    battery_status,
    from_server,
    observed,
    rf_quality,
    stale_after,
    unread,
)
from core.domain.tiers import Tier
from tests.fleet import heard

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
LIMITS = Thresholds()
FRESH = Standing(now=NOW, tier=Tier.NORMAL, lost=False, stale=False)
NEW = unread("Vox 1", NOW - timedelta(minutes=1))


def after(
    reading: ChannelReading | None, standing: Standing = FRESH, before: ChannelState = NEW
) -> ChannelState:
    return observed(before, reading, standing, LIMITS)


WELL = after(heard())


@pytest.mark.parametrize(
    ("values", "state", "reasons"),
    [
        ({}, State.OK, ()),
        ({"battery_minutes": 22, "battery_percent": 90}, State.CRITICAL, ("battery_critical",)),
        ({"battery_minutes": 45}, State.WARNING, ("battery_low",)),
        ({"rf_dbm": -101}, State.CRITICAL, ("rf_lost", "rf_poor")),
        ({"rf_dbm": -84}, State.WARNING, ("rf_poor",)),
        ({"rf_dbm": -20}, State.WARNING, ("rf_overload",)),
        ({"interference": True}, State.WARNING, ("interference",)),
        ({"encryption_ok": False}, State.WARNING, ("encryption",)),
        ({"audio_peak_dbfs": -6}, State.WARNING, ("clipping",)),
        ({"overloaded": True}, State.WARNING, ("clipping",)),
        ({"audio_dbfs": -6}, State.WARNING, ("clipping",)),
        ({"audio_dbfs": -6, "audio_peak_dbfs": -7}, State.OK, ()),
        ({"transmitter_on": False, "transmitter": None, "battery_minutes": None}, State.OFF, ()),
        ({"muted": True}, State.OK, ()),
    ],
)
def test_the_worst_thing_that_holds_is_the_state(
    values: dict[str, Any], state: State, reasons: tuple[str, ...]
) -> None:
    told = after(heard(**values))

    assert (told.state, told.reasons) == (state, reasons)


def test_a_lost_receiver_is_offline_whatever_its_last_values_said() -> None:
    failing = after(heard(battery_minutes=10))
    lost = Standing(
        now=LATER,
        tier=Tier.OFFLINE,
        lost=True,
        stale=False,
        complaints=("no_answer", "command_strings_timeout"),
    )

    told = after(None, lost, failing)

    assert (told.state, told.status) == (State.OFFLINE, Status.OFFLINE)
    assert told.reasons == ("no_answer", "command_strings_timeout")
    assert told.battery_minutes == 10


def test_the_first_failure_is_told_at_once_beside_the_state_that_still_holds() -> None:
    failing = Standing(now=LATER, tier=Tier.CRITICAL, lost=False, stale=False, complaints=("no_answer",))

    told = after(None, failing, WELL)

    assert (told.state, told.reasons, told.state_since) == (State.OK, ("no_answer",), NOW)


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (WELL, State.STALE),
        (after(heard(transmitter_on=False)), State.STALE),
        (after(heard(battery_minutes=45)), State.WARNING),
        (after(heard(battery_minutes=5)), State.CRITICAL),
    ],
    ids=["ok", "off", "warning", "critical"],
)
def test_age_makes_ok_and_off_stale_and_does_not_soften_what_was_wrong(
    before: ChannelState, state: State
) -> None:
    told = after(None, replace(FRESH, now=LATER, stale=True), before)

    assert told.state is state
    assert "stale" in told.reasons


def test_a_channel_that_was_never_read_is_stale_and_says_nothing() -> None:
    assert (NEW.state, NEW.reasons, NEW.battery_status, NEW.rf_quality) == (
        State.STALE,
        ("unread",),
        BatteryStatus.UNKNOWN,
        RfQuality.UNKNOWN,
    )


def test_the_state_says_since_when_it_holds() -> None:
    still = after(heard(rf_dbm=-50), replace(FRESH, now=LATER), WELL)
    worse = after(heard(battery_minutes=10), replace(FRESH, now=LATER), WELL)

    assert (still.state_since, worse.state_since) == (NOW, LATER)


def test_a_transmitter_that_goes_off_leaves_its_last_battery_and_no_levels() -> None:
    gone = ChannelReading(number=1, name="Vox 1", transmitter_on=False, rf_dbm=-98, audio_dbfs=-50)

    told = after(gone, replace(FRESH, now=LATER), WELL)
    later = after(gone, replace(FRESH, now=LATER + timedelta(minutes=5)), told)

    assert told.last == LastKnown(at=LATER, battery_percent=85, battery_minutes=312, battery_bars=4)
    assert (told.rf_dbm, told.audio_dbfs, told.rf_quality) == (None, None, RfQuality.NO_TX)
    assert later.last == told.last
    assert after(heard(), before=later).last is None


def test_while_the_battery_is_calculated_its_last_values_stay() -> None:
    calculating = heard(battery_minutes=None, battery_percent=None, battery_bars=4, battery_calculating=True)

    told = after(calculating, before=WELL)

    assert (told.battery_minutes, told.battery_percent, told.battery_status) == (312, 85, BatteryStatus.GOOD)


def test_a_fresh_pack_is_not_as_empty_as_the_last_while_its_minutes_are_calculated() -> None:
    empty = after(heard(battery_minutes=20, battery_percent=9, battery_bars=1))
    fresh = heard(battery_minutes=None, battery_percent=100, battery_bars=5, battery_calculating=True)

    told = after(fresh, before=empty)

    assert (told.battery_minutes, told.battery_percent, told.battery_bars) == (None, 100, 5)
    assert (told.battery_status, told.state) == (BatteryStatus.GOOD, State.OK)


@pytest.mark.parametrize(
    ("dbm", "quality"),
    [
        ([-24, -25, -29, -30], ["overload", "overload", "excellent", "excellent"]),
        ([-25, -26, -24], ["excellent", "excellent", "overload"]),
    ],
)
def test_overload_is_left_with_a_margin(dbm: list[int], quality: list[str]) -> None:
    told = [WELL]
    for level in dbm:
        told.append(after(heard(rf_dbm=level), before=told[-1]))

    assert [state.rf_quality for state in told[1:]] == quality


def test_a_lost_signal_is_found_again_with_a_margin() -> None:
    told = [WELL]
    for level in (-99, -100, -99, -96, -95, -99):
        told.append(after(heard(rf_dbm=level), before=told[-1]))

    assert ["rf_lost" in state.reasons for state in told[1:]] == [False, True, True, True, False, False]


def test_a_receivers_own_word_for_overload_counts_before_its_link_quality() -> None:
    assert after(heard(rf_dbm=-40, link_quality=5, rf_overloaded=True)).rf_quality is RfQuality.OVERLOAD
    assert after(heard(rf_dbm=-20, link_quality=5, rf_overloaded=False)).rf_quality is RfQuality.EXCELLENT


def test_clipping_is_held_for_ten_seconds_after_it_is_over() -> None:
    def at(seconds: int, before: ChannelState, **values: Any) -> ChannelState:
        return after(heard(**values), replace(FRESH, now=NOW + timedelta(seconds=seconds)), before)

    clipped = at(0, WELL, overloaded=True)
    gone = at(5, clipped)
    held = at(14, gone)
    over = at(15, held)

    assert [clipped.state, gone.state, held.state, over.state] == [*[State.WARNING] * 3, State.OK]


def test_continued_clipping_is_no_new_record_at_each_poll() -> None:
    first = after(heard(overloaded=True), before=WELL)

    again = after(heard(overloaded=True), replace(FRESH, now=NOW + timedelta(seconds=3)), first)

    assert again == first


@pytest.mark.parametrize(
    ("minutes", "percent", "bars", "status"),
    [
        (120, 1, 0, BatteryStatus.GOOD),
        (119, None, None, BatteryStatus.FAIR),
        (59, None, None, BatteryStatus.LOW),
        (29, None, None, BatteryStatus.CRITICAL),
        (0, None, None, BatteryStatus.CRITICAL),
        (None, 60, 0, BatteryStatus.GOOD),
        (None, 59, None, BatteryStatus.FAIR),
        (None, 39, None, BatteryStatus.LOW),
        (None, 14, None, BatteryStatus.CRITICAL),
        (None, None, 5, BatteryStatus.GOOD),
        (None, None, 4, BatteryStatus.GOOD),
        (None, None, 3, BatteryStatus.FAIR),
        (None, None, 2, BatteryStatus.LOW),
        (None, None, 1, BatteryStatus.CRITICAL),
        (None, None, 0, BatteryStatus.CRITICAL),
        (None, None, None, BatteryStatus.UNKNOWN),
    ],
)
def test_the_battery_is_judged_by_the_best_source_that_there_is(
    minutes: int | None, percent: int | None, bars: int | None, status: BatteryStatus
) -> None:
    assert (
        battery_status(BatteryStatus.UNKNOWN, LIMITS, minutes=minutes, percent=percent, bars=bars) is status
    )


def test_a_worse_battery_status_is_left_only_past_the_margin() -> None:
    def told(minutes: int) -> BatteryStatus:
        return battery_status(BatteryStatus.LOW, LIMITS, minutes=minutes, percent=None, bars=None)

    assert [told(60), told(69), told(70), told(130)] == [
        BatteryStatus.LOW,
        BatteryStatus.LOW,
        BatteryStatus.FAIR,
        BatteryStatus.GOOD,
    ]


@pytest.mark.parametrize(
    ("values", "quality"),
    [
        ({"rf_dbm": -60}, RfQuality.EXCELLENT),
        ({"rf_dbm": -70}, RfQuality.GOOD),
        ({"rf_dbm": -83}, RfQuality.FAIR),
        ({"rf_dbm": -84}, RfQuality.POOR),
        ({"rf_dbm": -24}, RfQuality.OVERLOAD),
        ({"rf_dbm": -25}, RfQuality.EXCELLENT),
        ({"rf_dbm": None}, RfQuality.UNKNOWN),
        ({"rf_dbm": -50, "interference": True}, RfQuality.POOR),
        ({"transmitter_on": False}, RfQuality.NO_TX),
        *(
            ({"link_quality": told}, quality)
            for told, quality in enumerate(
                [
                    RfQuality.POOR,
                    RfQuality.POOR,
                    RfQuality.FAIR,
                    RfQuality.FAIR,
                    RfQuality.GOOD,
                    RfQuality.EXCELLENT,
                ]
            )
        ),
    ],
)
def test_rf_is_judged_by_link_quality_where_there_is_one_and_else_by_level(
    values: dict[str, Any], quality: RfQuality
) -> None:
    assert rf_quality(RfQuality.UNKNOWN, heard(**values), LIMITS) is quality


@given(st.lists(st.integers(-2, 2), min_size=2, max_size=60))
def test_a_level_that_wavers_about_a_limit_changes_its_verdict_once_at_most(offsets: list[int]) -> None:
    quality, verdicts = RfQuality.UNKNOWN, []

    for offset in offsets:
        quality = rf_quality(quality, heard(rf_dbm=-83 + offset), LIMITS)
        verdicts.append(quality)

    assert sum(before is not now for before, now in pairwise(verdicts)) <= 1


@pytest.mark.parametrize(("interval", "seconds"), [(1, 45), (10, 45), (15, 45), (30, 90), (60, 180)])
def test_a_value_is_stale_after_three_intervals_but_not_before_45_s(interval: int, seconds: int) -> None:
    assert stale_after(timedelta(seconds=interval)) == timedelta(seconds=seconds)


def bay(**values: Any) -> ChannelReading:
    """Return a charger's bay with a pack that charges, but for what is said otherwise."""
    charging = {
        "occupied": True,
        "battery_state": "normal",
        "battery_percent": 8,
        "battery_error": 0,
        "charging": True,
    }
    return ChannelReading(number=1, kind=Kind.BAY, **{**charging, **values})


@pytest.mark.parametrize(
    ("values", "state", "reasons"),
    [
        ({}, State.OK, ()),
        ({"battery_state": "full", "charging": False, "battery_percent": 100}, State.OK, ()),
        ({"occupied": False, "battery_state": "no_batt", "battery_percent": None}, State.OFF, ()),
        ({"battery_error": 4}, State.WARNING, ("battery_error",)),
        ({"battery_state": "hot"}, State.WARNING, ("battery_error",)),
    ],
)
def test_a_bay_is_in_trouble_when_its_pack_is_not_charged_and_not_because_it_is_empty(
    values: dict[str, Any], state: State, reasons: tuple[str, ...]
) -> None:
    told = after(bay(**values))

    assert (told.state, told.reasons) == (state, reasons)


def test_a_transmitter_in_its_charger_is_not_low() -> None:
    assert after(heard(battery_minutes=5, charging=True)).state is State.OK


def test_what_a_server_says_anew_joins_what_it_said_before() -> None:
    battery = BatteryReading(percent=87, minutes=385, charging=False)
    first = from_server(1, NEW, ServerReading(battery=battery, activity=Activity.GOOD))
    known = after(first)

    second = from_server(1, known, ServerReading(battery=Unchanged(), activity=Activity.CLIPPING))
    clipped = after(second, before=known)

    assert (known.battery_percent, known.battery_minutes, known.charging) == (87, 385, False)
    assert (clipped.battery_percent, clipped.state, clipped.reasons) == (87, State.WARNING, ("clipping",))
    unchanged = ServerReading(battery=Unchanged(), battery_health=Unchanged(), activity=Unchanged())
    assert after(from_server(1, clipped, unchanged), before=clipped) == clipped


def test_what_a_server_no_longer_tells_is_not_known_any_more() -> None:
    battery = BatteryReading(percent=87, minutes=385, charging=False)
    known = after(from_server(1, NEW, ServerReading(battery=battery, activity=Activity.CLIPPING)))

    silent = after(from_server(1, known, ServerReading()), before=known)

    assert (silent.battery_percent, silent.battery_minutes, silent.charging) == (None, None, None)
    assert silent.battery_status is BatteryStatus.UNKNOWN
    assert silent.clipping is False
