import ipaddress
from dataclasses import asdict

import pytest

from pollers.simulator import Unplayable
from pollers.simulator.clock import Clock
from pollers.simulator.receivers import Rack, Receiver

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


def test_a_late_receiver_leaves_the_others_show_alone(rack: Rack, receiver: Receiver) -> None:
    other = Rack(seed=3, network=rack.network, clock=Clock())
    other.clock.at(0)
    alone = other.add("AD4D")
    other.open_curtain()

    rack.add("ULXD4Q")

    assert [rack.readings(receiver, now) for now in range(0, 3600, 60)] == [
        other.readings(alone, now) for now in range(0, 3600, 60)
    ]
