"""Scopes: parts of the board, as their text says them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.scopes import LONGEST, MOST, Scope, includes, parse, parse_all

ROW = {
    "device_id": "SHURE001-2",
    "name": "Lead Vox",
    "location": "main-a",
    "groups": [["stage-left", 3], ["band", 1]],
}


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("location:main-a", True),
        ("location:Main-A", False),
        ("location:main", False),
        ("group:stage-left", True),
        ("group:band", True),
        ("group:stage-right", False),
        ("device:SHURE001-2", True),
        ("device:shure001-2", True),
        ("device:SHURE001", False),
        ("device:lead vox", True),
        ("device:Lead", False),
    ],
)
def test_a_scope_has_the_rows_of_its_part(text: str, is_in: bool) -> None:  # noqa: FBT001
    assert parse(text).includes(ROW) is is_in


@pytest.mark.parametrize("text", ["location:main-a", "group:band", "device:Lead Vox"])
def test_a_row_that_says_nothing_of_its_place_is_in_no_part(text: str) -> None:
    row = {"device_id": "SHURE009", "name": None, "location": None, "groups": None}

    assert not parse(text).includes(row)


@pytest.mark.parametrize("text", ["", "main-a", ":main-a", "location:", "room:main-a", "Location:main-a"])
def test_what_is_no_scope_is_refused_with_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"^A scope is location:NAME, group:NAME or device:ID, not "):
        parse(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("device:" + "x" * LONGEST, f"A scope has at most {LONGEST} characters."),
        ("device:a\x00b", "A scope has no control characters."),
        ("device:a\nb", "A scope has no control characters."),
        ("device:a\ud800", "A scope has no control characters."),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        parse(text)


def test_a_value_may_have_colons_and_commas_of_its_own() -> None:
    assert parse("device:Vox: 1, left") == Scope("device", "Vox: 1, left")


@given(st.text())
def test_a_text_is_refused_or_is_what_the_scope_says(text: str) -> None:
    try:
        scope = parse(text)
    except ValueError:
        return

    assert str(scope) == text
    assert parse(str(scope)) == scope


def test_several_are_each_there_once_in_their_order() -> None:
    told = ["group:b", "group:a", "group:b"]

    assert parse_all(told) == (Scope("group", "b"), Scope("group", "a"))
    assert parse_all([]) == ()


def test_there_are_not_too_many() -> None:
    told = [f"device:SHURE{number:03}" for number in range(MOST + 1)]

    assert len(parse_all(told[:MOST])) == MOST
    with pytest.raises(ValueError, match=r"^At most 50 scopes, not 51\.$"):
        parse_all(told)


def test_several_mean_any_of_them_and_none_means_nothing() -> None:
    assert includes(parse_all(["group:nobody", "location:main-a"]), ROW)
    assert not includes(parse_all(["group:nobody"]), ROW)
    assert not includes([], ROW)
