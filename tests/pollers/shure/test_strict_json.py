import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollers.shure.errors import Malformed
from pollers.shure.strict_json import parse
from tests.pollers.shure.played import unhurried

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@unhurried
def test_what_json_can_say_is_understood(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary() | st.text().map(str.encode))
@unhurried
def test_anything_else_is_malformed_and_nothing_worse(body: bytes) -> None:
    with suppress(Malformed):
        parse(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "Expecting value at character 0", id="nothing"),
        pytest.param(b'{"a":', "Expecting value at character 5", id="half"),
        pytest.param(b"{} {}", "Extra data at character 3", id="two values"),
        pytest.param(b"<html>It works!</html>", "Expecting value at character 0", id="HTML"),
        pytest.param(b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM", id="a byte order mark"),
        pytest.param("{}".encode("utf-16"), "no UTF-8 at byte 0", id="UTF-16"),
        pytest.param(b'"\xff"', "no UTF-8 at byte 1", id="Latin-1"),
        pytest.param(b"NaN", "a number that is none", id="NaN"),
        pytest.param(b"[-Infinity]", "a number that is none", id="infinity"),
        pytest.param(b"1e999", "a number is too large", id="an exponent"),
        pytest.param(b"1" * 5000, "a number is too large", id="5,000 digits"),
        pytest.param(b'{"a":1,"a":2}', "a key is given twice", id="a key twice"),
        pytest.param(b'{"b":[{"a":1,"a":1}]}', "a key is given twice", id="a key twice, further in"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="depth 100,000"),
        pytest.param(
            b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply", id="objects 100,000 deep"
        ),
        pytest.param(b'"\x00"', "Invalid control character", id="a control character"),
    ],
)
def test_what_may_be_read_in_two_ways_is_not_read(body: bytes, why: str) -> None:
    with pytest.raises(Malformed) as failure:
        parse(body)

    assert failure.value.reason == "malformed"
    assert why in failure.value.detail
