"""A receiver at the address of another, as polls over real sockets tell it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Receiver
from pollers.inventory import take
from pollers.simulator import Simulator, Status
from tests.pollers.watching import polled, recorded, register, told

MISTAKEN = {("no_answer", "command_strings_mistaken")}


@pytest.fixture
def pair(db: None, tmp_path: Path) -> Iterator[tuple[Simulator, Receiver, Receiver]]:
    """Two of a kind, polled; the first is muted."""
    del db
    with Simulator(models=("ULXD4", "ULXD4"), seed=285, paused=True) as simulator:
        server = register(simulator, tmp_path / "api-key")
        take(server)
        one, other = server.receivers.order_by("pk")
        for receiver, muted in ((one, True), (other, False)):
            simulator.set(receiver.source_id, 1, muted=muted)
            polled(receiver)
            receiver.refresh_from_db()
        yield simulator, one, other


def muted(receiver: Receiver) -> bool:
    is_muted: bool = recorded(receiver)[0]["mute_status"]
    return is_muted


def test_one_of_a_kind_at_the_address_of_another_is_never_shown_as_that(
    pair: tuple[Simulator, Receiver, Receiver],
) -> None:
    simulator, one, other = pair
    simulator.swap(one.source_id, other.source_id, told=False)

    for receiver, its_own in ((one, True), (other, False)) * 3:
        polled(receiver)
        assert muted(receiver) is its_own
        assert told(receiver)[1] <= MISTAKEN | {("command_strings_mistaken",)}


def test_what_else_its_server_tells_of_it_meanwhile_makes_it_no_other(
    pair: tuple[Simulator, Receiver, Receiver],
) -> None:
    simulator, one, other = pair
    simulator.swap(one.source_id, other.source_id, told=False)
    simulator.patch(one.source_id, compatibility="COMPATIBLE_OLD")
    taken = take(one.server)

    polled(one)

    assert taken.changed == 1
    assert muted(one) is True
    assert told(one)[1] == MISTAKEN


def test_it_is_known_again_when_its_server_knows(pair: tuple[Simulator, Receiver, Receiver]) -> None:
    simulator, one, other = pair
    simulator.swap(one.source_id, other.source_id, told=False)
    polled(one)
    simulator.set(one.source_id, 1, muted=False)

    simulator.swap(one.source_id, other.source_id)
    simulator.swap(one.source_id, other.source_id)
    polled(one)

    assert told(one)[1] == {()}
    assert muted(one) is False


def test_one_that_is_renamed_stays_itself(pair: tuple[Simulator, Receiver, Receiver]) -> None:
    simulator, one, _ = pair
    simulator.patch(one.source_id, name="Lectern")
    polled(one)

    one.refresh_from_db()
    assert (one.name, told(one)[1]) == ("Lectern", {()})


def test_while_its_server_is_down_it_is_still_told_from_its_like(
    pair: tuple[Simulator, Receiver, Receiver],
) -> None:
    simulator, one, other = pair
    simulator.strike(Status(status=500))
    simulator.swap(one.source_id, other.source_id, told=False)

    standing = polled(one)

    assert muted(one) is True
    assert standing.command_strings_error == (
        f"At the address of {one.name} answers a receiver that is called {other.name}: "
        "the server's address is out of date."
    )
