import io
import os
import pty

import pytest

from deploy.console import Console


def test_every_line_bears_the_name_of_who_says_it() -> None:
    out = io.StringIO()

    console = Console(out, ["web", "simulator"])
    console.say("web", "listening")
    console.say("simulator", "playing")

    assert out.getvalue() == "web       | listening\nsimulator | playing\n"


def _lines(terminal: int, number: int) -> list[str]:
    """Return the first lines on a terminal, which hands over what is said in pieces of its own choice."""
    shown = ""
    while shown.count("\r\n") < number:
        shown += os.read(terminal, 1000).decode()
    return shown.split("\r\n")[:number]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_names_have_colours_on_a_terminal_that_wants_them(
    monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        console = Console(terminal, ["web", "beat"])
        for name in ("web", "beat", "web"):
            console.say(name, "x")
        seen = _lines(ours, 3)
    os.close(ours)

    if no_color:
        assert seen == ["web      | x", "beat     | x", "web      | x"]
    else:
        assert seen[0] == seen[2]
        assert seen[0].startswith("\x1b[")
        assert seen[0][:5] != seen[1][:5]


def test_a_reader_who_leaves_does_not_end_the_work() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as out:
        console = Console(out, [])
        os.close(ours)

        console.say("web", "nobody reads this")
        console.say("web", "nor this")
