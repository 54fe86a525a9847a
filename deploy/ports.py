"""Addresses of this machine: which it has, which ports are free, and who holds one that is not."""

import errno
import fcntl
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

from deploy.program import CannotStart

ANY = "0.0.0.0"  # noqa: S104 - the word for "every address", compared with, bound only when asked for
_SIOCGIFADDR = 0x8915
_LISTENING = "0A"


def require_free(address: str, port: int, *, what: str, option: str) -> None:
    """Raise `CannotStart` unless somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind((address, port))
        except OSError as error:
            raise CannotStart(_refusal(error, address, port, what=what, option=option)) from error


def machine_addresses() -> list[str]:
    """Return the IPv4 addresses at which other machines may reach this one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(any_socket, _SIOCGIFADDR, struct.pack("256s", name.encode()))
                found.append(socket.inet_ntoa(answer[20:24]))
    return [address for address in found if not address.startswith("127.")]


def _refusal(error: OSError, address: str, port: int, *, what: str, option: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            holder = _holder(port)
            by = f" by {holder}" if holder else ""
            return f"Port {port} for {what} is taken{by}: choose another with {option}."
        case errno.EACCES:
            return f"Port {port} for {what} is reserved for root: choose one above 1023 with {option}."
        case errno.EADDRNOTAVAIL:
            return f"{address} is no address of this machine: choose one of its own with --bind."
        case _:
            return f"Cannot listen on {address}, port {port}, for {what}: {error.strerror}."


def _holder(port: int) -> str | None:
    """Return the name and id of the process that listens on a port, where the kernel tells us."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{rest[5]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/[0-9]*"):
        with suppress(OSError):
            if str(descriptor.readlink()) in inodes:
                process = descriptor.parent.parent
                return f"{_name(process)} (process {process.name})"
    return None


def _name(process: Path) -> str:
    words = process.joinpath("cmdline").read_bytes().split(b"\0")
    name = Path(words[0].decode(errors="replace")).name
    return name if re.search(r"\w", name) else process.joinpath("comm").read_text().strip()
