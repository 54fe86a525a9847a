"""Ports for what a test starts."""

import socket


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port: int = any_port.getsockname()[1]
    return port
