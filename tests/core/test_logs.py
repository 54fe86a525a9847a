import logging

import pytest

from core.logs import PlainFormatter


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("Lead Vox", "WARNING main: Lead Vox is lost"),
        ("Übung 1 · 漢字", "WARNING main: Übung 1 · 漢字 is lost"),
        ("x\nERROR root: on fire", r"WARNING main: x\u000aERROR root: on fire is lost"),
        ("\x1b[2J\x9b1m", r"WARNING main: \u001b[2J\u009b1m is lost"),
        ("\u202egnorw\u2028", r"WARNING main: \u202egnorw\u2028 is lost"),
    ],
)
def test_a_message_is_one_line_that_says_what_it_is(told: str, written: str) -> None:
    formatter = PlainFormatter("%(levelname)s %(name)s: %(message)s")
    record = logging.LogRecord("main", logging.WARNING, "", 0, "%s is lost", (told,), None)

    assert formatter.format(record) == written
