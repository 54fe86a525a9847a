"""What polls leave behind on the receivers: no session, and no meter that runs, whatever went wrong meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Receiver
from pollers.inventory import take
from pollers.simulator import Close, Cut, Drip, Glue, Hang, Noise, Sessions, Shred, Simulator, Slow
from tests.pollers.watching import polled, register

HANGS_UP = Cut()  # in the middle of its dump: nobody is left to hear of meters
FAULTS = (None, Slow(ms=400), Shred(), Glue(ms=200), Drip(ms=30), HANGS_UP, Noise(), Close(), Hang(), None)
QLXD, METERED = "QLXD4", ("SLXD4D", "AD4D")


@pytest.fixture
def rack(committed: None) -> Iterator[Simulator]:
    del committed
    with Simulator(models=(QLXD, *METERED), seed=7) as simulator:
        yield simulator


def polled_through_every_fault(rack: Simulator, tmp_path: Path, model: str) -> Sessions:
    """Poll the receiver of a model under each fault; at the end of each poll nobody is left in a session."""
    take(register(rack, tmp_path / "api-key"))
    receiver = Receiver.objects.get(model=model)
    left_metering = 0
    for fault in FAULTS:
        if fault is not None:
            rack.strike(fault, at=receiver.source_id)
        polled(receiver)
        sessions = rack.counts().sessions(receiver.source_id)
        assert sessions.open == 0, fault
        assert fault is HANGS_UP or sessions.left_metering == left_metering, fault
        left_metering = sessions.left_metering
        rack.heal()
    return rack.counts().sessions(receiver.source_id)


@pytest.mark.long
def test_a_qlxd_receiver_is_never_asked_to_meter(rack: Simulator, tmp_path: Path) -> None:
    sessions = polled_through_every_fault(rack, tmp_path, QLXD)

    assert (sessions.opened, sessions.most_open, sessions.left_metering) == (len(FAULTS), 1, 0)
    asked = rack.counts().commands
    assert asked["GET ALL"] > 0
    assert not [command for command in asked if "METER_RATE" in command]


@pytest.mark.long
@pytest.mark.parametrize("model", METERED)
def test_meters_that_run_for_a_poll_are_off_after_it(rack: Simulator, tmp_path: Path, model: str) -> None:
    sessions = polled_through_every_fault(rack, tmp_path, model)

    assert (sessions.opened, sessions.most_open) == (len(FAULTS), 1)
    assert rack.counts().commands["SET METER_RATE"] > 0
