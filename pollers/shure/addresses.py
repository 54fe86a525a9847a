"""Which addresses are asked at all, and what a name stands for.

A server's address comes from an admin, a device's from a server. Neither may lead to this machine, to a
cloud's metadata or to a crowd; private networks are where the receivers live.
"""

import socket
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from pollers.shure.deadlines import Deadline
from pollers.shure.errors import Unreachable

Address = IPv4Address | IPv6Address

LOOKUP = timedelta(seconds=3)
TRIED = 4  # addresses of one name: enough for both protocols, few enough to share the time to connect

# Metadata services outside the link-local block.
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")))
_THIS_NETWORK = ip_network("0.0.0.0/8")

_OBJECTIONS: tuple[tuple[str, Callable[[Address], object]], ...] = (
    ("a link-local address", lambda address: address.is_link_local),
    ("a metadata service", lambda address: address in _METADATA),
    ("a multicast address", lambda address: address.is_multicast),
    ("no address of a device", lambda address: address.is_unspecified or address in _THIS_NETWORK),
    ("a reserved address", lambda address: address.is_reserved),
    ("a tunnel", lambda address: isinstance(address, IPv6Address) and (address.sixtofour or address.teredo)),
)

# getaddrinfo has no timeout: a lookup that hangs keeps its thread, so there is a limit to how many may.
_lookups = BoundedSemaphore(16)


def objection(address: Address, *, allow_loopback: bool) -> str | None:
    """Return what this address is, if that is a reason not to ask it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None if allow_loopback else "this machine"
    return next((what for what, applies in _OBJECTIONS if applies(address)), None)


def checked(address: str, *, allow_loopback: bool) -> str:
    """Return a numeric address, which may be asked. Raises `Unreachable` for any other, and for a name."""
    try:
        number = ip_address(address)
    except ValueError:
        raise Unreachable("forbidden", "The server tells a device address that is no IP address.") from None
    if wrong := objection(number, allow_loopback=allow_loopback):
        raise Unreachable("forbidden", f"{number} is not asked: it is {wrong}.")
    return str(number)


def resolve(host: str, port: int, *, allow_loopback: bool, deadline: Deadline) -> tuple[str, ...]:
    """Return the numeric addresses that a name stands for, in the resolver's order.

    Raises `Unreachable` when the name is unknown, when the resolver takes too long, and when any of the
    addresses may not be asked: a name that stands for a receiver and for this machine is a trick.
    """
    found = [host] if _is_numeric(host) else _looked_up(host, port, deadline.within(LOOKUP))
    return tuple(dict.fromkeys(checked(address, allow_loopback=allow_loopback) for address in found))[:TRIED]


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str, port: int, deadline: Deadline) -> list[str]:
    answer: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.put(error)
        else:
            answer.put([str(sockaddr[0]) for *_, sockaddr in infos])
        finally:
            _lookups.release()

    slow = Unreachable("unresolved", f"The name {host} was not resolved in time: check the name server.")
    if not _lookups.acquire(timeout=deadline.remaining()):
        raise slow
    Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        found = answer.get(timeout=deadline.remaining())
    except Empty:
        raise slow from None
    if isinstance(found, Exception):
        raise Unreachable("unresolved", f"The name {host} is not known: check it, or use an IP address.")
    return found
