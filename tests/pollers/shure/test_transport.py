"""What a server does to its client, and what the client makes of it. Bounds in time are generous."""

import itertools
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollers.shure import certificates, transport
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Unanswered, Unreachable
from pollers.shure.exchange import READ, Exchange, underway
from tests.pollers.shure.played import (
    KEY,
    Identity,
    Peer,
    Play,
    Played,
    PlayedServer,
    answering,
    black_hole,
    header,
    http,
    soon,
    unhurried,
)

Serve = Callable[[Play], PlayedServer]

LIMIT = 4096
PATIENCE = 0.6  # seconds that a test gives the client
BOUND = 3.0  # seconds in which it has to be over, on however slow a machine


def get(
    endpoint: Endpoint, path: str = "/devices", *, etag: str | None = None, seconds: float = 8
) -> transport.Answer:
    return transport.get(endpoint, path, etag=etag, limit=LIMIT, deadline=soon(seconds))


def dripping(*pieces: bytes, prelude: bytes = b"") -> Play:
    def play(peer: Peer) -> None:
        peer.read_request()
        peer.send(prelude)
        peer.drip(itertools.cycle(pieces))

    return play


def flooding(piece: bytes, prelude: bytes = b"") -> Play:
    def play(peer: Peer) -> None:
        peer.read_request()
        peer.send(prelude)
        while not peer.over.is_set():
            peer.send(piece)

    return play


def saying(answer: bytes) -> Play:
    """Return a play that answers once and hangs up."""

    def play(peer: Peer) -> None:
        peer.read_request()
        peer.send(answer)

    return play


def test_a_question_tells_the_key_and_what_it_accepts_and_no_more(serve: Serve) -> None:
    server = serve(answering(http(b'{"name":"x"}', 'ETag: W/"7"')))

    answer = get(server.endpoint(), "/devices/a%2Fb/name", etag='"6"')

    assert answer == transport.Answer(
        status=200, etag='W/"7"', retry_after=None, date=None, body=b'{"name":"x"}'
    )
    assert server.heard[0].decode().split("\r\n") == [
        "GET /api/v1/devices/a%2Fb/name HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "User-Agent: Micboard",
        f"x-api-key: {KEY}",
        'If-None-Match: "6"',
        "",
        "",
    ]


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(lambda peer: peer.wait(), id="nothing"),
        pytest.param(dripping(b"x", prelude=b"HTTP/1.1 200 OK\r\nX-Slow: "), id="a header"),
        pytest.param(dripping(b"X-A: b\r\n", prelude=b"HTTP/1.1 200 OK\r\n"), id="headers"),
        pytest.param(dripping(b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 Continue"),
        pytest.param(
            dripping(b" ", prelude=b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"), id="the body"
        ),
        pytest.param(
            dripping(b"1\r\n \r\n", prelude=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            id="chunks",
        ),
        pytest.param(
            dripping(b"x", prelude=b"HTTP/1.1 503 Busy\r\nContent-Length: 4000\r\n\r\n"), id="an error"
        ),
    ],
)
def test_a_server_that_drips_is_left_at_the_deadline(serve: Serve, play: Play) -> None:
    server = serve(play)

    started = time.monotonic()
    with pytest.raises(Unreachable) as failure:
        get(server.endpoint(), seconds=PATIENCE)

    assert failure.value.reason == "timeout"
    assert PATIENCE / 2 < time.monotonic() - started < BOUND


def test_a_handshake_that_drips_is_left_at_the_deadline(receive: Callable[[Play], Played]) -> None:
    # The head of a TLS record of 16 KiB, and then a byte of it now and again.
    server = receive(
        lambda peer: peer.drip(itertools.chain([b"\x16\x03\x03\x40\x00"], itertools.repeat(b"\x02")))
    )
    endpoint = Endpoint(url=f"https://127.0.0.1:{server.port}", key=KEY, allow_loopback=True)

    started = time.monotonic()
    with pytest.raises(Unreachable) as failure:
        get(endpoint, seconds=PATIENCE)

    assert failure.value.reason == "timeout"
    assert time.monotonic() - started < BOUND


def test_a_handshake_takes_its_time_from_the_exchange_and_not_from_the_socket(
    receive: Callable[[Play], Played],
) -> None:
    server = receive(lambda peer: peer.wait())
    context = certificates.context(ca_file=None, pinned=True)

    started = time.monotonic()
    with (
        socket.create_connection((server.address, server.port), timeout=30) as plain,
        underway(Exchange(deadline=soon(0.2), allowance=1)),
        pytest.raises(TimeoutError),
    ):
        context.wrap_socket(plain)

    assert time.monotonic() - started < BOUND


def test_no_wait_inside_an_answer_is_longer_than_five_seconds() -> None:
    generous = Exchange(deadline=soon(60), allowance=1)
    hasty = Exchange(deadline=soon(1), allowance=1)

    assert 4 < generous.patience() <= READ.total_seconds() == 5
    assert hasty.patience() <= 1


def test_a_server_that_does_not_even_refuse_is_left_at_the_deadline() -> None:
    started = time.monotonic()
    with black_hole() as port, pytest.raises(Unreachable) as failure:
        get(Endpoint(url=f"https://127.0.0.1:{port}", key=KEY, allow_loopback=True), seconds=PATIENCE)

    assert failure.value.reason == "timeout"
    assert time.monotonic() - started < BOUND


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        pytest.param(saying(http(b"x" * (LIMIT + 1))), "oversized", id="a length that is too large"),
        pytest.param(
            flooding(b"x" * 1000, b"HTTP/1.1 200 OK\r\n\r\n"),
            "oversized",
            id="a body without a length or an end",
        ),
        pytest.param(
            flooding(
                b"3e8\r\n" + b"x" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            ),
            "oversized",
            id="endless chunks",
        ),
        pytest.param(
            flooding(b"0" * 1000, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "no_http",
            id="an endless chunk length",
        ),
        pytest.param(
            flooding(b"X: y\r\n" * 100, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
            "oversized",
            id="endless trailers",
        ),
        pytest.param(flooding(b"HTTP/1.1 100 Continue\r\n\r\n" * 40), "oversized", id="endless 100 Continue"),
        pytest.param(flooding(b"X: y\r\n" * 100, b"HTTP/1.1 200 OK\r\n"), "no_http", id="endless headers"),
        pytest.param(flooding(b"x" * 1000, b"HTTP/1.1 200 OK\r\nX: "), "no_http", id="an endless header"),
        pytest.param(
            saying(http(b"\x1f\x8b\x08", "Content-Encoding: gzip")),
            "encoded",
            id="an encoding that was not asked for",
        ),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "no_http", id="another protocol"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "truncated", id="half a body"),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
            "truncated",
            id="half a chunk",
        ),
        pytest.param(
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            "no_http",
            id="two lengths",
        ),
        pytest.param(saying(b""), "dropped", id="no answer"),
    ],
)
def test_an_answer_out_of_bounds_is_left_where_it_is(serve: Serve, play: Play, reason: str) -> None:
    server = serve(play)

    started = time.monotonic()
    with pytest.raises(Unanswered) as failure:
        get(server.endpoint())

    assert failure.value.reason == reason
    assert server.connections == 1
    assert time.monotonic() - started < BOUND


HEAD = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 301 Moved\r\n",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Type: ",
        b"Set-Cookie: ",
        b"Location: https://[",
        b"Retry-After: ",
        b"ETag: ",
        b": \r\n ",
        b"\r\n",
        b"\r\n\r\n",
    ]
)


@given(answer=st.lists(HEAD | st.binary(max_size=12)).map(b"".join))
@unhurried
def test_no_bytes_do_worse_than_being_no_answer(serve: Serve, answer: bytes) -> None:
    server = serve(saying(b"HTTP/1.1 200 OK\r\n" + answer))

    with suppress(Unanswered):
        get(server.endpoint())


def test_what_is_too_large_is_not_read(serve: Serve) -> None:
    sent = 0

    def play(peer: Peer) -> None:
        nonlocal sent
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not peer.over.is_set():
            peer.send(b"x" * 65536)
            sent += 65536

    server = serve(play)

    with pytest.raises(Malformed):
        get(server.endpoint())

    assert sent < 16 * 2**20  # what the buffers of two sockets may hold


def test_a_redirect_is_an_answer_and_leads_nowhere(serve: Serve) -> None:
    elsewhere = serve(answering(http()))
    server = serve(answering(http(b"", f"Location: {elsewhere.url}/api/v1/devices", status="302 Found")))

    answer = get(server.endpoint())

    assert answer.status == 302
    assert elsewhere.connections == 0


def test_a_location_that_is_no_address_harms_nobody(serve: Serve) -> None:
    server = serve(answering(http(b"", "Location: https://[::1", status="301 Moved Permanently")))

    assert get(server.endpoint()).status == 301


def test_an_impostor_is_sent_nothing(stage: ExitStack, identity: Identity, impostor: Identity) -> None:
    server = stage.enter_context(PlayedServer(answering(http()), identity=impostor))

    with pytest.raises(Unreachable) as failure:
        get(server.endpoint(pins=(identity.pin,)))

    assert failure.value.reason == "untrusted"
    assert server.heard == []


def test_an_unknown_authority_is_sent_nothing(serve: Serve, impostor: Identity) -> None:
    server = serve(answering(http()))

    for configured in ({"pins": ()}, {"pins": (), "ca_file": str(impostor.file)}):
        with pytest.raises(Unreachable) as failure:
            get(server.endpoint(**configured))

        assert failure.value.reason == "untrusted"
    assert server.heard == []


def test_a_certificate_counts_for_its_names_alone(stage: ExitStack, tmp_path: Path) -> None:
    other = Identity.make(tmp_path / "other.pem", "shure.example")
    server = stage.enter_context(PlayedServer(answering(http()), identity=other))

    with pytest.raises(Unreachable) as failure:
        get(server.endpoint(pins=(), ca_file=str(other.file)))

    assert failure.value.reason == "untrusted"
    assert "127.0.0.1" in failure.value.detail


def test_no_authority_counts_beside_the_one_that_is_named(serve: Serve, identity: Identity) -> None:
    server = serve(answering(http()))

    get(server.endpoint(pins=(), ca_file=str(identity.file)))

    assert len(certificates.context(ca_file=str(identity.file), pinned=False).get_ca_certs()) == 1


def test_either_of_two_pins_will_do_while_a_certificate_is_replaced(serve: Serve, impostor: Identity) -> None:
    server = serve(answering(http()))

    answer = get(server.endpoint(pins=(impostor.pin, server.identity.pin)))  # type: ignore[union-attr]  # it has one

    assert answer.status == 200


def test_a_pin_and_an_authority_have_to_agree(serve: Serve, identity: Identity, impostor: Identity) -> None:
    server = serve(answering(http()))

    agreed = get(server.endpoint(ca_file=str(identity.file)))
    with pytest.raises(Unreachable, match="untrusted"):
        get(server.endpoint(ca_file=str(identity.file), pins=(impostor.pin,)))
    with pytest.raises(Unreachable, match="untrusted"):
        get(server.endpoint(ca_file=str(impostor.file)))

    assert agreed.status == 200


def test_a_renewed_ca_file_counts_from_the_next_connection_on(
    serve: Serve, identity: Identity, impostor: Identity, tmp_path: Path
) -> None:
    server = serve(answering(http()))
    authority = tmp_path / "ca.pem"
    endpoint = server.endpoint(pins=(), ca_file=str(authority))

    with pytest.raises(Unreachable, match="No such file"):
        get(endpoint)
    authority.write_text("no certificate")
    with pytest.raises(Unreachable, match="untrusted"):
        get(endpoint)
    authority.write_bytes(impostor.file.read_bytes())
    os.utime(authority, (1, 1))
    with pytest.raises(Unreachable, match="untrusted"):
        get(endpoint)
    authority.write_bytes(identity.file.read_bytes())

    assert get(endpoint).status == 200


def test_a_plain_server_is_told_apart_from_an_impostor(receive: Callable[[Play], Played]) -> None:
    server = receive(lambda peer: peer.send(http()))

    with pytest.raises(Unreachable) as failure:
        get(Endpoint(url=f"https://127.0.0.1:{server.port}", key=KEY, allow_loopback=True))

    assert failure.value.reason == "tls"


def test_a_name_is_resolved_for_the_address_and_kept_for_the_certificate(
    serve: Serve, identity: Identity
) -> None:
    server = serve(answering(http()))

    answer = get(server.endpoint(url=f"https://localhost:{server.port}", pins=(), ca_file=str(identity.file)))

    assert answer.status == 200
    assert server.names == ["localhost"]
    assert header(server.heard[0], "Host") == f"localhost:{server.port}"


def test_this_machine_is_not_asked_unless_it_is_allowed(serve: Serve) -> None:
    server = serve(answering(http()))

    for url in (server.url, f"https://localhost:{server.port}", f"https://2130706433:{server.port}"):
        with pytest.raises(Unreachable) as failure:
            get(server.endpoint(url=url, allow_loopback=False))

        assert failure.value.reason == "forbidden"
    assert server.connections == 0


def test_a_name_that_nobody_knows_is_unresolved() -> None:
    with pytest.raises(Unreachable) as failure:
        get(Endpoint(url="https://no-such-name.invalid", key=KEY))

    assert failure.value.reason == "unresolved"


def test_a_port_where_nothing_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Unreachable) as failure:
        get(Endpoint(url=f"https://127.0.0.1:{port}", key=KEY, allow_loopback=True))

    assert failure.value.reason == "refused"


def test_the_connection_is_kept_for_the_next_question(serve: Serve) -> None:
    server = serve(
        answering(http(), b"HTTP/1.1 304 Not Modified\r\n\r\n", http(b"", status="404 Not Found"), http())
    )

    statuses = [get(server.endpoint(key=key)).status for key in ("old", "new", "new", "new")]

    assert statuses == [200, 304, 404, 200]
    assert server.connections == 1
    assert [header(request, "x-api-key") for request in server.heard] == ["old", "new", "new", "new"]


def test_a_server_that_closed_what_it_kept_open_is_asked_once_more(serve: Serve) -> None:
    def play(peer: Peer) -> None:
        peer.read_request()
        peer.send(http())
        peer.read_request()

    server = serve(play)

    statuses = [get(server.endpoint()).status for _ in range(4)]

    assert statuses == [200, 200, 200, 200]
    assert server.connections == 4


@pytest.mark.parametrize("size", [2, 12_000])  # less and more than the buffer that an answer is read through
def test_what_trails_an_answer_is_not_taken_for_the_next(serve: Serve, size: int) -> None:
    server = serve(answering(http(b'"mine"') + b"x" * size))

    bodies = [get(server.endpoint()).body for _ in range(3)]

    assert bodies == [b'"mine"'] * 3


def test_the_environment_leads_nobody_astray(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, impostor: Identity
) -> None:
    server = serve(answering(http()))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(impostor.file))

    assert get(server.endpoint()).status == 200


def test_no_password_of_this_machine_is_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = serve(answering(http()))
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(passwords))

    get(server.endpoint())

    assert header(server.heard[0], "Authorization") is None


def test_a_cookie_is_not_sent_back(serve: Serve) -> None:
    server = serve(answering(http(b"{}", "Set-Cookie: session=1; Path=/")))

    for _ in range(2):
        get(server.endpoint())

    assert header(server.heard[1], "Cookie") is None


def test_a_server_that_hangs_keeps_nobody_else_waiting(serve: Serve) -> None:
    hanging, prompt = serve(lambda peer: peer.wait()), serve(answering(http()))

    def ask(server: PlayedServer) -> str:
        try:
            return str(get(server.endpoint(), seconds=PATIENCE).status)
        except Unreachable as failure:
            return failure.reason

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(ask, [hanging, prompt] * 8))

    assert told == ["timeout", "200"] * 8


def test_the_key_is_in_no_message(serve: Serve) -> None:
    secret = "do-not-tell"
    server = serve(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))
    endpoint = server.endpoint(key=secret)

    with pytest.raises(Unanswered) as failure:
        get(endpoint)

    assert secret not in repr(endpoint)
    assert secret not in repr(failure.value)
    assert failure.value.__context__ is None
    assert failure.value.__cause__ is None


def test_the_fingerprint_to_confirm_is_shown_and_nothing_is_sent(serve: Serve, identity: Identity) -> None:
    server = serve(answering(http()))

    shown = transport.presented_fingerprint(server.url, allow_loopback=True, deadline=soon())

    assert shown == identity.pin
    assert server.heard == []


def test_a_fingerprint_is_not_fetched_from_this_machine_nor_waited_for(
    receive: Callable[[Play], Played],
) -> None:
    server = receive(lambda peer: peer.wait())
    url = f"https://127.0.0.1:{server.port}"

    with pytest.raises(Unreachable, match="forbidden"):
        transport.presented_fingerprint(url, allow_loopback=False, deadline=soon())
    with pytest.raises(Unreachable, match="timeout"):
        transport.presented_fingerprint(url, allow_loopback=True, deadline=soon(PATIENCE))
