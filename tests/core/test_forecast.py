"""How long a battery is said to last, and whether that is to the event's end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.forecast import Drain, drained, estimate, forecast, recalled, remembered
from core.domain.reading import ChannelReading
from core.domain.state import ChannelState, Forecast
from tests.fleet import heard

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ON = ChannelState(state_since=NOW, transmitter_on=True)


def bars(value: int | None) -> ChannelReading:
    return heard(battery_minutes=None, battery_percent=None, battery_bars=value)


def percent(value: int | None) -> ChannelReading:
    return heard(battery_minutes=None, battery_percent=value, battery_bars=None)


def used(*told: tuple[float, ChannelReading], before: ChannelState | None = None) -> Drain | None:
    """Return what is remembered after these readings, each so many minutes after NOW, of a transmitter new to us."""
    recorded = before or replace(ON, transmitter_on=None)
    drain: Drain | None = None
    for minutes, reading in told:
        drain = drained(drain, recorded, reading, NOW + minutes * MINUTE)
        recorded = replace(
            recorded,
            transmitter_on=reading.transmitter_on,
            battery_bars=reading.battery_bars,
            battery_percent=reading.battery_percent,
        )
    return drain


def test_after_two_falls_of_the_bars_the_rest_is_as_long_as_they_were_for_each() -> None:
    drain = used((0, bars(5)), (60, bars(4)), (120, bars(3)))

    assert estimate(drain, NOW + 120 * MINUTE) == 180
    assert estimate(drain, NOW + 150 * MINUTE) == 150


def test_one_fall_says_nothing_of_the_pace() -> None:
    assert estimate(used((0, bars(5)), (60, bars(4))), NOW + 61 * MINUTE) is None


def test_a_rested_alkaline_that_reads_full_at_first_says_nothing() -> None:
    drain = used((0, bars(5)), (2, bars(4)), (4.9, bars(3)), (64, bars(2)))

    assert estimate(drain, NOW + 65 * MINUTE) is None


@pytest.mark.parametrize(
    "anew",
    [[(121, bars(5))], [(121, heard(transmitter_on=False)), (122, bars(5))]],
    ids=["another pack", "off and on"],
)
def test_another_pack_is_measured_anew(anew: list[tuple[float, ChannelReading]]) -> None:
    drain = used((0, bars(5)), (60, bars(4)), (120, bars(3)), *anew)

    assert drain == Drain(settled_at=NOW + (anew[-1][0] + 5) * MINUTE)


def test_a_bar_that_holds_longer_than_those_before_slows_the_pace() -> None:
    drain = used((0, bars(5)), (60, bars(4)), (70, bars(3)))

    assert estimate(drain, NOW + 70 * MINUTE) == 30
    assert estimate(drain, NOW + 130 * MINUTE) == 70


def test_percentages_are_measured_in_steps_of_five() -> None:
    falls = [(60.0 + minute, percent(80 - minute)) for minute in range(11)]

    drain = used((0, percent(81)), *falls)

    assert drain is not None
    assert [fall.value for fall in drain.falls] == [80, 75, 70]
    assert estimate(drain, NOW + 70 * MINUTE) == 70


def test_while_a_transmitter_tells_no_charge_what_is_remembered_stays() -> None:
    drain = used((0, bars(5)), (60, bars(4)))

    assert used((0, bars(5)), (60, bars(4)), (61, bars(None)), (62, bars(None))) == drain


def test_what_is_remembered_is_kept_as_json() -> None:
    drain = used((0, bars(5)), (60, bars(4)), (120, bars(3)))

    assert recalled(remembered(drain)) == drain
    assert recalled(remembered(None)) is None


@given(per_bar=st.integers(10, 240), after=st.floats(0, 0.99), interval=st.floats(0.1, 1))
def test_of_a_battery_that_falls_evenly_the_estimate_is_right_to_the_interval_of_polls(
    per_bar: int, after: float, interval: float
) -> None:
    def at_poll(minutes: float) -> float:
        return -(-minutes // interval) * interval

    first, second = at_poll(per_bar), at_poll(2 * per_bar)
    drain = used((0, bars(5)), (first, bars(4)), (second, bars(3)))
    at = second + after * (per_bar - 2 * interval)

    told = estimate(drain, NOW + at * MINUTE)

    assert told is not None
    assert abs(told - (5 * per_bar - at)) <= 6 * interval + 1


@given(
    at=st.lists(st.integers(6, 1000), min_size=2, max_size=4, unique=True).map(sorted),
    later=st.lists(st.integers(0, 2000), min_size=2, max_size=5).map(sorted),
)
def test_an_estimate_is_never_below_nothing(at: list[int], later: list[int]) -> None:
    drain = used((0, bars(5)), *((minute, bars(4 - number)) for number, minute in enumerate(at)))

    told = [estimate(drain, NOW + (at[-1] + minutes) * MINUTE) for minutes in later]

    assert all(minutes is not None and minutes >= 0 for minutes in told)


def told(
    minutes: int | None,
    *,
    ends_in: float | None = None,
    before: Forecast | None = None,
    drain: Drain | None = None,
) -> Forecast | None:
    ends_at = None if ends_in is None else NOW + ends_in * MINUTE
    return forecast(before, minutes=minutes, drain=drain, now=NOW, ends_at=ends_at, margin_min=10)


def test_what_the_transmitter_tells_is_no_estimate() -> None:
    assert told(214) == Forecast(minutes=214, estimated=False)
    assert told(None) is None


def test_a_battery_that_falls_is_told_of_as_an_estimate() -> None:
    drain = used((-180, bars(5)), (-120, bars(4)), (-60, bars(3)))

    assert told(None, drain=drain) == Forecast(minutes=120, estimated=True)


@pytest.mark.parametrize(
    ("ends_in", "lasts", "short"),
    [
        (100, True, None),
        (100.5, False, 1),
        (125, False, 25),
        (0, None, None),
        (-60, None, None),
        (13 * 60, None, None),
    ],
)
def test_a_battery_lasts_to_the_end_or_is_short_of_it(
    ends_in: float,
    lasts: bool | None,  # noqa: FBT001
    short: int | None,
) -> None:
    assert told(100, ends_in=ends_in) == Forecast(
        minutes=100, estimated=False, lasts=lasts, short_minutes=short
    )


def test_a_battery_that_was_short_lasts_only_once_it_does_by_the_margin() -> None:
    short = told(95, ends_in=100)

    nearly = told(109, ends_in=100, before=short)
    certainly = told(110, ends_in=100, before=nearly)

    assert nearly is not None
    assert (nearly.lasts, nearly.short_minutes) == (False, 0)
    assert certainly is not None
    assert certainly.lasts is True


@given(
    wobble=st.lists(st.integers(-4, 4), max_size=30),
)
def test_a_forecast_that_wavers_about_the_end_says_so_once(wobble: list[int]) -> None:
    before = told(99, ends_in=100)

    for offset in wobble:
        before = told(100 + offset, ends_in=100, before=before)
        assert before is not None
        assert before.lasts is False


@given(minutes=st.lists(st.integers(0, 600), min_size=2, max_size=20))
def test_a_forecast_that_moves_by_less_than_five_minutes_stays_the_very_one(minutes: list[int]) -> None:
    before = None
    for one in minutes:
        after = told(one, before=before)
        assert after is not None
        assert abs(after.minutes - one) < 5
        assert after is before or before is None or abs(after.minutes - before.minutes) >= 5
        before = after
