"""ETags as they may be: honest, off, weak, or lies. What changed is told in time, and told once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models import Inbox, PollMemory, Receiver, Server
from pollers.inventory import take
from pollers.shure.sources import TOTAL, WHOLE_EVERY, WHOLE_WITHIN, whole_period
from pollers.simulator import Etag, Simulator, Status
from tests.pollers.watching import polled, recorded, register

BATTERY = "battery_level"


@pytest.fixture
def unit(db: None, tmp_path: Path) -> Iterator[tuple[Simulator, Receiver]]:
    """A device that its server alone knows: all that is told of it comes with an ETag."""
    del db
    with Simulator(models=("ADTQ",), seed=285, paused=True) as simulator:
        server: Server = register(simulator, tmp_path / "api-key")
        take(server)
        receiver = server.receivers.get()
        simulator.set(receiver.source_id, 1, battery_percent=90)
        polled(receiver, claim_seq=1)
        Inbox.objects.all().delete()
        yield simulator, receiver


def battery(receiver: Receiver) -> int:
    level: int = recorded(receiver)[0][BATTERY]
    return level


def told_changes() -> list[list[int]]:
    """Return what was told of the battery, each as from and to, in the order of telling."""
    return [row.changes[BATTERY] for row in Inbox.objects.order_by("id") if BATTERY in row.changes]


def chain(values: list[int]) -> list[list[int]]:
    return [list(pair) for pair in pairwise(values)]


@pytest.mark.parametrize(
    "dialect", [{"etags": True}, {"etags": False}, {"weak_etags": True}], ids=["honest", "off", "weak"]
)
def test_each_change_is_told_by_the_next_poll_and_once(
    unit: tuple[Simulator, Receiver], dialect: dict[str, bool]
) -> None:
    simulator, receiver = unit
    simulator.speak(**dialect)
    levels = [90, 71, 70, 44, 43, 90, 12]

    for level in levels[1:]:
        simulator.set(receiver.source_id, 1, battery_percent=level)
        polled(receiver)
        assert battery(receiver) == level
        polled(receiver)

    assert told_changes() == chain(levels)


def test_a_new_name_is_told_by_the_tenth_poll(unit: tuple[Simulator, Receiver]) -> None:
    simulator, receiver = unit
    before = Receiver.objects.get().name
    simulator.patch(receiver.source_id, name="Spare")

    polled(receiver, claim_seq=9)
    assert Receiver.objects.get().name == before

    polled(receiver, claim_seq=10)
    assert Receiver.objects.get().name == "Spare"


@pytest.mark.parametrize("weak", [False, True])
@pytest.mark.parametrize("at", ["server", "/devices/{id}/battery-level"])
def test_a_change_behind_an_etag_that_lies_is_told_by_the_next_whole_poll_and_once(
    unit: tuple[Simulator, Receiver], at: str, *, weak: bool
) -> None:
    simulator, receiver = unit
    simulator.speak(weak_etags=weak)
    polled(receiver, claim_seq=2)
    simulator.strike(Etag(), at=at)
    simulator.set(receiver.source_id, 1, battery_percent=33)

    for number in range(3, WHOLE_EVERY):
        polled(receiver, claim_seq=number)
        assert battery(receiver) == 90
    polled(receiver, claim_seq=WHOLE_EVERY)
    assert battery(receiver) == 33
    polled(receiver)

    assert told_changes() == [[90, 33]]


def test_the_first_poll_of_each_period_is_whole(unit: tuple[Simulator, Receiver]) -> None:
    simulator, receiver = unit
    polled(receiver, claim_seq=2)
    simulator.strike(Etag())
    simulator.set(receiver.source_id, 1, battery_percent=33)
    polled(receiver)
    assert battery(receiver) == 90
    memory = PollMemory.objects.get(receiver=receiver)
    memory.resources["whole"]["period"] -= 1
    memory.save()

    polled(receiver)

    assert battery(receiver) == 33
    assert told_changes() == [[90, 33]]


def test_a_whole_poll_that_its_server_cut_short_is_made_up_for(unit: tuple[Simulator, Receiver]) -> None:
    simulator, receiver = unit
    entry = f"/devices/{receiver.source_id}"
    polled(receiver, claim_seq=2)
    simulator.strike(Etag(), at=f"{entry}/battery-level")
    simulator.set(receiver.source_id, 1, battery_percent=33)
    memory = PollMemory.objects.get(receiver=receiver)
    memory.resources["whole"]["period"] -= 1
    memory.save()
    simulator.strike(Status(status=500), at=entry)
    polled(receiver)
    assert battery(receiver) == 90
    simulator.heal(at=entry)

    polled(receiver)

    assert battery(receiver) == 33
    assert told_changes() == [[90, 33]]


def test_a_whole_answer_that_did_not_come_is_owed_until_it_does(unit: tuple[Simulator, Receiver]) -> None:
    simulator, receiver = unit
    at = f"/devices/{receiver.source_id}/battery-level"
    polled(receiver, claim_seq=2)
    simulator.set(receiver.source_id, 1, battery_percent=33)
    simulator.strike(Status(status=500), at=at)
    polled(receiver, claim_seq=WHOLE_EVERY)
    simulator.strike(Etag(), at=at)

    polled(receiver)

    assert battery(receiver) == 33
    assert told_changes() == [[90, 33]]


@given(
    receiver_id=st.integers(1, 10**6),
    began=st.integers(1_700_000_000, 1_900_000_000),
    seconds=st.integers(1, 3600),
    late=st.lists(st.integers(0, int(TOTAL.total_seconds())), min_size=1, max_size=20),
)
def test_no_change_hides_behind_an_etag_for_longer_than_ten_minutes(
    receiver_id: int, began: int, seconds: int, late: list[int]
) -> None:
    """On the rhythm of any interval, each poll as late as a poll may be. An interval beyond that is the limit."""
    interval = timedelta(seconds=seconds)
    at = [
        datetime.fromtimestamp(began, UTC) + number * interval + timedelta(seconds=late[number % len(late)])
        for number in range(2 + 2 * int(WHOLE_WITHIN / interval))
    ]
    whole = {whole_period(receiver_id, now, interval): now for now in reversed(at)}
    for first, then in pairwise(sorted(whole.values())):
        assert then - first <= max(WHOLE_WITHIN, interval + TOTAL)
