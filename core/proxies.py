"""Where somebody is from, when proxies stand between: what these say is believed of the proxies that one has."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"


def networks(text: str) -> tuple[Network, ...]:
    """Return the addresses and networks in a list with commas. Raises `ValueError` with a sentence."""
    parts = [part.strip() for part in text.split(",")]
    try:
        return tuple(ip_network(part) for part in parts if part)
    except ValueError as error:
        raise ValueError(f"addresses or networks, separated by commas, not {text!r}: {error}") from error


def client_address(peer: str | None, forwarded_for: str, trusted: Collection[Network]) -> str:
    """Return the address that a request comes from: its peer's, or whom a proxy of ours says it speaks for.

    Each proxy puts the address that it hears from at the right end of `forwarded_for`. So that is read from the right,
    for as long as a proxy of ours said it; what stands left of that anybody can have made up.
    """
    if peer is None:
        return UNKNOWN  # a socket of this machine has no address
    if not trusted:
        return peer
    nearest = _address(peer)
    if nearest is None:
        return peer
    said = forwarded_for.split(",") if forwarded_for else []
    while said and any(nearest in network for network in trusted):
        further = _address(said.pop())
        if further is None:
            break
        nearest = further
    return str(nearest)


def _address(text: str) -> Address | None:
    """Return the address, with or without a port behind it; an IPv4 one in the clothes of IPv6 is itself."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
