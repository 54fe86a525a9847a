"""The show is the same for everybody, can be said by every family, and looks like an evening."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import ChannelReading
from pollers.simulator import show
from pollers.simulator.families import AXIENT_DIGITAL, FAMILIES, QUADVERSITY, ULX_D, Family
from pollers.simulator.families.family import Radio
from pollers.simulator.show import Kind, Microphone, Moment, Trouble

seeds = st.integers(0, 2**31)
places = st.integers(0, 8_000)
moments = st.builds(Moment, st.integers(0, 10_000_000), st.integers(0, 600_000_000))
RECEIVERS = [*(family for family in FAMILIES if family.radio is not None), QUADVERSITY]

families = st.sampled_from(RECEIVERS)
troubled = st.none() | st.builds(Trouble, st.sampled_from(Kind), st.floats(0, 1))

NUMBERS = (
    "name",
    "frequency_khz",
    "gain_db",
    "rf_dbm",
    "audio_dbfs",
    "battery_health_percent",
    "battery_cycles",
    "battery_celsius",
)
EVENING = range(0, 4 * 3600, 30)


def cast(seed: int, receivers: int = 6) -> list[tuple[Microphone, Family]]:
    """Return the microphones of a house: every other receiver a ULXD4Q, the others an AD4D."""
    house: list[tuple[Microphone, Family]] = []
    for receiver in range(receivers):
        family, channels = ((ULX_D, 4), (AXIENT_DIGITAL, 2))[receiver % 2]
        for number in range(1, channels + 1):
            mic = show.microphone(
                seed=seed, place=len(house), number=number, of=channels, radio=radio(family)
            )
            house.append((mic, family))
    return house


def radio(family: Family) -> Radio:
    assert family.radio is not None
    return family.radio


def on_stage(*, battery_type: str = show.RECHARGEABLE, family: Family = AXIENT_DIGITAL) -> Microphone:
    mic = show.microphone(seed=1, place=0, number=1, of=2, radio=radio(family))
    return replace(mic, battery_type=battery_type, runtime_minutes=400, phase=0.0)


def settled(mic: Microphone) -> Moment:
    """Return a moment at which the pack has been in for a while and the transmitter is on."""
    on = next(second for second in range(0, 100_000, 60) if not show._is_off(mic, second))
    return Moment(on, show.SWAP_SECONDS + show.CALCULATING_SECONDS + 60)


def in_trouble(channel: ChannelReading) -> bool:
    low = (
        channel.battery_minutes < 60
        if channel.battery_minutes is not None
        else channel.battery_bars is not None and channel.battery_bars <= 2
    )
    loudest = channel.audio_dbfs if channel.audio_peak_dbfs is None else channel.audio_peak_dbfs
    return bool(channel.transmitter_on) and (
        low
        or (channel.rf_dbm is not None and channel.rf_dbm < -83)
        or bool(channel.interference)
        or not channel.encryption_ok
        or (loudest is not None and loudest >= -6)
    )


def evening(seed: int) -> list[list[ChannelReading]]:
    house = cast(seed)
    return [
        [
            family.told(
                family.shown(
                    show.play(mic, Moment(at, at), show.troubles(seed, len(house), at).get(mic.place))
                )
            )
            for mic, family in house
        ]
        for at in EVENING
    ]


@given(seed=seeds, place=places, moment=moments, family=families, trouble=troubled)
def test_the_same_seed_is_the_same_show_however_it_is_asked(
    *, seed: int, place: int, moment: Moment, family: Family, trouble: Trouble | None
) -> None:
    def asked() -> ChannelReading:
        mic = show.microphone(seed=seed, place=place, number=1, of=2, radio=radio(family))
        show.play(mic, Moment(moment.second + 5, moment.drained + 5), None)
        return show.play(mic, moment, trouble)

    assert asked() == asked()


@given(seed=seeds, other=seeds)
def test_another_seed_is_another_show(seed: int, other: int) -> None:
    shows = {tuple(show.draw(each, place) for place in range(4)) for each in (seed, other)}

    assert len(shows) == len({seed, other})


@given(seed=seeds, place=places, moment=moments, family=families, trouble=troubled)
def test_every_value_of_the_show_fits_the_wire(
    *, seed: int, place: int, moment: Moment, family: Family, trouble: Trouble | None
) -> None:
    mic = show.microphone(seed=seed, place=place, number=1, of=2, radio=radio(family))
    channel = family.shown(show.play(mic, moment, trouble, antennas=radio(family).antennas))

    out_of_scale = {
        name: value
        for name, scale in family.ranges.items()
        if (value := getattr(channel, name)) is not None and value not in scale
    }

    assert out_of_scale == {}
    assert channel.name is not None
    assert 0 < len(channel.name) <= radio(family).name_width
    widths = {name: len(text(channel)) for name, text in family.channel.items()}
    assert widths["FREQUENCY"] == {"ULX-D": 6, "QLX-D": 6, "SLX-D": 7, "Axient Digital": 7}[family.name]
    assert widths["CHAN_NAME"] == radio(family).name_width + 2
    preset = family.words["group_channel"]
    assert channel.group_channel is None or re.fullmatch(preset, channel.group_channel)


@given(seed=seeds, moment=moments)
def test_the_channels_of_a_receiver_differ_in_every_number(seed: int, moment: Moment) -> None:
    mics = [
        show.microphone(seed=seed, place=8 + at, number=at + 1, of=4, radio=radio(ULX_D)) for at in range(4)
    ]
    channels = [show.play(mic, moment, None, {"transmitter_on": True}) for mic in mics]

    told = {name: [getattr(channel, name) for channel in channels] for name in NUMBERS}
    known = {name: [value for value in values if value is not None] for name, values in told.items()}

    alike = [name for name, values in known.items() if len(set(values)) < len(values)]

    assert alike == []


@given(seed=seeds, place=places, family=families, start=st.integers(0, 100_000))
def test_a_pack_in_use_only_ever_drains(seed: int, place: int, family: Family, start: int) -> None:
    mic = show.microphone(seed=seed, place=place, number=1, of=2, radio=radio(family))
    packs = [show._pack(mic, start + 60 * minute) for minute in range(120)]

    refills = [
        later.left > earlier.left
        for earlier, later in pairwise(packs)
        if earlier.in_use and later.in_use and earlier.left > mic.reserve + 0.02
    ]

    assert not any(refills)
    assert all(mic.reserve - 0.01 <= pack.left <= 1 for pack in packs)


def test_alkaline_cells_tell_bars_alone() -> None:
    mic = on_stage(battery_type=show.ALKALINE)

    channel = show.play(mic, settled(mic), None)

    assert channel.battery_bars == 5
    assert channel.battery_type == "ALKA"
    assert (channel.battery_percent, channel.battery_minutes, channel.battery_health_percent) == (None,) * 3


def test_a_fresh_pack_is_calculated_before_its_minutes_are_known() -> None:
    mic = on_stage()
    on = settled(mic).second

    swapping, fresh, known = (
        show.play(mic, Moment(on, drained), None)
        for drained in (0, show.SWAP_SECONDS, show.SWAP_SECONDS + show.CALCULATING_SECONDS)
    )

    assert swapping.transmitter_on is False
    assert (fresh.battery_percent, fresh.battery_calculating, fresh.battery_minutes) == (100, True, None)
    assert (known.battery_percent, known.battery_calculating, known.battery_minutes) == (100, False, 398)


@pytest.mark.parametrize(
    ("held", "follows"),
    [
        ({"battery_percent": 12}, {"battery_percent": 12, "battery_minutes": 48, "battery_bars": 1}),
        ({"battery_minutes": 20}, {"battery_percent": 5, "battery_minutes": 20, "battery_bars": 1}),
        ({"battery_bars": 2}, {"battery_percent": 28, "battery_minutes": 112, "battery_bars": 2}),
        (
            {"battery_percent": 50, "battery_minutes": None},
            {"battery_percent": 50, "battery_minutes": None, "battery_bars": 3},
        ),
        ({"battery_calculating": True}, {"battery_calculating": True, "battery_minutes": None}),
        (
            {"battery_type": "ALKA"},
            {"battery_type": "ALKA", "battery_percent": None, "battery_minutes": None},
        ),
        ({"rf_dbm": -91}, {"rf_dbm": -91, "rf_a_dbm": -91, "rf_b_dbm": -95, "link_quality": 2}),
        ({"rf_a_dbm": -90, "rf_b_dbm": -80}, {"rf_dbm": -80, "link_quality": 4}),
        (
            {"rf_dbm": -91, "rf_a_dbm": -60},
            {"rf_dbm": -60, "rf_a_dbm": -60, "rf_b_dbm": -95, "link_quality": 5},
        ),
        (
            {"rf_d_dbm": -40, "rf_dbm": -91},
            {"rf_dbm": -40, "rf_a_dbm": -91, "rf_c_dbm": -94, "rf_d_dbm": -40, "link_quality": 5},
        ),
        ({"rf_dbm": None}, {"rf_dbm": None, "rf_a_dbm": None, "rf_b_dbm": None, "link_quality": None}),
        ({"audio_dbfs": -4}, {"audio_dbfs": -4, "audio_peak_dbfs": 0, "overloaded": True}),
        ({"audio_peak_dbfs": -20}, {"audio_dbfs": -26, "audio_peak_dbfs": -20, "overloaded": False}),
        ({"muted": True}, {"muted": True, "audio_dbfs": -46}),
        (
            {"transmitter_on": False, "battery_percent": 12, "muted": True},
            {
                "transmitter_on": False,
                "transmitter": None,
                "battery_percent": None,
                "battery_minutes": None,
                "battery_bars": None,
                "muted": None,
                "link_quality": None,
                "audio_dbfs": -100,
            },
        ),
        ({"name": "Encore", "frequency_khz": 602_125}, {"name": "Encore", "frequency_khz": 602_125}),
    ],
)
def test_what_hangs_together_follows_a_held_value(held: dict[str, Any], follows: dict[str, Any]) -> None:
    mic = on_stage()

    channel = show.play(mic, settled(mic), None, held, antennas=4)

    assert {name: getattr(channel, name) for name in follows} == follows


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        (Kind.FADE, lambda channel: channel.rf_dbm < -83 and channel.link_quality <= 3),
        (Kind.DROPOUT, lambda channel: channel.rf_dbm < -100 and channel.link_quality == 0),
        (Kind.INTERFERENCE, lambda channel: channel.interference),
        (Kind.CLIPPING, lambda channel: channel.overloaded and channel.audio_peak_dbfs >= -6),
        (Kind.ENCRYPTION, lambda channel: not channel.encryption_ok),
    ],
)
def test_every_trouble_shows(kind: Kind, shows: Any) -> None:
    mic = on_stage()

    quiet, troubled = (show.play(mic, settled(mic), trouble) for trouble in (None, Trouble(kind, 1.0)))

    assert not in_trouble(quiet)
    assert in_trouble(troubled)
    assert shows(troubled)


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_on_a_wall_most_channels_are_fine_and_one_or_two_are_not(seed: int) -> None:
    counts = [sum(map(in_trouble, channels)) for channels in evening(seed)]

    of_the_time = {
        "somebody": sum(count >= 1 for count in counts) / len(counts),
        "a crowd": sum(count >= 4 for count in counts) / len(counts),
    }

    assert of_the_time["somebody"] > 0.5
    assert of_the_time["a crowd"] < 0.1


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_in_an_evening_everything_happens(seed: int) -> None:
    channels = [channel for moment in evening(seed) for channel in moment]
    on = [channel for channel in channels if channel.transmitter_on]

    assert 0.85 < len(on) / len(channels) < 1
    assert {channel.battery_type for channel in on} == {"LION", "ALKA"}
    assert any(channel.muted for channel in on)
    assert any(channel.battery_calculating for channel in on)
    qualities = {channel.link_quality for channel in on if channel.link_quality is not None}
    assert (max(qualities), min(qualities) <= 3) == (5, True)
    assert any(channel.interference for channel in on)


def test_where_nobody_is_on_air_only_a_held_transmitter_is() -> None:
    mic = on_stage()

    everybody, one = (
        show.play(mic, settled(mic), None, held, on_air=False) for held in ({}, {"transmitter_on": True})
    )

    assert (everybody.transmitter_on, everybody.transmitter, everybody.battery_percent) == (False, None, None)
    assert (one.transmitter_on, one.transmitter) == (True, "AD2")


def test_a_scanned_group_goes_up_through_the_channels_of_its_receiver() -> None:
    receivers = [
        [show.microphone(seed=1, place=4 * at + n, number=n + 1, of=4, radio=radio(ULX_D)) for n in range(4)]
        for at in range(20)
    ]

    groups = {
        tuple((mic.group_channel or "--,--").split(",")[1] for mic in receiver) for receiver in receivers
    }

    assert groups == {("01", "02", "03", "04"), ("--", "--", "--", "--")}


@given(seed=seeds, second=st.integers(0, 100_000))
def test_in_a_storm_much_of_the_band_is_in_trouble_and_much_of_it_recovers(seed: int, second: int) -> None:
    channels = 60

    now, later = (show.storm(seed, channels, at) for at in (second, second + show.STORM_SECONDS))

    assert 0.2 * channels < len(now) < 0.8 * channels
    assert now.keys() - later.keys()
    assert {trouble.kind for trouble in now.values()} <= {Kind.INTERFERENCE, Kind.FADE, Kind.DROPOUT}
    assert show.storm(seed, channels, second) == now


def test_names_stay_apart_in_a_large_house() -> None:
    names = [
        show.microphone(seed=1, place=place, number=1, of=4, radio=radio(ULX_D)).name
        for place in range(2_000)
    ]

    assert len(set(names)) == 2_000
