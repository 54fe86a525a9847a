from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollers.shure.retry_after import LONGEST, SHORTEST, pause
from tests.pollers.shure.played import unhurried

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: int) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("7", None, 7),
        ("0", None, 1),
        ("300", None, 300),
        ("301", None, 300),
        ("1000000000", None, 300),
        ("9" * 5000, None, 300),
        (at(30), None, 30),
        (at(-30), None, 1),
        (at(86_400), None, 300),
        (None, None, 1),
        ("", None, 1),
        ("soon", None, 1),
        ("-5", None, 1),
        ("1.5", None, 1),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", None, 1),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None, 1),
        pytest.param(at(3630), at(3600), 30, id="a server whose clock is an hour ahead"),
        pytest.param(at(30), "yesterday", 30, id="a server that cannot tell its time"),
        ("Sun, 01 Mar 2026 12:00:30 -0000", None, 30),
    ],
)
def test_a_pause_is_what_was_asked_for_within_reason(
    retry_after: str | None, date: str | None, seconds: int
) -> None:
    assert pause(retry_after, date=date, now=NOW) == timedelta(seconds=seconds)


@given(st.text(), st.text())
@unhurried
def test_no_header_makes_a_pause_unreasonable(retry_after: str, date: str) -> None:
    assert SHORTEST <= pause(retry_after, date=date, now=NOW) <= LONGEST
