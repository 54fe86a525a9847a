import socket
import threading
import time

import pytest

from pollers.shure.addresses import checked, resolve
from pollers.shure.errors import Unreachable
from tests.pollers.shure.played import soon


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.4.2", "192.168.1.20", "100.64.0.9", "8.8.8.8", "fd12:3456::1", "2001:db8:1::5"],
)
def test_receivers_live_on_private_networks_and_others(address: str) -> None:
    assert checked(address, allow_loopback=False) == address


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "this machine"),
        ("127.9.8.7", "this machine"),
        ("::1", "this machine"),
        ("::ffff:127.0.0.1", "this machine"),
        ("0.0.0.0", "no address of a device"),
        ("0.1.2.3", "no address of a device"),
        ("::", "no address of a device"),
        ("169.254.169.254", "a link-local address"),
        ("169.254.7.7", "a link-local address"),
        ("::ffff:169.254.169.254", "a link-local address"),
        ("fe80::1", "a link-local address"),
        ("fe80::1%eth0", "a link-local address"),
        ("100.100.100.200", "a metadata service"),
        ("fd00:ec2::254", "a metadata service"),
        ("224.0.0.251", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("255.255.255.255", "a reserved address"),
        ("64:ff9b::7f00:1", "a reserved address"),
        ("2002:7f00:1::", "a tunnel"),
        ("2001:0:7f00:1::1", "a tunnel"),
    ],
)
def test_an_address_that_leads_astray_is_not_asked(address: str, what: str) -> None:
    with pytest.raises(Unreachable) as failure:
        checked(address, allow_loopback=False)

    assert failure.value.reason == "forbidden"
    assert failure.value.detail.endswith(f"is not asked: it is {what}.")


@pytest.mark.parametrize(
    "address", ["receiver.local", "", "172.21.2", "0x7f000001", "10.0.0.1:2202", "127.0.0.1 "]
)
def test_a_device_has_a_numeric_address(address: str) -> None:
    with pytest.raises(Unreachable, match="forbidden"):
        checked(address, allow_loopback=True)


def test_this_machine_is_asked_where_that_is_allowed() -> None:
    assert checked("127.0.0.7", allow_loopback=True) == "127.0.0.7"
    with pytest.raises(Unreachable):
        checked("169.254.0.7", allow_loopback=True)


def test_a_name_stands_for_addresses_that_were_checked() -> None:
    assert "127.0.0.1" in resolve("localhost", 443, allow_loopback=True, deadline=soon())


@pytest.mark.parametrize("name", ["no-such-name.invalid", "a" * 300, "a..b", "\N{SNOWMAN}\x00"])
def test_a_name_that_stands_for_nothing_is_unresolved(name: str) -> None:
    with pytest.raises(Unreachable) as failure:
        resolve(name, 443, allow_loopback=True, deadline=soon())

    assert failure.value.reason == "unresolved"


def test_a_resolver_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])

    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(Unreachable, match="not resolved in time"):
            resolve("slow.example", 443, allow_loopback=False, deadline=soon(0.1))
    numeric = resolve("10.0.0.1", 443, allow_loopback=False, deadline=soon(0.1))
    over.set()

    assert numeric == ("10.0.0.1",)
    assert time.monotonic() - started < 3


def test_a_name_is_refused_whole_when_one_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(0, 0, 0, "", (address, 443)) for address in ("10.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)

    with pytest.raises(Unreachable, match="forbidden"):
        resolve("both.example", 443, allow_loopback=False, deadline=soon())
