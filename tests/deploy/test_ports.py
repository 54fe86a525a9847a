import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import ports
from deploy.program import CannotStart


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_left_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    ports.require_free("127.0.0.1", port, what="the board", option="--port")

    socket.create_server(("127.0.0.1", port)).close()


def test_a_port_that_was_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()  # who closes first keeps the address for a minute
    client.close()

    ports.require_free("127.0.0.1", port, what="the board", option="--port")


def test_a_taken_port_is_told_with_its_holder_and_the_way_out(taken: int) -> None:
    with pytest.raises(CannotStart) as refusal:
        ports.require_free("127.0.0.1", taken, what="the board", option="--port or MICBOARD_PORT")

    holder = f"{Path(sys.orig_argv[0]).name} (process {os.getpid()})"
    assert str(refusal.value) == (
        f"Port {taken} for the board is taken by {holder}: choose another with --port or MICBOARD_PORT."
    )


def test_a_port_taken_on_one_address_is_taken_for_all(taken: int) -> None:
    with pytest.raises(CannotStart, match=f"^Port {taken} for the board is taken"):
        ports.require_free(ports.ANY, taken, what="the board", option="--port")


def test_a_foreign_address_is_told() -> None:
    with pytest.raises(CannotStart, match=r"^192\.0\.2\.1 is no address of this machine: .* with --bind\.$"):
        ports.require_free("192.0.2.1", 8000, what="the board", option="--port")


def test_addresses_for_other_machines_are_this_machines_own() -> None:
    addresses = ports.machine_addresses()

    assert not [address for address in addresses if address.startswith("127.")]
    for address in addresses:
        socket.create_server((address, 0)).close()
