import ipaddress
from dataclasses import asdict

import pytest

from pollers.simulator import Unplayable
from pollers.simulator.clock import Clock
from pollers.simulator.families import BY_MODEL
from pollers.simulator.rack import Rack
from pollers.simulator.receiver import Receiver

HOUR = 3600.0


@pytest.fixture
def rack() -> Rack:
    rack = Rack(seed=3, network=ipaddress.IPv4Network("127.30.0.0/24"), clock=Clock())
    rack.clock.at(0)
    return rack


@pytest.fixture
def receiver(rack: Rack) -> Receiver:
    receiver = rack.add("AD4D")
    rack.open_curtain()
    return receiver


def test_the_show_moves_all_but_what_is_held(rack: Rack, receiver: Receiver) -> None:
    held = {"rf_dbm": -91, "battery_percent": 12, "muted": True}
    free = {"audio_dbfs", "audio_peak_dbfs"}
    rack.hold(receiver.source_id, 1, {**held, "transmitter_on": True})

    first, *later = [asdict(rack.readings(receiver, now)[0]) for now in range(0, 3600, 60)]

    assert all(reading[name] == value for reading in (first, *later) for name, value in held.items())
    rack.release(receiver.source_id, 1, ["rf_dbm", "muted"])
    released = [asdict(rack.readings(receiver, HOUR + now)[0]) for now in range(0, 3600, 60)]
    assert {reading["battery_percent"] for reading in released} == {12}
    assert all(len({reading[name] for reading in released}) > 1 for name in {"rf_dbm", *free})


def test_a_channel_is_held_apart_from_its_neighbour(rack: Rack, receiver: Receiver) -> None:
    _, before = rack.readings(receiver, 0)

    rack.hold(receiver.source_id, 1, {"gain_db": -18, "name": "Encore"})

    held, neighbour = rack.readings(receiver, 0)
    assert (held.gain_db, held.name) == (-18, "Encore")
    assert neighbour == before


def test_a_change_from_outside_is_seen_within_the_same_second(rack: Rack, receiver: Receiver) -> None:
    before = rack.readings(receiver, 0)

    rack.hold(receiver.source_id, 2, {"gain_db": 42})

    assert before[1].gain_db != 42
    assert rack.readings(receiver, 0)[1].gain_db == 42


def test_no_address_and_no_id_is_given_twice(rack: Rack) -> None:
    first = rack.add("AD4D")
    rack.remove(first.source_id)

    again = rack.add("AD4D")

    assert (again.source_id, again.address) != (first.source_id, first.address)
    assert (first.address, again.address) == ("127.30.0.1", "127.30.0.2")


def test_a_full_network_takes_no_more(rack: Rack) -> None:
    rack.network = ipaddress.IPv4Network("127.30.0.0/29")
    addresses = [rack.add("AD4D").address for _ in range(5)]

    with pytest.raises(Unplayable, match="no address left for receiver 6"):
        rack.add("AD4D")

    assert addresses == [f"127.30.0.{last}" for last in range(1, 6)]


@pytest.mark.parametrize("model", BY_MODEL)
def test_every_model_is_played_with_all_its_channels(rack: Rack, model: str) -> None:
    receiver = rack.add(model)

    truth = rack.truth(0).receiver(receiver.source_id)

    family = BY_MODEL[model]
    assert [channel.reading.number for channel in truth.channels] == list(range(1, family.models[model] + 1))
    assert truth.listening is family.speaks
    assert (truth.heard is None) is (not family.speaks)
    assert set(truth.channels[0].raw) >= {name for name in family.channel if not name.startswith("SLOT_")}


def test_a_bay_is_held_and_released_as_a_channel_is(rack: Rack) -> None:
    charger = rack.add("SBC220")
    before = rack.readings(charger, 0)

    rack.hold(charger.source_id, 2, {"battery_state": "error", "battery_error": 4})

    held = rack.readings(charger, 0)
    assert held[0] == before[0]
    assert (held[1].battery_state, held[1].battery_error, held[1].battery_percent) == ("error", 4, None)
    rack.release(charger.source_id, 2)
    assert rack.readings(charger, 0) == before


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("ADTQ", {"listening": True}),
        ("QLXD4", {"answers_as": "ULXD4"}),
        ("AD4D", {"quadversity": True}),
        ("ULXD4", {"controllers_allowed": False}),
    ],
)
def test_a_receiver_is_only_what_its_kind_can_be(rack: Rack, model: str, values: dict[str, object]) -> None:
    receiver = rack.add(model)

    with pytest.raises(Unplayable):
        rack.patch(receiver.source_id, values)

    assert all(getattr(receiver, name) != value for name, value in values.items())


def test_a_name_in_another_script_is_heard_as_the_wire_can_carry_it(rack: Rack) -> None:
    receiver = rack.add("ULXD4", name="Große Bühne")

    truth = rack.truth(0).receiver(receiver.source_id)

    assert truth.heard is not None
    assert (truth.name, truth.heard.name) == ("Große Bühne", "Gro?e B?")


def test_an_id_is_given_once(rack: Rack) -> None:
    rack.add("ULXD4", source_id="Straße/1")

    for again in ("Straße/1", "STRASSE/1"):
        with pytest.raises(Unplayable, match="there is a receiver"):
            rack.add("ULXD4", source_id=again)

    assert rack.find("strasse/1").source_id == "Straße/1"


def test_a_late_receiver_leaves_the_others_show_alone(rack: Rack, receiver: Receiver) -> None:
    other = Rack(seed=3, network=rack.network, clock=Clock())
    other.clock.at(0)
    alone = other.add("AD4D")
    other.open_curtain()

    rack.add("ULXD4Q")

    assert [rack.readings(receiver, now) for now in range(0, 3600, 60)] == [
        other.readings(alone, now) for now in range(0, 3600, 60)
    ]
