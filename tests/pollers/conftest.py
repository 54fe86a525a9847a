from collections.abc import Iterator

import pytest

from pollers.shure import transport
from pollers.simulator import Simulator


@pytest.fixture
def rack() -> Iterator[Simulator]:
    """Two receivers that stand still, and whose channels differ in everything."""
    with Simulator(models=("ULXD4Q", "AD4D"), seed=285, paused=True) as simulator:
        yield simulator
        transport.forget_connections()
