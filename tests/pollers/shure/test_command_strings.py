"""Sessions with receivers that are played over real sockets. Bounds in time are generous."""

import socket
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import ReceiverReading
from pollers.shure import command_strings
from pollers.shure.command_strings import converse
from pollers.shure.errors import Malformed, Unanswered, Unreachable
from pollers.shure.families import Family, family_of
from tests.pollers.shure.played import Peer, Play, Played, black_hole, recorded, soon, unhurried
from tests.pollers.shure.readings import READINGS

Receive = Callable[[Play], Played]

BOUND = 3.0  # seconds in which a session with a short deadline has to be over, on however slow a machine


def family(model: str) -> Family:
    found = family_of(model)
    assert found is not None
    return found


def session(receiver: Played, model: str, *, seconds: float = 8) -> ReceiverReading:
    return converse(
        receiver.address, family(model), deadline=soon(seconds), allow_loopback=True, port=receiver.port
    )


def listen(peer: Peer, until: bytes) -> None:
    """Take in what the client says, up to and with some words of it. The client may hang up instead."""
    said = b""
    while until not in said and (piece := peer.connection.recv(4096)):
        said += piece
        peer.heard.append(piece)


def heard(receiver: Played) -> list[str]:
    said = b"".join(receiver.heard).decode()
    return [sentence.strip(" <") for sentence in said.split(">") if sentence]


LAST_QUESTION = {
    "ULXD4Q": b"GET 4 RF_ANTENNA >",
    "QLXD4": b"GET 1 RF_ANTENNA >",
    "AD4D": b"SET 2 METER_RATE 00100 >",
    "SLXD4D": b"SET 2 METER_RATE 00100 >",
    "SBC220": b"GET 0 ALL >",
}


def telling(model: str, said: bytes | None = None, *, piece: int = 0) -> Play:
    """Return a receiver that tells everything when it was asked everything, and then stops its meters."""
    stream = said if said is not None else recorded(f"command_strings/{model.lower()}.txt")

    def play(peer: Peer) -> None:
        listen(peer, until=LAST_QUESTION[model])
        for at in range(0, len(stream), piece or len(stream)):
            peer.send(stream[at : at + (piece or len(stream))])
        channels = family(model).channels
        listen(peer, until=f"SET {channels} METER_RATE 00000 >".encode())
        peer.send("".join(f"< REP {number} METER_RATE 00000 >" for number in range(1, channels + 1)))
        listen(peer, until=b"never")

    return play


@pytest.mark.parametrize("model", READINGS)
def test_a_session_is_a_reading(receive: Receive, model: str) -> None:
    receiver = receive(telling(model))

    started = time.monotonic()
    reading = session(receiver, model)

    assert reading == READINGS[model]
    assert time.monotonic() - started < BOUND


@pytest.mark.parametrize("model", ["ULXD4Q", "AD4D"])
@pytest.mark.parametrize("piece", [1, 7, 100])
def test_how_a_receiver_splits_what_it_says_makes_no_difference(
    receive: Receive, model: str, piece: int
) -> None:
    receiver = receive(telling(model, piece=piece))

    assert session(receiver, model) == READINGS[model]


def test_what_stands_between_frames_makes_no_difference(receive: Receive) -> None:
    frames = recorded("command_strings/ulxd4q.txt").splitlines()
    receiver = receive(telling("ULXD4Q", b"> noise <\xff{\x00 ".join([b"", *frames, b""])))

    assert session(receiver, "ULXD4Q") == READINGS["ULXD4Q"]


def test_a_ulxd_is_asked_for_its_levels_and_its_meters_stay_off(receive: Receive) -> None:
    receiver = receive(telling("ULXD4Q"))

    session(receiver, "ULXD4Q")

    assert heard(receiver) == ["GET 0 ALL"] + [
        f"GET {channel} {level}"
        for channel in (1, 2, 3, 4)
        for level in ("RX_RF_LVL", "AUDIO_LVL", "RF_ANTENNA")
    ]


def test_a_qlxd_is_asked_by_its_one_channel_and_its_meters_stay_off(receive: Receive) -> None:
    receiver = receive(telling("QLXD4"))

    session(receiver, "QLXD4")

    assert heard(receiver) == [
        "GET 1 ALL",
        "GET DEVICE_ID",
        "GET FW_VER",
        "GET 1 RX_RF_LVL",
        "GET 1 AUDIO_LVL",
        "GET 1 RF_ANTENNA",
    ]


@pytest.mark.parametrize("model", ["AD4D", "SLXD4D"])
def test_meters_run_for_one_sample(receive: Receive, model: str) -> None:
    receiver = receive(telling(model))

    session(receiver, model)

    assert heard(receiver) == [
        "GET 0 ALL",
        "SET 1 METER_RATE 00100",
        "SET 2 METER_RATE 00100",
        "SET 1 METER_RATE 00000",
        "SET 2 METER_RATE 00000",
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [(b"< REP 1 CHAN_NAME {a} >", "incomplete"), (b"x" * 100_000, "oversized")],
)
def test_meters_are_stopped_when_the_session_fails(receive: Receive, said: bytes, reason: str) -> None:
    receiver = receive(telling("AD4D", said))

    with pytest.raises(Unanswered) as failure:
        session(receiver, "AD4D", seconds=0.5)

    assert failure.value.reason == reason
    assert heard(receiver)[-2:] == ["SET 1 METER_RATE 00000", "SET 2 METER_RATE 00000"]


def test_meters_that_do_not_stop_are_not_waited_for(receive: Receive) -> None:
    samples = recorded("command_strings/ad4d.txt")

    def play(peer: Peer) -> None:
        while not peer.over.is_set():
            peer.send(samples)

    started = time.monotonic()

    assert session(receive(play), "AD4D") == READINGS["AD4D"]
    assert time.monotonic() - started < BOUND


def test_a_silent_slxd_says_where_to_allow_it(receive: Receive) -> None:
    receiver = receive(lambda peer: listen(peer, until=b"never"))

    started = time.monotonic()
    with pytest.raises(Unreachable) as failure:
        session(receiver, "SLXD4D", seconds=0.3)

    assert failure.value.reason == "silent"
    assert "front panel (Advanced Settings > Controller Access)" in failure.value.detail
    assert time.monotonic() - started < BOUND


def test_another_silent_receiver_does_not(receive: Receive) -> None:
    receiver = receive(lambda peer: listen(peer, until=b"never"))

    with pytest.raises(Unreachable) as failure:
        session(receiver, "ULXD4", seconds=0.3)

    assert failure.value.reason == "silent"
    assert "Controller Access" not in failure.value.detail


@pytest.mark.parametrize("model", ["ULXD4Q", "SLXD4D"])
def test_a_receiver_that_hangs_up_at_once_is_not_silent(receive: Receive, model: str) -> None:
    receiver = receive(lambda _peer: None)

    with pytest.raises(Unreachable) as failure:
        session(receiver, model)

    assert failure.value.reason == "dropped"


def test_half_a_reading_is_none(receive: Receive) -> None:
    stream = recorded("command_strings/ulxd4q.txt").replace(b"< REP 3 RX_RF_LVL 067 >", b"")
    receiver = receive(telling("ULXD4Q", stream))

    with pytest.raises(Unreachable) as failure:
        session(receiver, "ULXD4Q", seconds=0.5)

    assert failure.value.reason == "incomplete"
    assert "did not tell RX_RF_LVL of channel 3:" in failure.value.detail


def test_what_is_not_required_is_waited_for_a_moment_and_not_known(receive: Receive) -> None:
    stream = recorded("command_strings/ulxd4q.txt").replace(b"< REP 3 RF_INT_DET CRITICAL >", b"")
    receiver = receive(telling("ULXD4Q", stream))

    started = time.monotonic()
    reading = session(receiver, "ULXD4Q")

    assert reading.channels[2].interference is None
    assert reading.channels[3] == READINGS["ULXD4Q"].channels[3]
    assert time.monotonic() - started < BOUND


def test_what_is_refused_is_not_waited_for(receive: Receive) -> None:
    stream = recorded("command_strings/ulxd4q.txt").replace(b"< REP 4 RF_ANTENNA XB >", b"< REP ERR >")
    at_once = threading.Event()

    def play(peer: Peer) -> None:
        listen(peer, until=LAST_QUESTION["ULXD4Q"])
        sent = time.monotonic()
        peer.send(stream)
        listen(peer, until=b"never")
        if time.monotonic() - sent < 0.35:  # it would have waited 0.4 s
            at_once.set()

    reading = session(receive(play), "ULXD4Q")

    assert reading.channels[3].antennas is None
    assert at_once.wait(BOUND)


def test_a_refusal_stands_for_nothing_that_was_not_asked_for_by_name(receive: Receive) -> None:
    minutes = b"< REP 2 TX_BATT_MINS "
    stream = recorded("command_strings/slxd4d.txt")
    last = stream[stream.index(minutes) :].partition(b">")[0] + b">"

    def play(peer: Peer) -> None:
        listen(peer, until=LAST_QUESTION["SLXD4D"])
        peer.send(b"< REP ERR >" + stream.replace(last, b""))
        peer.over.wait(0.1)
        peer.send(last)
        listen(peer, until=b"never")

    assert session(receive(play), "SLXD4D") == READINGS["SLXD4D"]


def test_a_receiver_that_refuses_everything_is_incomplete(receive: Receive) -> None:
    def play(peer: Peer) -> None:
        while piece := peer.connection.recv(4096):
            peer.send(b"< REP ERR >" * piece.count(b">"))

    with pytest.raises(Unreachable, match="did not tell AUDIO_LVL of channel 1 and"):
        session(receive(play), "ULXD4D", seconds=0.3)


def test_a_receiver_that_drips_is_left_at_the_deadline(receive: Receive) -> None:
    frame = b"< REP 1 CHAN_NAME {a} >"
    receiver = receive(lambda peer: peer.drip(frame[at % len(frame) :][:1] for at in range(10_000)))

    started = time.monotonic()
    with pytest.raises(Unreachable) as failure:
        session(receiver, "ULXD4", seconds=0.5)

    assert failure.value.reason == "incomplete"
    assert time.monotonic() - started < BOUND


@pytest.mark.parametrize("model", ["ULXD4", "AD4D"])
def test_a_receiver_that_has_always_said_something_already_is_left_at_the_deadline(
    receive: Receive, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(command_strings, "_PIECE", 1)  # so that it takes long to hear what is there at once
    receiver = receive(lambda peer: peer.send(b"x" * 2 * command_strings.MOST_BYTES))

    with pytest.raises(Unreachable) as failure:
        session(receiver, model, seconds=0.05)

    assert failure.value.reason == "incomplete"


def test_a_receiver_that_never_ends_is_left(receive: Receive) -> None:
    def play(peer: Peer) -> None:
        while not peer.over.is_set():
            peer.send(b"< REP 1 CHAN_NAME {a} >" * 1000)

    started = time.monotonic()
    with pytest.raises(Malformed) as failure:
        session(receive(play), "ULXD4")

    assert failure.value.reason == "oversized"
    assert b"CHAN_NAME" in failure.value.recording
    assert time.monotonic() - started < BOUND


def test_a_session_is_over_after_three_seconds_whatever_the_caller_allows(receive: Receive) -> None:
    receiver = receive(lambda peer: listen(peer, until=b"never"))

    started = time.monotonic()
    with pytest.raises(Unreachable, match="silent"):
        session(receiver, "ULXD4", seconds=60)

    assert 2.5 < time.monotonic() - started < 6


def test_a_receiver_that_is_off_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Unreachable) as failure:
        converse("127.0.0.1", family("ULXD4"), deadline=soon(), allow_loopback=True, port=port)

    assert failure.value.reason == "refused"


def test_a_receiver_that_does_not_even_refuse_is_left_at_the_deadline() -> None:
    started = time.monotonic()
    with black_hole() as port, pytest.raises(Unreachable) as failure:
        converse("127.0.0.1", family("ULXD4"), deadline=soon(0.5), allow_loopback=True, port=port)

    assert failure.value.reason == "timeout"
    assert time.monotonic() - started < 1.8  # left to itself it tries for 2 s


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "receiver.example", "::1"])
def test_a_server_cannot_send_anybody_to_an_address_that_is_not_asked(address: str) -> None:
    with pytest.raises(Unreachable) as failure:
        converse(address, family("ULXD4"), deadline=soon(), allow_loopback=False)

    assert failure.value.reason == "forbidden"


NOISE = st.lists(
    st.sampled_from(
        [
            b"< REP 1 ",
            b"CHAN_NAME {a",
            b"} >",
            b"BATT_BARS 00",
            b"5 >",
            b"< SAMPLE 1 ALL ",
            b"< REP ERR >",
            *recorded("command_strings/ulxd4q.txt").splitlines()[5:24],
        ]
    )
    | st.binary(max_size=20)
).map(b"".join)


@given(noise=NOISE)
@unhurried
def test_noise_is_no_reading_and_does_no_harm(receive: Receive, noise: bytes) -> None:
    def play(peer: Peer) -> None:
        listen(peer, until=b"GET 1 RF_ANTENNA >")
        peer.send(noise)

    started = time.monotonic()
    with pytest.raises((Malformed, Unreachable)):
        session(receive(play), "ULXD4")

    assert time.monotonic() - started < BOUND
