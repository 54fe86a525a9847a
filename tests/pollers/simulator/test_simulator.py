import resource
import socket
import threading
from pathlib import Path

import pytest

from pollers.simulator import Occupied, Simulator, Unknown, Unplayable, credentials
from pollers.simulator.house import MODELS

from .conftest import Client, Line


def test_the_same_seed_plays_the_same_show() -> None:
    def truth(seed: int) -> list[object]:
        with Simulator(devices=4, seed=seed, paused=True) as sim:
            return [
                (receiver.source_id, receiver.serial, receiver.name, receiver.channels)
                for receiver in sim.truth().receivers
            ]

    first, again, other = truth(7), truth(7), truth(8)

    assert first == again
    assert first != other


def test_two_play_beside_each_other() -> None:
    with Simulator(models=["AD4D"], seed=1) as first, Simulator(models=["AD4D"], seed=2) as second:
        networks = {first.network, second.network}
        ids = {first.source_ids, second.source_ids}

    assert len(networks) == len(ids) == 2


def test_a_network_is_played_on_by_one_even_while_its_receivers_refuse() -> None:
    with Simulator(models=["AD4D"]) as first:
        first.patch(first.source_ids[0], listening=False)

        with (
            pytest.raises(Occupied, match=rf"Network {first.network} .*in use.*choose another --network"),
            Simulator(models=["AD4D"], network=str(first.network)),
        ):
            pass


def test_a_taken_port_is_named_with_its_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with (
            pytest.raises(Occupied, match=f"Port {port} .*in use.*choose another --port"),
            Simulator(models=["AD4D"], port=port),
        ):
            pass
        with (
            pytest.raises(Occupied, match=f"Port {port} .*in use.*choose another --control-port"),
            Simulator(models=["AD4D"], control_port=port),
        ):
            pass


def test_after_a_failed_start_the_network_is_free_again() -> None:
    network = None
    with socket.create_server(("127.0.0.1", 0)) as taken, Simulator(models=["AD4D"]) as sim:
        network = str(sim.network)
        port = taken.getsockname()[1]
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(Occupied),
        Simulator(models=["AD4D"], network=network, port=port),
    ):
        pass

    with Simulator(models=["AD4D"], network=network) as sim:
        address = sim.truth().receivers[0].address
        line = Line(address)
        frames = line.ask("< GET 1 METER_RATE >")
        line.close()

    assert frames == ["< REP 1 METER_RATE 00000 >"]


@pytest.mark.parametrize("network", ["10.0.0.0/24", "127.20.0.0/33", "127.20.0.0/30", "here"])
def test_only_a_loopback_network_is_played_on(network: str) -> None:
    with (
        pytest.raises(Unplayable, match=r"127\.0\.0\.0/8|no IPv4 network|too small"),
        Simulator(devices=1, network=network),
    ):
        pass


def test_there_is_no_other_scenario_to_start_with() -> None:
    with pytest.raises(Unknown, match="there is no scenario opera"):
        Simulator(devices=1, scenario="opera")


def test_a_network_too_small_is_refused() -> None:
    with (
        pytest.raises(Unplayable, match="choose a larger network"),
        Simulator(devices=7, network="127.31.0.0/29"),
    ):
        pass


def test_credentials_that_are_there_are_used(data: Path) -> None:
    made = credentials(data)

    with Simulator(models=["AD4D"], data=data) as sim:
        client = Client(sim)
        status = client.get("/devices").status_code
        client.close()
        used = (sim.api_key, sim.fingerprint, sim.certificate)

    assert status == 200
    assert used == (made.api_key, made.fingerprint, made.certificate)


def test_a_receiver_whose_address_is_taken_is_not_said_to_listen() -> None:
    with Simulator(models=["AD4D"]) as sim:
        with (
            socket.create_server((str(sim.network[2]), 2202)),
            pytest.raises(Occupied, match="in use"),
        ):
            sim.add("AD4D")
        added = sim.truth().receivers[1]
        sim.patch(added.source_id, listening=True)
        line = Line(added.address)
        frames = line.ask("< GET 1 METER_RATE >")
        line.close()

    assert not added.listening
    assert frames == ["< REP 1 METER_RATE 00000 >"]


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with Simulator(models=["AD4D"]) as sim:
        address, certificate = sim.truth().receivers[0].address, sim.certificate
        line = Line(address)
        line.ask("< SET 0 METER_RATE 00100 >", 4)

    hung_up = line.hung_up()
    line.close()
    assert hung_up
    assert not certificate.exists()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 2202), timeout=10)


def test_five_hundred_receivers_play_on_sockets_of_their_own() -> None:
    with Simulator(devices=500, paused=True) as sim:
        receivers = sim.truth().receivers
        said = set()
        for receiver in receivers:
            line = Line(receiver.address)
            said.add(line.ask("< GET DEVICE_ID >")[0])
            line.close()

    assert len({receiver.source_id for receiver in receivers}) == 500
    assert len(said) == 500


def test_as_many_files_may_be_open_as_the_machine_allows() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))

    with Simulator(models=["AD4D"]):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    assert limits == (hard, hard)


def test_devices_are_those_of_the_house_in_turn() -> None:
    with Simulator(devices=14, paused=True) as sim:
        models = [receiver.model for receiver in sim.truth().receivers]

    assert models == [*MODELS, *MODELS[:2]]
