"""A listener that closes leaves nobody on the line, at whatever moment they came."""

import asyncio
import contextlib
import socket

import pytest

from pollers.simulator.connections import Connection, Listener

HOST = "127.0.0.1"
PATIENCE_S = 5
CLIENTS = 5


async def listen_for_ever(connection: Connection) -> None:
    while await connection.reader.read(1):
        pass


async def close_after(cycles: int) -> list[socket.socket]:
    """Have clients come, and close the listener after so many turns of the loop; return them."""
    listener = Listener(listen_for_ever)
    await listener.open(HOST, 0)
    clients = [socket.create_connection((HOST, listener.port), timeout=PATIENCE_S) for _ in range(CLIENTS)]
    for _ in range(cycles):
        await asyncio.sleep(0)
    await listener.close()
    return clients


@pytest.mark.parametrize("cycles", range(8))
def test_whoever_is_just_coming_when_it_closes_is_hung_up_on(cycles: int) -> None:
    clients = asyncio.run(close_after(cycles))

    for client in clients:
        with client, contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
