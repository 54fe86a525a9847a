"""The database connections of polls: none is held while a poll waits for the network."""

from pathlib import Path

import pytest
from django.db import connection

from core.claims import Started
from core.models import Receiver
from pollers import poll as poll_module
from pollers.inventory import take
from pollers.shure.sources import Answers, ask
from pollers.simulator import Simulator
from tests.pollers.watching import polled, register


def test_a_poll_that_waits_for_the_network_holds_no_connection(
    committed: None, rack: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del committed
    take(register(rack, tmp_path / "api-key"))
    held = []

    def asked(started: Started) -> Answers:
        held.append(connection.connection is not None)
        return ask(started)

    monkeypatch.setattr(poll_module, "ask", asked)
    polled(Receiver.objects.get(model="AD4D"))

    assert held == [False]
