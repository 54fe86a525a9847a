import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollers.shure.frames import Frame, FrameCutter
from tests.pollers.shure.played import RECORDINGS, recorded, unhurried

DUMPS = sorted(path.name for path in (RECORDINGS / "command_strings").iterdir())


def cut(*pieces: bytes) -> list[Frame]:
    cutter = FrameCutter()
    return [frame for piece in pieces for frame in cutter.cut(piece)]


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"< REP 1 BATT_BARS 004 >", [Frame("REP", 1, "BATT_BARS", "004")]),
        (b"<REP FW_VER {2.7.6.0   }>", [Frame("REP", None, "FW_VER", "{2.7.6.0   }")]),
        (b"< REP ERR >", [Frame("REP", None, "ERR", "")]),
        (
            b"< SAMPLE 1 ALL 005 031 102 102 BB 31 086 31 065 >",
            [Frame("SAMPLE", 1, "ALL", "005 031 102 102 BB 31 086 31 065")],
        ),
        (b"< REP 1 X 1 >< REP 2 X 2 >\r\n", [Frame("REP", 1, "X", "1"), Frame("REP", 2, "X", "2")]),
        (b"login: > >> < REP 1 X 1 > noise", [Frame("REP", 1, "X", "1")]),
        (b"< < REP 1 X 1 >", [Frame("REP", 1, "X", "1")]),
        (b"< REP 1 CHAN_NAME {a>b<c} >", [Frame("REP", 1, "CHAN_NAME", "{a>b<c}")]),
        (
            b"< REP 1 CHAN_NAME {> < REP 2 TX_TYPE UNKN >} >",
            [Frame("REP", 1, "CHAN_NAME", "{> < REP 2 TX_TYPE UNKN >}")],
        ),
        (b"< REP 1 CHAN_NAME {never closed > < REP 2 CHAN_NAME {b} >", [Frame("REP", 2, "CHAN_NAME", "{b}")]),
        ("< REP 1 CHAN_NAME {Bj\u00f6rk} >".encode(), [Frame("REP", 1, "CHAN_NAME", "{Bj\u00f6rk}")]),
        (b"< REP 1 CHAN_NAME {Bj\xf6rk} >", [Frame("REP", 1, "CHAN_NAME", "{Bj\ufffdrk}")]),
        (b"< SET 1 X 1 >< NOTE 1 X 1 >< rep 1 x 1 >< >", []),
        (b"<" + b" " * 5000 + b"< REP 1 X 1 >", [Frame("REP", 1, "X", "1")]),
    ],
)
def test_a_stream_is_cut_into_what_it_says(stream: bytes, frames: list[Frame]) -> None:
    assert cut(stream) == frames


@pytest.mark.parametrize("dump", DUMPS)
def test_where_the_network_splits_a_stream_makes_no_difference(dump: str) -> None:
    stream = recorded(f"command_strings/{dump}")
    whole = cut(stream)

    assert len(whole) == len(stream.splitlines())
    assert cut(*(stream[at : at + 1] for at in range(len(stream)))) == whole
    assert all(cut(stream[:at], stream[at:]) == whole for at in range(0, len(stream), 7))


SAID = st.sampled_from(
    [
        b"<",
        b">",
        b"{",
        b"}",
        b" ",
        b"REP",
        b"< REP 1 CHAN_NAME {",
        b"} >",
        b"< REP 1 A 1 >",
        b"x" * 130,
        b"\n",
    ]
)


@given(st.lists(SAID | st.binary(max_size=4)), st.data())
@unhurried
def test_no_noise_depends_on_how_it_is_split(noise: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(noise)
    at = data.draw(st.integers(0, len(stream)))

    assert cut(stream[:at], stream[at:]) == cut(stream)


def test_an_endless_frame_is_not_kept() -> None:
    cutter = FrameCutter()

    for _ in range(100):
        assert cutter.cut(b"< REP 1 CHAN_NAME {" + b"x" * 1000) == []

    assert len(cutter._rest) < 1000
    assert cutter.cut(b"< REP 1 X 1 >") == [Frame("REP", 1, "X", "1")]
