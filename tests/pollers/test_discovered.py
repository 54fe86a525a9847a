"""A device that its server has only discovered for a while, and so knows little of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Receiver
from pollers.inventory import take
from pollers.shure import transport
from pollers.simulator import Simulator
from tests.pollers.watching import polled, recorded, register


@pytest.fixture
def unit() -> Iterator[Simulator]:
    with Simulator(models=("ADTQ",), seed=7, paused=True) as simulator:
        yield simulator
        transport.forget_connections()


@pytest.mark.django_db
def test_a_device_that_was_only_discovered_for_a_while_tells_its_battery_again(
    unit: Simulator, tmp_path: Path
) -> None:
    (source_id,) = unit.source_ids
    unit.set(source_id, 1, battery_percent=80, battery_state="discharging")
    take(register(unit, tmp_path / "api-key"))
    receiver = Receiver.objects.get()

    told = []
    for state in ("ONLINE", "DISCOVERED", "ONLINE"):
        unit.patch(source_id, state=state)
        polled(receiver)
        told.append(recorded(receiver)[0]["battery_level"])

    assert told == [80, None, 80]
