import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollers.simulator import Unplayable
from pollers.simulator.clock import Clock
from pollers.simulator.show import Moment


def test_packs_drain_faster_than_the_show_goes() -> None:
    clock = Clock(speed=60)

    moments = [clock.at(now) for now in (100.0, 100.5, 101.25, 110.0)]

    assert moments == [Moment(0, 0), Moment(0, 30), Moment(1, 75), Moment(10, 600)]


def test_a_paused_show_stands_still_and_goes_on_where_it_was() -> None:
    clock = Clock()
    clock.at(100)

    clock.turn(105, paused=True)
    paused = clock.at(500)
    clock.turn(600, paused=False)

    assert paused == Moment(5, 5)
    assert clock.at(602) == Moment(7, 7)


def test_seconds_that_are_skipped_drain_packs_as_fast_as_any() -> None:
    clock = Clock(speed=10, paused=True)
    clock.at(100)

    clock.turn(105, skip=60)

    assert clock.at(200) == Moment(60, 600)


def test_a_new_speed_counts_from_now_on() -> None:
    clock = Clock()
    clock.at(100)

    clock.turn(110, speed=10)

    assert clock.at(111) == Moment(11, 20)


@given(
    st.lists(
        st.tuples(st.floats(0, 1000), st.booleans(), st.floats(0, 1000), st.none() | st.floats(0, 1000)),
        min_size=1,
    )
)
def test_the_show_never_goes_back(turns: list[tuple[float, bool, float, float | None]]) -> None:
    clock = Clock()
    now = 0.0
    moments = [clock.at(now)]
    for elapsed, paused, speed, skip in turns:
        now += elapsed
        clock.turn(now, paused=paused, speed=speed, skip=skip)
        moments.append(clock.at(now))

    assert moments == sorted(moments, key=lambda moment: (moment.second, moment.drained))
    assert [moment.drained for moment in moments] == sorted(moment.drained for moment in moments)


@pytest.mark.parametrize("speed", [-1, 86_401, float("nan")])
def test_an_impossible_speed_is_refused_and_changes_nothing(speed: float) -> None:
    clock = Clock(speed=2)
    clock.at(0)

    with pytest.raises(Unplayable, match="between 0 and 86400"):
        clock.turn(1, paused=True, speed=speed)

    assert clock.at(10) == Moment(10, 20)


@pytest.mark.parametrize("skip", [-1, 86_401, float("nan")])
def test_the_show_is_skipped_ahead_alone(skip: float) -> None:
    clock = Clock()
    clock.at(0)

    with pytest.raises(Unplayable, match="never goes back"):
        clock.turn(1, skip=skip)

    assert clock.at(10) == Moment(10, 10)
