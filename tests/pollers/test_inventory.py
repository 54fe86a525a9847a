"""A server's list, and what becomes of it: found devices are kept for ever, whatever the next list says."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.reading import Anomaly, DeviceReading, DeviceState
from core.models import Channel, Claim, PollMemory, Receiver, Server, ServerHealth
from pollers.inventory import Inventory, keep, take_of
from pollers.simulator import Simulator
from tests.fleet import device, make_server
from tests.pollers.watching import register

pytestmark = pytest.mark.django_db

BATTERY = frozenset({"battery-level"})


@pytest.fixture
def server() -> Server:
    return make_server()


def kept(server: Server, *devices: DeviceReading, anomalies: tuple[Anomaly, ...] = ()) -> Inventory:
    return keep(server, devices, anomalies)


def missing(server: Server) -> list[int]:
    return list(server.receivers.order_by("pk").values_list("missing", flat=True))


def health() -> ServerHealth:
    return ServerHealth.objects.get()


def test_new_devices_have_channels_and_a_first_poll(server: Server) -> None:
    taken = kept(server, device(1, model="ULXD4Q"), device(2, model="SBC240"), device(3, model="ADTQ"))

    assert (taken.listed, taken.new, taken.changed, taken.missing, taken.held) == (3, 3, 0, 0, False)
    channels = Channel.objects.order_by("receiver", "number").values_list("receiver__model", "number", "kind")
    assert list(channels) == [
        *(("ULXD4Q", number, "microphone") for number in (1, 2, 3, 4)),
        *(("SBC240", number, "bay") for number in (1, 2)),
    ]
    assert Claim.objects.count() == 3
    assert health().listed == 3


def test_codes_are_given_once_and_never_again(server: Server) -> None:
    kept(server, device(1))
    (first,) = server.receivers.values_list("code", flat=True)
    server.receivers.all().delete()

    kept(server, device(1))

    (second,) = server.receivers.values_list("code", flat=True)
    assert first != second


def test_the_same_list_again_changes_nothing(server: Server) -> None:
    kept(server, device(1), device(2))
    before = list(server.receivers.values())

    taken = kept(server, device(2), device(1))

    assert (taken.new, taken.changed) == (0, 0)
    assert list(server.receivers.values()) == before


def test_two_devices_that_swap_addresses_stay_who_they_are(server: Server) -> None:
    one, two = device(1), device(2)
    kept(server, one, two)
    codes = dict(server.receivers.values_list("source_id", "code"))

    kept(server, replace(one, address=two.address), replace(two, address=one.address))

    assert dict(server.receivers.values_list("source_id", "code")) == codes
    assert dict(server.receivers.values_list("source_id", "address")) == {
        one.source_id: two.address,
        two.source_id: one.address,
    }


def test_what_vouches_for_an_answer_goes_with_what_was_kept_of_it(server: Server) -> None:
    kept(server, device(1), device(2))
    for receiver in Receiver.objects.all():
        PollMemory.objects.create(receiver=receiver, resources={"device": {"etag": "x", "digest": "y"}})

    kept(server, replace(device(1), address="198.51.100.99"), device(2))

    assert dict(PollMemory.objects.values_list("receiver__source_id", "resources")) == {
        device(1).source_id: {},
        device(2).source_id: {"device": {"etag": "x", "digest": "y"}},
    }


def test_a_device_under_a_new_id_with_the_same_serial_is_the_same_receiver_replaced(server: Server) -> None:
    kept(server, device(1), device(2))
    replaced = replace(device(1), source_id="ddffffff-0000-11dd-a000-000eddcccccc")
    code = server.receivers.get(source_id=device(1).source_id).code

    taken = kept(server, replaced, device(2))

    assert (taken.new, taken.changed, taken.missing) == (0, 1, 0)
    assert server.receivers.get(source_id=replaced.source_id).code == code
    assert server.receivers.count() == 2


def test_a_device_that_is_gone_is_kept_and_counted_as_missing_until_it_is_back(server: Server) -> None:
    all_of_them = [device(number) for number in range(1, 6)]
    kept(server, *all_of_them)

    for times in (1, 2, 3):
        taken = kept(server, *all_of_them[1:])
        assert (taken.missing, taken.held) == (1, False)
        assert missing(server) == [times, 0, 0, 0, 0]

    kept(server, *all_of_them)
    assert missing(server) == [0, 0, 0, 0, 0]
    assert server.receivers.count() == 5


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_list_that_shrinks_by_half_is_held_for_three_times_and_told(server: Server, left: int) -> None:
    all_of_them = [device(number) for number in range(1, 5)]
    kept(server, *all_of_them)

    for _ in range(3):
        assert kept(server, *all_of_them[:left]).held
        assert missing(server) == [0, 0, 0, 0]
        assert health().notice == (
            f"The list has only {left} of the 4 devices that are known: is the server on the right network "
            "interface? Nothing is counted as missing yet."
        )

    assert not kept(server, *all_of_them[:left]).held
    assert missing(server) == [0] * left + [1] * (4 - left)

    kept(server, *all_of_them)
    assert (health().notice, health().suspicious) == ("", 0)


def test_a_device_that_tells_its_battery_later_has_its_channel_then(server: Server) -> None:
    discovered = DeviceReading(source_id=device(1).source_id, state=DeviceState.DISCOVERED)
    kept(server, discovered)
    assert not Channel.objects.exists()

    # Its poll is the first to hear of it.
    Receiver.objects.update(device_state="ONLINE", model="ADTQ", capabilities=sorted(BATTERY))
    kept(server, replace(discovered, state=DeviceState.ONLINE, model="ADTQ", capabilities=BATTERY))

    assert Channel.objects.get().device_id == Receiver.objects.get().code


def test_what_was_left_out_of_a_list_is_told_and_logged_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Anomaly(source_id=None, position=3, reason="malformed", detail="deviceState is not there.")

    for _ in range(2):
        kept(server, device(1), anomalies=(odd,))

    assert health().anomalies == [
        {"source_id": None, "position": 3, "reason": "malformed", "detail": "deviceState is not there."}
    ]
    assert caplog.messages.count("main: 3 is left out: deviceState is not there.") == 1


def test_the_longest_words_that_a_list_may_hold_are_kept(server: Server) -> None:
    longest = "x" * 255
    odd = DeviceReading(
        source_id=longest,
        state=DeviceState.ONLINE,
        model=longest,
        serial=longest,
        firmware=longest,
        address=longest,
        compatibility=longest,
        capabilities=frozenset({longest}),
    )

    kept(server, odd, device(1))

    assert server.receivers.get(source_id=longest).serial == longest


@pytest.fixture
def played(rack: Simulator, tmp_path: Path) -> Server:
    return register(rack, tmp_path / "api-key")


def test_taking_an_inventory_finds_the_devices_and_notes_how_the_server_answered(played: Server) -> None:
    take_of(played.pk)

    assert list(played.receivers.order_by("pk").values_list("model", flat=True)) == ["ULXD4Q", "AD4D"]
    assert (health().status, health().detail, health().failures) == ("connected", "", 0)
    assert health().latency_ms is not None


@pytest.mark.parametrize("wrong", ["key", "address", "key file"])
def test_a_server_that_cannot_be_asked_is_told_though_it_never_answered(
    played: Server, tmp_path: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    match wrong:
        case "key":
            (tmp_path / "api-key").write_text("of-last-year")
            detail = "does not accept the key"
        case "address":
            Server.objects.update(url="https://127.0.0.1:1")
            detail = "refuses connections"
        case _:
            (tmp_path / "api-key").unlink()
            detail = "cannot be read"

    for _ in range(6):
        take_of(played.pk)
        ServerHealth.objects.update(checked_at=None)  # as if more than a second had gone by

    assert (health().status, health().failures, health().error_count) == ("disconnected", 6, 6)
    assert detail in health().detail
    assert len([line for line in caplog.messages if "no inventory" in line]) == 1


def test_a_server_that_is_disabled_or_gone_is_not_asked(played: Server, rack: Simulator) -> None:
    Server.objects.update(enabled=False)
    rack.reset_counts()

    take_of(played.pk)
    take_of(played.pk + 1)

    assert rack.counts().requests == {}
