"""Who answers is told apart by name, and nobody is taken for another who was only renamed."""

from datetime import UTC, datetime, timedelta

import pytest

from pollers.shure.errors import Unreachable
from pollers.shure.recognition import DOUBTED_FOR, Recognition, recognise, stands_for

NOW = datetime(2026, 5, 4, 20, 0, tzinfo=UTC)


def recognised(
    said: str, *, name: str, before: str | None, server_says: str | None, doubted: timedelta | None = None
) -> Recognition:
    kept: dict[str, object] = {} if before is None else {"as": before}
    if doubted is not None:
        kept["doubted_at"] = (NOW - doubted).timestamp()
    return recognise(said, name=name, kept=kept, now=NOW, ask_name=lambda: server_says)


def must_not_ask() -> str | None:
    raise AssertionError("The server was asked.")


@pytest.mark.parametrize(
    ("said", "name", "before"),
    [
        ("FOH 1", "FOH 1", None),
        ("FOH 1", "Mon 7", None),
        ("FOH 1", "FOH 1", "FOH 1"),
        ("ULXD4Q", "FOH 1", "ULXD4Q"),
        ("FOH 1", "Mon 7", "ULXD4Q"),
        ("Front of", "Front of house", "Front of"),
    ],
)
def test_who_says_what_it_said_or_never_said_its_servers_name_is_not_in_doubt(
    said: str, name: str, before: str | None
) -> None:
    kept = {} if before is None else {"as": before}

    recognition = recognise(said, name=name, kept=kept, now=NOW, ask_name=must_not_ask)

    assert recognition == Recognition(known=True, kept={"as": said})


def test_who_says_another_name_than_its_server_has_for_it_now_is_another() -> None:
    recognition = recognised("Mon 7", name="FOH 1", before="FOH 1", server_says="FOH 1")

    assert recognition == Recognition(known=False, kept={"as": "FOH 1", "doubted_at": NOW.timestamp()})


def test_who_was_renamed_is_known_by_the_name_that_the_server_has_now() -> None:
    recognition = recognised("Mon 7", name="FOH 1", before="FOH 1", server_says="Mon 7")

    assert recognition == Recognition(known=True, name="Mon 7", kept={"as": "Mon 7"})


def test_a_server_that_has_no_name_for_it_vouches_for_nothing() -> None:
    assert recognised("Mon 7", name="FOH 1", before="FOH 1", server_says=None).known


def test_a_server_that_cannot_be_asked_has_the_name_that_it_had() -> None:
    def ask_name() -> str | None:
        raise Unreachable("timeout", "It does not answer.")

    recognition = recognise("Mon 7", name="FOH 1", kept={"as": "FOH 1"}, now=NOW, ask_name=ask_name)

    assert not recognition.known


@pytest.mark.parametrize(
    ("doubted", "known"), [(DOUBTED_FOR - timedelta(seconds=1), False), (DOUBTED_FOR, True)]
)
def test_a_server_that_does_not_notice_a_new_name_is_believed_for_ten_minutes(
    doubted: timedelta, *, known: bool
) -> None:
    recognition = recognised("Mon 7", name="FOH 1", before="FOH 1", server_says="FOH 1", doubted=doubted)

    assert recognition.known is known
    since = {} if known else {"doubted_at": (NOW - doubted).timestamp()}
    assert recognition.kept == {"as": "Mon 7" if known else "FOH 1", **since}


@pytest.mark.parametrize(
    ("said", "name"),
    [("FOH 1", "FOH 1"), ("foh 1", "FOH 1 "), ("Front of", "Front of house"), ("B?hne 1", "Bühne 1")],
)
def test_a_receiver_says_the_beginning_of_its_name_in_ascii(said: str, name: str) -> None:
    assert stands_for(said, name)
    assert not stands_for(f"{said[:-1]}9", name)
