"""The bytes of the feed, read by another implementation of WebSocket than the one that writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as Received
from websockets.protocol import CLIENT, OPEN, Protocol

from realtime.encoding import LEAST_COMPRESSED, Burst, Frame, Message

EACH_LENGTH = [0, 1, 125, 126, 0xFFFF, 0x10000, 300_000]


def read(message: Message, *, deflated: bool) -> list[str]:
    """Return the texts that a client reads out of a message's bytes."""
    client = Protocol(CLIENT, state=OPEN, max_size=None)
    if deflated:
        client.extensions = [
            PerMessageDeflate(
                remote_no_context_takeover=True,
                local_no_context_takeover=True,
                remote_max_window_bits=15,
                local_max_window_bits=15,
            )
        ]
    client.receive_data(message.wire(deflated=deflated))
    frames = client.events_received()
    assert all(isinstance(frame, Received) and frame.fin for frame in frames), client.parser_exc
    return [bytes(frame.data).decode() for frame in frames if isinstance(frame, Received)]


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("length", EACH_LENGTH)
def test_a_frame_is_read_as_it_was_written(length: int, *, deflated: bool) -> None:
    text = ("0123456789ab" * (length // 12 + 1))[:length]

    assert read(Frame(text), deflated=deflated) == [text]


@given(texts=st.lists(st.text(max_size=400), max_size=6), deflated=st.booleans())
def test_a_burst_is_read_as_its_frames(texts: list[str], *, deflated: bool) -> None:
    burst = Burst(map(Frame, texts))

    assert burst.texts == texts
    assert read(burst, deflated=deflated) == texts


def test_the_bytes_are_made_once_for_everybody() -> None:
    frame = Frame("x" * 1000)

    assert frame.wire(deflated=True) is frame.wire(deflated=True)
    assert frame.wire(deflated=False) is frame.wire(deflated=False)
    assert len(frame.wire(deflated=True)) < 100 < len(frame.wire(deflated=False))


def test_what_is_too_short_to_gain_goes_out_as_it_is() -> None:
    frame = Frame("x" * (LEAST_COMPRESSED - 1))

    assert frame.wire(deflated=True) == frame.wire(deflated=False)
