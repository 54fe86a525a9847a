"""The scenarios: what each of them is, the same for the same seed, and over again when it ends."""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.reading import ChannelReading, Kind
from pollers.simulator import SCENARIOS, Hang, Simulator, Truth, Unknown
from pollers.simulator.clock import Clock
from pollers.simulator.families import BY_MODEL
from pollers.simulator.faults import KINDS
from pollers.simulator.house import MODELS, models_of
from pollers.simulator.rack import Rack
from pollers.simulator.scenarios import scenario_of
from pollers.simulator.upsets import (
    RECEIVER_KINDS,
    RECEIVER_UPSET_SECONDS,
    SERVER_UPSET_SECONDS,
    Candidate,
    Changed,
    Replaced,
    Struck,
    Swapped,
    Upset,
    Upsets,
    chaos,
    dead_rack,
)

from .conftest import Line

HOUR = 3600
HOUSE = tuple(Candidate(str(at), model) for at, model in enumerate(MODELS))

seeds = st.integers(0, 2**31)


def rack(scenario: str, seed: int = 1) -> Rack:
    clock = Clock()
    clock.at(0)
    made = Rack(
        seed=seed,
        network=ipaddress.IPv4Network("127.30.0.0/24"),
        clock=clock,
        scenario=scenario_of(scenario),
    )
    for model in models_of(len(MODELS)):
        made.add(model)
    made.open_curtain()
    return made


def evening(scenario: str, seed: int = 1, *, every_s: int = 300) -> list[Truth]:
    played = rack(scenario, seed)
    return [played.truth(now) for now in range(0, 4 * HOUR, every_s)]


def channels(truth: Truth, kind: Kind = Kind.MICROPHONE) -> list[ChannelReading]:
    return [
        channel.reading
        for receiver in truth.receivers
        for channel in receiver.channels
        if channel.reading.kind is kind
    ]


def in_trouble(channel: ChannelReading) -> bool:
    faint = channel.rf_dbm is not None and channel.rf_dbm < -83
    return bool(channel.transmitter_on) and (faint or bool(channel.interference))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_is_the_same_evening_and_another_is_another(name: str) -> None:
    first, again, other = (evening(name, seed, every_s=1800) for seed in (7, 7, 8))

    assert first == again
    assert [channels(truth) for truth in first] != [channels(truth) for truth in other]


def test_in_quiet_nothing_moves_and_nothing_is_wrong() -> None:
    truths = evening("quiet")

    assert all(truth.receivers == truths[0].receivers for truth in truths)
    assert not any(map(in_trouble, channels(truths[0])))


def test_in_interference_much_of_the_band_is_in_trouble_all_evening() -> None:
    usual, stormy = (
        [sum(map(in_trouble, channels(truth))) / len(channels(truth)) for truth in evening(name)]
        for name in ("show", "interference")
    )

    assert max(usual) < 0.25
    assert min(stormy) > 0.1
    assert sum(stormy) / len(stormy) > 0.3


def test_in_the_night_of_the_chargers_nobody_is_on_air_and_the_bays_are_full() -> None:
    truths = evening("charger-night")

    assert not any(channel.transmitter_on for truth in truths for channel in channels(truth))
    bays = [bay for truth in truths for bay in channels(truth, Kind.BAY)]
    assert sum(bool(bay.occupied) for bay in bays) / len(bays) > 0.9
    assert {"normal", "full", "calculating"} <= {bay.battery_state for bay in bays}


def test_a_dead_rack_is_the_first_third_of_those_that_speak() -> None:
    upset = dead_rack(1, 0, HOUSE)

    assert all(isinstance(each, Struck) and each.fault == Hang() for each in upset.values())
    assert [each.serial for each in upset.values() if isinstance(each, Struck)] == ["0", "1", "2", "3"]
    assert dead_rack(2, 500, HOUSE) == upset
    assert dead_rack(1, 0, [Candidate("0", "ADTQ")]) == {}


def test_there_is_no_other_scenario() -> None:
    with pytest.raises(Unknown, match="there is no scenario opera; what there is: quiet, show, "):
        scenario_of("opera")


# Chaos ------------------------------------------------------------------------------------------------


def victims(upset: Upset) -> Iterator[str]:
    if isinstance(upset, Swapped):
        yield upset.other
    serial = getattr(upset, "serial", None)
    if serial is not None:
        yield serial


@given(seed=seeds, second=st.integers(0, 1_000_000), count=st.integers(0, 30))
def test_chaos_is_the_same_for_everybody_and_bounded(seed: int, second: int, count: int) -> None:
    candidates = [Candidate(str(at), model) for at, model in enumerate(models_of(count))]

    now = chaos(seed, second, candidates)

    assert chaos(seed, second, candidates) == now
    of_receivers = [upset for key, upset in now.items() if key[0] == "receiver"]  # type: ignore[index]
    struck = [serial for upset in of_receivers for serial in victims(upset)]
    assert len(struck) == len(set(struck))
    assert len(of_receivers) <= max(1, count // 4)
    assert len(now) - len(of_receivers) <= 1


def day(seed: int, *, seconds: int = 4 * HOUR) -> list[Upsets]:
    return [chaos(seed, second, HOUSE) for second in range(seconds)]


@pytest.mark.parametrize("seed", [1, 7])
def test_every_upset_ends_within_half_a_minute(seed: int) -> None:
    lasted: Counter[Hashable] = Counter(key for now in day(seed) for key in now)

    assert max(lasted.values()) <= max(RECEIVER_UPSET_SECONDS, SERVER_UPSET_SECONDS) <= 30


@pytest.mark.parametrize("seed", [1, 7])
def test_a_receiver_is_left_alone_between_two_upsets(seed: int) -> None:
    upset_at: dict[str, list[int]] = defaultdict(list)
    for second, now in enumerate(day(seed)):
        for key, upset in now.items():
            if key[0] == "receiver":  # type: ignore[index]
                for serial in victims(upset):
                    upset_at[serial].append(second)

    assert upset_at.keys() == {candidate.serial for candidate in HOUSE}
    gaps = [later - earlier for seconds in upset_at.values() for earlier, later in pairwise(seconds)]
    assert min(gap for gap in gaps if gap > 1) >= RECEIVER_UPSET_SECONDS


@pytest.mark.parametrize("seed", [1, 7])
def test_in_an_afternoon_of_chaos_everything_goes_wrong(seed: int) -> None:
    upsets = {repr(upset) for now in day(seed) for upset in now.values()}
    for sign in (
        *(f"fault={fault.__name__}(" for fault in KINDS.values()),
        *("'listing': 'array'", "'listing': 'items'", "'page_size': 2", "'etags': False"),
        *(
            "'weak_etags': True",
            "'shown': 0",
            "'shown': 4",
            "'repeating': True",
            "about='malformed'",
            "about='twice'",
        ),
        *("'name'", "'OFFLINE'", "'DISCOVERED'", "'controllers_allowed'", "'answers_as'"),
        *("Moved(", "told=True", "told=False", "source_id=None", "source_id='loan/"),
    ):
        assert any(sign in upset for upset in upsets), sign


def test_no_upset_asks_of_a_device_what_it_cannot_do() -> None:
    everybody = [Candidate(model, model) for model in BY_MODEL]

    for kind in RECEIVER_KINDS:
        for one in everybody:
            match kind(one, [each for each in everybody if each is not one]):
                case Struck(path=None):
                    assert BY_MODEL[one.model].speaks
                case Changed(changes={"answers_as": answers_as}):
                    assert "MODEL" in BY_MODEL[one.model].device
                    assert answers_as != one.model
                case Changed(changes={"controllers_allowed": _}):
                    assert one.model.startswith("SLXD")
                case Swapped(other=other):
                    assert BY_MODEL[one.model].speaks
                    assert BY_MODEL[other].speaks
                case Replaced(source_id=source_id):
                    assert source_id is None or source_id.count("/") == 2


# Over real sockets ------------------------------------------------------------------------------------


def as_it_is(sim: Simulator) -> tuple[object, ...]:
    """Return everything that an upset may change."""
    return sim.on_stage(
        lambda stage: (
            [
                (
                    *(each.source_id, each.address, each.listed_address, each.name, each.state),
                    *(each.listening, each.answers_as, each.controllers_allowed),
                )
                for each in stage.rack.receivers.values()
            ],
            stage.faults.told(),
            stage.system_api.dialect,
            stage.system_api.oddities,
        )
    )


def test_after_chaos_everything_is_as_it_was() -> None:
    with Simulator(devices=12, seed=3, paused=True) as sim:
        before = as_it_is(sim)
        sim.turn(scenario="chaos")

        seen = set()
        for _ in range(180):
            sim.turn(skip=10)
            seen.add(repr(as_it_is(sim)))
        sim.turn(scenario="show")

        assert len(seen) > 60
        assert as_it_is(sim) == before
        for receiver in sim.truth().receivers:
            line = Line(receiver.address)
            assert line.ask("< GET DEVICE_ID >")[0].split("{")[1].startswith(receiver.name)
            line.close()


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 50),
    turns=st.lists(
        st.tuples(st.sampled_from(sorted(SCENARIOS)), st.integers(0, 3_000)), min_size=1, max_size=12
    ),
)
def test_however_scenarios_follow_each_other_nothing_of_them_is_left(
    seed: int, turns: list[tuple[str, int]]
) -> None:
    with Simulator(devices=6, seed=seed, paused=True) as sim:
        before = as_it_is(sim)
        for scenario, skip in turns:
            sim.turn(scenario=scenario, skip=skip)

        sim.turn(scenario="quiet")

        assert as_it_is(sim) == before


def test_a_dead_rack_says_nothing_from_the_start_and_the_others_are_well() -> None:
    with Simulator(devices=6, scenario="dead-rack") as sim:
        lines = [Line(receiver.address) for receiver in sim.truth().receivers]
        for line in lines:
            line.send("< GET DEVICE_ID >")
        dead, well = lines[:2], lines[2:]

        assert all("DEVICE_ID" in frame for line in well for frame in line.frames(1))
        assert [line.bytes(0.1) for line in dead] == [b"", b""]  # they were asked before
        assert all(sessions.opened == 1 for sessions in sim.counts().receivers.values())
        for line in lines:
            line.close()


def test_an_upset_begins_and_ends_by_itself_while_the_show_goes_on() -> None:
    with Simulator(devices=4, seed=1, scenario="chaos") as sim:
        candidates = sim.on_stage(
            lambda stage: [Candidate(each.serial, each.model) for each in stage.rack.receivers.values()]
        )
        ends = next(
            second
            for second in range(HOUR)
            if isinstance(chaos(1, second, candidates).get(("receiver", 0, second // 60)), Struck)
            and ("receiver", 0, second // 60) not in chaos(1, second + 1, candidates)
        )
        sim.turn(skip=ends)
        during = sim.on_stage(lambda stage: stage.faults.told())

        while sim.on_stage(lambda stage: stage.faults.told()) == during:
            assert sim.truth().second < ends + 5

        assert during


def test_what_a_tester_holds_stays_held_through_chaos() -> None:
    with Simulator(models=["ULXD4Q", "AD4D"], seed=3, scenario="chaos", paused=True) as sim:
        serial = sim.truth().receivers[0].serial
        sim.set(sim.source_ids[0], 1, battery_percent=12, battery_type="LION", transmitter_on=True)

        held = []
        for _ in range(60):
            sim.turn(skip=20)
            held += [
                receiver.channels[0].reading.battery_percent
                for receiver in sim.truth().receivers
                if receiver.serial == serial
            ]

        assert held == [12] * 60


def test_a_receiver_that_is_taken_away_in_chaos_does_not_stop_it() -> None:
    with Simulator(devices=8, seed=3, scenario="chaos", paused=True) as sim:
        for _ in range(6):
            sim.turn(skip=30)
            sim.remove(sim.source_ids[0])
        sim.turn(scenario="show")

        assert len(sim.source_ids) == 2
        assert as_it_is(sim)[1] == {}
