import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pollers.simulator import Simulator
from tests.nemesis.house import House

RECEIVERS = ("ULXD4", "AD4D") * 15


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """Thirty receivers that stand still, and what polls them."""
    with (
        tempfile.TemporaryDirectory(prefix="micboard-nemesis-") as folder,
        Simulator(models=RECEIVERS, seed=285, paused=True) as simulator,
        House(Path(folder), simulator) as house,
    ):
        yield house
