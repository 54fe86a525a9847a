"""Every fault as somebody outside sees it, with a plain socket or a plain HTTP client, and switched off again."""

import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from email.utils import formatdate
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pollers.simulator import (
    Close,
    Cut,
    Drip,
    Etag,
    Fault,
    Glue,
    Hang,
    Html,
    Noise,
    NotModified,
    Refuse,
    Scrambled,
    Sessions,
    Shred,
    Simulator,
    Slow,
    Status,
    Truncated,
    Unknown,
    Unplayable,
)
from pollers.simulator.faults import HTML, KINDS, fault_of

from .conftest import Client, Line

Dial = Callable[[str], Line]

NAMES = [
    "< REP 1 CHAN_NAME {Lead Vox} >",
    "< REP 2 CHAN_NAME {BGV 1   } >",
    "< REP 3 CHAN_NAME {BGV 2   } >",
    "< REP 4 CHAN_NAME {Acoustic} >",
]
SAID = "".join(NAMES).encode()
DISCOVERY = "/config/discovery/ips"  # the shortest answer that there is
MOMENT_S = 0.15  # in which something would have come


# Receivers --------------------------------------------------------------------------------------------


def test_a_receiver_that_hangs_takes_connections_and_says_nothing(
    sim: Simulator, ulxd: str, dial: Dial
) -> None:
    sim.strike(Hang(), at=ulxd)
    line = dial(ulxd)

    line.send("< GET 0 CHAN_NAME >")
    silent = line.bytes(MOMENT_S)
    sim.heal(at=ulxd)

    assert silent == b""
    assert line.ask("< GET 0 CHAN_NAME >", 4) == NAMES


def test_a_receiver_that_closes_does_so_before_anything_is_said(
    sim: Simulator, ulxd: str, dial: Dial
) -> None:
    sim.strike(Close(), at=ulxd)

    assert dial(ulxd).hung_up()
    sim.heal(at=ulxd)
    assert dial(ulxd).ask("< GET 0 CHAN_NAME >", 4) == NAMES


@pytest.mark.parametrize(("after", "told"), [(None, SAID[: len(SAID) // 2]), (7, b"< REP 1"), (0, b"")])
def test_a_receiver_that_is_cut_off_ends_in_the_middle(
    *, sim: Simulator, ulxd: str, dial: Dial, after: int | None, told: bytes
) -> None:
    sim.strike(Cut(after=after), at=ulxd)
    line = dial(ulxd)

    line.send("< GET 0 CHAN_NAME >")
    heard = line.bytes(5) if told else b""

    assert heard == told
    assert line.hung_up()


def test_a_receiver_that_refuses_drops_who_is_there_and_comes_back_where_it_was(
    sim: Simulator, ulxd: str, axient: str, dial: Dial
) -> None:
    address = sim.truth(ulxd).receivers[0].address
    inside, neighbour = dial(ulxd), dial(axient)
    inside.ask("< GET MODEL >")

    sim.strike(Refuse(), at=ulxd)

    assert inside.hung_up()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 2202), timeout=10)
    assert neighbour.ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]
    sim.heal(at=ulxd)
    assert dial(ulxd).ask("< GET 0 CHAN_NAME >", 4) == NAMES


def test_a_receiver_that_drips_says_it_all_a_byte_at_a_time(sim: Simulator, ulxd: str, dial: Dial) -> None:
    sim.strike(Drip(ms=5), at=ulxd)
    line = dial(ulxd)
    began = time.monotonic()

    frames = line.ask("< GET 1 CHAN_NAME >")

    assert frames == NAMES[:1]
    assert time.monotonic() - began >= (len(NAMES[0]) - 1) * 0.005


def test_noise_is_the_same_for_the_same_seed_and_means_nothing(sim: Simulator, ulxd: str, dial: Dial) -> None:
    heard = []
    for seed in (1, 1, 2):
        sim.strike(Noise(seed=seed), at=ulxd)
        line = dial(ulxd)
        line.send("< GET 0 CHAN_NAME >")
        heard.append(line.bytes(5))

    assert heard[0] == heard[1] != heard[2]
    assert len(heard[0]) == len(SAID)
    assert b"CHAN_NAME" not in heard[0]


def test_a_receiver_that_shreds_writes_byte_by_byte(sim: Simulator, ulxd: str, dial: Dial) -> None:
    whole, shredded = dial(ulxd), dial(ulxd)
    at_once = whole.ask("< GET 0 CHAN_NAME >", 4)
    sim.strike(Shred(), at=ulxd)

    in_pieces = shredded.ask("< GET 0 CHAN_NAME >", 4)

    assert at_once == in_pieces == NAMES
    assert whole.segments() == 1
    assert shredded.segments() > 10  # the machine joins what comes while the client is busy


def test_a_receiver_that_glues_says_several_things_at_once(sim: Simulator, ulxd: str, dial: Dial) -> None:
    sim.strike(Glue(ms=150), at=ulxd)
    line = dial(ulxd)

    for number in range(1, 5):
        line.send(f"< GET {number} CHAN_NAME >")
        time.sleep(0.01)

    assert line.frames(4) == NAMES
    assert line.segments() == 1


def test_what_was_glued_comes_before_what_is_said_next(sim: Simulator, ulxd: str, dial: Dial) -> None:
    sim.strike(Glue(ms=5_000), at=ulxd)
    line = dial(ulxd)
    line.send("< GET 1 CHAN_NAME >")
    assert line.bytes(MOMENT_S) == b""

    sim.heal()

    assert line.ask("< GET 2 CHAN_NAME >", 2) == NAMES[:2]


def test_a_slow_receiver_says_it_whole_and_late(sim: Simulator, ulxd: str, dial: Dial) -> None:
    sim.strike(Slow(ms=200), at=ulxd)
    line = dial(ulxd)
    began = time.monotonic()

    frames = line.ask("< GET 0 CHAN_NAME >", 4)

    assert frames == NAMES
    assert time.monotonic() - began >= 0.2


def test_a_fault_is_at_one_receiver(sim: Simulator, ulxd: str, axient: str, dial: Dial) -> None:
    sim.strike(Hang(), at=ulxd.upper())

    assert dial(axient).ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]
    assert dial(ulxd).bytes(MOMENT_S) == b""


@pytest.mark.parametrize("fault", [Hang(), Drip(ms=50), Slow(ms=5_000), Noise(), Glue(ms=5_000)])
def test_whoever_leaves_a_faulty_receiver_is_gone_at_once_and_its_meters_with_it(
    *, sim: Simulator, ulxd: str, dial: Dial, fault: Fault
) -> None:
    sim.strike(fault, at=ulxd)
    lines = [dial(ulxd), dial(ulxd)]
    for line in lines:
        line.send("< SET 0 METER_RATE 00100 >")
        line.bytes(MOMENT_S)
    lines[0].send("< SET 0 METER_RATE 00000 >")
    time.sleep(0.05)

    for line in lines:
        line.close()

    assert sim.counts().sessions(ulxd) == Sessions(opened=2, open=0, most_open=2, left_metering=1)


# The server -------------------------------------------------------------------------------------------


@contextmanager
def secured(sim: Simulator) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(sim.certificate))
    port = int(sim.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        yield connection


def asked(sim: Simulator, path: str = "/devices", *, within_s: float = 10) -> list[bytes]:
    """Ask, and return each piece that comes within this time, or until the server hangs up."""
    request = f"GET /api/v1{path} HTTP/1.1\r\nx-api-key: {sim.api_key}\r\nConnection: close\r\n\r\n"
    pieces = []
    with secured(sim) as connection:
        connection.settimeout(within_s)
        try:
            connection.sendall(request.encode())
            while piece := connection.recv(65536):
                pieces.append(piece)
        except (TimeoutError, ConnectionError):
            pass
    return pieces


def test_a_server_that_hangs_takes_questions_and_answers_none(sim: Simulator, client: Client) -> None:
    sim.strike(Hang())

    assert asked(sim, within_s=MOMENT_S) == []
    sim.heal()
    assert client.get("/devices").status_code == 200


@pytest.mark.parametrize("at", ["server", "/devices"])
def test_a_server_that_closes_answers_nothing(sim: Simulator, client: Client, at: str) -> None:
    sim.strike(Close(), at=at)

    assert asked(sim) == []
    sim.heal()
    assert client.get("/devices").status_code == 200


def test_an_answer_that_is_cut_ends_in_its_middle(sim: Simulator) -> None:
    whole = b"".join(asked(sim))

    sim.strike(Cut())
    half = b"".join(asked(sim))
    sim.strike(Cut(after=20))
    beginning = b"".join(asked(sim))

    assert half == whole[: len(whole) // 2]
    assert beginning == whole[:20]


def test_a_server_that_refuses_keeps_its_port_and_comes_back_there(sim: Simulator, client: Client) -> None:
    url = sim.url
    client.get("/devices")

    sim.strike(Refuse())

    with pytest.raises(requests.ConnectionError):
        client.get("/devices")
    sim.heal(at="server")
    assert sim.url == url
    assert client.get("/devices").status_code == 200


def test_a_server_that_drips_gives_headers_and_body_a_byte_at_a_time(sim: Simulator) -> None:
    whole = b"".join(asked(sim, DISCOVERY))
    sim.strike(Drip(ms=1))

    pieces = asked(sim, DISCOVERY)

    assert b"".join(pieces) == whole
    assert len(pieces) > len(whole) // 2


def test_a_server_that_shreds_gives_everything_in_pieces(sim: Simulator) -> None:
    whole = b"".join(asked(sim))
    sim.strike(Shred())

    pieces = asked(sim)

    assert b"".join(pieces) == whole
    assert max(map(len, pieces)) == 1  # a record of TLS for each


def test_noise_in_place_of_http_is_no_http(sim: Simulator) -> None:
    length = len(b"".join(asked(sim)))

    sim.strike(Noise())
    noise = b"".join(asked(sim))

    assert len(noise) == length
    assert not noise.startswith(b"HTTP")


def test_a_slow_server_answers_whole_and_late(sim: Simulator, client: Client) -> None:
    sim.strike(Slow(ms=200), at="/devices")
    began = time.monotonic()

    listed = client.get("/devices")

    assert time.monotonic() - began >= 0.2
    assert len(listed.json()["edges"]) == 2


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_status_comes_with_the_captured_body(
    sim: Simulator, client: Client, ulxd: str, status: int
) -> None:
    sim.strike(Status(status=status))

    answers = [client.get(path) for path in ("/devices", f"/devices/{ulxd}", "/nothing")]
    sim.heal()

    assert [answer.status_code for answer in answers] == [status] * 3
    assert {frozenset(answer.json()) for answer in answers} == {
        frozenset({"type", "title", "status", "detail", "instance", "traceId"})
    }
    assert "Retry-After" not in answers[0].headers
    assert client.get("/devices").status_code == 200


@pytest.mark.parametrize(
    "retry_after", ["30", formatdate(2_000_000_000, usegmt=True), "in a while", "1000000000", ""]
)
def test_a_retry_after_is_sent_as_it_is(sim: Simulator, client: Client, retry_after: str) -> None:
    sim.strike(Status(status=429, retry_after=retry_after))

    answer = client.get("/devices")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, retry_after)


def test_somebody_elses_page_comes_with_200(sim: Simulator, client: Client) -> None:
    sim.strike(Html(), at="/devices")

    answer = client.get("/devices")

    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "text/html", HTML)


def test_json_that_is_truncated_has_the_length_that_it_says(sim: Simulator, client: Client) -> None:
    whole = client.get("/devices").content
    sim.strike(Truncated(), at="/devices")

    answer = client.get("/devices")

    assert answer.content == whole[: len(whole) // 2]
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_scrambled_body_is_http_and_no_json(sim: Simulator, client: Client) -> None:
    sim.strike(Scrambled(seed=3))

    first, second = client.get("/devices"), client.get("/devices")

    assert first.status_code == 200
    assert first.headers["Content-Type"] == "application/json"
    assert first.content == second.content
    with pytest.raises(requests.JSONDecodeError):
        first.json()


@pytest.mark.parametrize("weak", [False, True])
def test_an_etag_that_lies_stays_whatever_changes(
    *, sim: Simulator, client: Client, ulxd: str, weak: bool
) -> None:
    sim.speak(weak_etags=weak)
    honest = client.get(f"/devices/{ulxd}").headers["ETag"]
    sim.strike(Etag())
    sim.patch(ulxd, firmware="9.9.9")

    whole = client.get(f"/devices/{ulxd}")
    on_condition = client.get(f"/devices/{ulxd}", If_None_Match=honest)
    sim.heal()

    assert whole.headers["ETag"] == honest
    assert whole.json()["softwareIdentity"]["firmwareVersion"] == "9.9.9"
    assert on_condition.status_code == 304
    assert client.get(f"/devices/{ulxd}", If_None_Match=honest).status_code == 200


@pytest.mark.parametrize("value", ["", "no quotes", '"' + "x" * 10_000 + '"'])
def test_an_etag_of_any_form_is_sent_as_it_is(sim: Simulator, client: Client, ulxd: str, value: str) -> None:
    sim.strike(Etag(value=value), at=f"/devices/{ulxd}")

    assert client.get(f"/devices/{ulxd}").headers["ETag"] == value


def test_a_304_comes_without_being_asked_for(sim: Simulator, client: Client, ulxd: str) -> None:
    sim.strike(NotModified(), at="/devices/{id}")

    answer = client.get(f"/devices/{ulxd}")

    assert (answer.status_code, answer.content) == (304, b"")


# Places -----------------------------------------------------------------------------------------------


def test_the_nearest_fault_counts(sim: Simulator, client: Client, ulxd: str, axient: str) -> None:
    sim.strike(Status(status=500))
    sim.strike(Status(status=429), at="/devices/{id}/name")
    sim.strike(Status(status=403), at=f"/devices/{ulxd.upper()}/name")
    paths = ("/devices", f"/devices/{axient}/name", f"/devices/{ulxd}/name", f"/devices/{ulxd}")

    struck = [client.get(path).status_code for path in paths]
    sim.heal(at=f"/devices/{ulxd}/name")
    nearer_gone = [client.get(path).status_code for path in paths]
    sim.heal()

    assert struck == [500, 429, 403, 500]
    assert nearer_gone == [500, 429, 429, 500]
    assert [client.get(path).status_code for path in paths] == [200] * 4


def test_a_place_has_one_fault_at_a_time(sim: Simulator, client: Client) -> None:
    sim.strike(Hang())
    sim.strike(Refuse())
    sim.strike(Status(status=500))

    assert client.get("/devices").status_code == 500


def test_a_fault_of_one_device_is_found_whatever_is_in_its_id(sim: Simulator, client: Client) -> None:
    path = f"/devices/{quote(sim.add('ULXD4D', source_id='house/ö'), safe='')}/name"

    sim.strike(Status(status=500), at=path)

    (told,) = sim.on_stage(lambda stage: stage.faults.told())
    assert client.get(path).status_code == 500
    sim.heal(at=told)
    assert client.get(path).status_code == 200
    sim.strike(Status(status=500), at=told)
    assert client.get(path).status_code == 500
    sim.heal()
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("fault", "at", "error"),
    [
        (Glue(), "server", Unplayable),
        (Glue(), "/devices", Unplayable),
        (Refuse(), "/devices", Unplayable),
        (Status(status=500), "{ulxd}", Unplayable),
        (Etag(), "{ulxd}", Unplayable),
        (Hang(), "/channels", Unknown),
        (Hang(), "dd000000-0000-11dd-a000-000eddcccccc", Unknown),
    ],
)
def test_a_fault_that_does_not_fit_its_place_is_refused(
    *, sim: Simulator, ulxd: str, fault: Fault, at: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        sim.strike(fault, at=at.format(ulxd=ulxd))

    assert sim.on_stage(lambda stage: stage.faults.told()) == {}


def test_a_fault_goes_with_its_receiver_and_stays_at_its_place_when_another_piece_comes(
    sim: Simulator, ulxd: str, axient: str, dial: Dial
) -> None:
    sim.strike(Hang(), at=ulxd)
    sim.strike(Hang(), at=axient)

    replaced = sim.replace(ulxd)
    sim.remove(axient)

    assert sim.on_stage(lambda stage: list(stage.faults.told())) == [replaced]
    assert dial(replaced).bytes(MOMENT_S) == b""


# Counts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Hang(), 0),
        (Close(), 0),
        (Cut(), 0),
        (Noise(), 0),
        (Shred(), 200),
        (Slow(ms=1), 200),
        (Status(status=401), 401),
        (Status(status=429), 429),
        (Status(status=500), 500),
        (Html(), 200),
        (Truncated(), 200),
        (Scrambled(), 200),
        (Etag(value='"x"'), 200),
        (NotModified(), 304),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else str(value),
)
def test_a_request_is_counted_once_as_it_was_answered(sim: Simulator, fault: Fault, status: int) -> None:
    sim.strike(fault, at="/devices")

    asked(sim, within_s=MOMENT_S)

    counts = sim.counts()
    assert counts.requests == {"GET /devices": Counter({status: 1})}
    assert (counts.conditional, counts.not_modified) == (0, int(status == 304))
    assert (counts.connections.opened, counts.connections.open) == (1, 0)


def test_a_connection_that_is_closed_at_once_is_a_connection_without_a_request(sim: Simulator) -> None:
    sim.strike(Close())

    asked(sim)

    counts = sim.counts()
    assert counts.requests == {}
    assert (counts.connections.opened, counts.connections.open) == (1, 0)


def test_two_sessions_at_once_are_seen_and_two_after_each_other_are_not(
    sim: Simulator, ulxd: str, axient: str, dial: Dial
) -> None:
    for _ in range(20):
        line = dial(ulxd)
        line.ask("< GET MODEL >")
        line.close()
    dial(axient).ask("< GET MODEL >")
    dial(axient).ask("< GET MODEL >")

    counts = sim.counts()

    assert (counts.sessions(ulxd).opened, counts.sessions(ulxd).most_open) == (20, 1)
    assert (counts.sessions(axient).opened, counts.sessions(axient).most_open) == (2, 2)


# As values --------------------------------------------------------------------------------------------

settings = {
    "ms": st.integers(1, 60_000),
    "after": st.none() | st.integers(0, 1_000),
    "seed": st.integers(0, 1_000),
    "status": st.integers(400, 599),
    "retry_after": st.none() | st.text(max_size=20),
    "value": st.none() | st.text(max_size=20),
}


@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_a_fault_that_is_told_is_the_same_fault(data: st.DataObject, kind: str) -> None:
    names = [name for name in settings if name in KINDS[kind].__dataclass_fields__]
    chosen = {name: data.draw(settings[name]) for name in names}

    fault = fault_of(kind, chosen)

    assert fault_of(fault.kind, asdict(fault)) == fault
    assert asdict(fault) == chosen


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("fire", {}, "there is no fault fire; what there is: hang, close, "),
        (None, {}, "there is no fault None"),
        ("drip", {}, "drip needs ms"),
        ("drip", {"ms": 0}, "ms is a whole number from 1 to 60000"),
        ("drip", {"ms": True}, "ms is a whole number"),
        ("slow", {"ms": "5"}, "ms is a whole number"),
        ("cut", {"after": -1}, "after is a number of bytes"),
        ("status", {"status": 200}, "status is 400 to 599"),
        ("status", {"status": 500, "retry_after": 3}, "retry_after is text"),
        ("noise", {"seed": "x"}, "seed is a whole number"),
        ("hang", {"ms": 5}, "hang has no ms; what it has: nothing to set"),
        ("etag", {"value": 5}, "value is text"),
    ],
)
def test_what_is_no_fault_says_so(kind: object, values: dict[str, object], sentence: str) -> None:
    with pytest.raises((Unknown, Unplayable), match=sentence):
        fault_of(kind, values)
