"""Where somebody is from, behind proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.proxies import UNKNOWN, client_address, networks

OURS = networks("10.0.0.0/8, 2001:db8:1::/48, 192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("198.51.100.9", "", "198.51.100.9"),
        ("198.51.100.9", "203.0.113.5", "198.51.100.9"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.7", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.7", "1.1.1.1, 203.0.113.5, 10.0.0.8 ,192.0.2.1", "203.0.113.5"),
        ("10.0.0.7", "10.0.0.9, 10.0.0.8", "10.0.0.9"),
        ("10.0.0.7", "1.1.1.1, unknown", "10.0.0.7"),
        ("10.0.0.7", "1.1.1.1, , 10.0.0.8", "10.0.0.8"),
        ("10.0.0.7", "203.0.113.5:41234", "203.0.113.5"),
        ("10.0.0.7", "[2001:db8:2::5]:41234", "2001:db8:2::5"),
        ("10.0.0.7", "2001:DB8:2:0::5", "2001:db8:2::5"),
        ("2001:db8:1::7", "203.0.113.5", "203.0.113.5"),
        ("::ffff:10.0.0.7", "::ffff:203.0.113.5", "203.0.113.5"),
        ("a pipe", "203.0.113.5", "a pipe"),
        (None, "203.0.113.5", UNKNOWN),
    ],
)
def test_the_address_is_the_nearest_that_is_no_proxy_of_ours(
    peer: str | None, forwarded_for: str, address: str
) -> None:
    assert client_address(peer, forwarded_for, OURS) == address


def test_without_a_proxy_of_ours_nobody_is_believed() -> None:
    assert client_address("10.0.0.7", "203.0.113.5", ()) == "10.0.0.7"


@given(made_up=st.text())
def test_what_a_client_makes_up_does_not_move_it(made_up: str) -> None:
    assert client_address("10.0.0.7", f"{made_up},203.0.113.5", OURS) == "203.0.113.5"


def test_no_proxy_is_trusted_by_default() -> None:
    assert networks("") == networks(" , ") == ()


@pytest.mark.parametrize("text", ["proxy.local", "10.0.0.7/8", "10.0.0.0/33", "10.0.0.1;10.0.0.2"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^addresses or networks, separated by commas, not "):
        networks(text)
