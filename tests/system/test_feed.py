"""The feed as integrators meet it at the real web process, and what tells them where it is broken."""

from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.contract import read
from tests.system.show import Show

LEGS = (
    *("connect", "sign-in", "snapshot", "heartbeat", "window"),
    *("layer", "database", "beat", "poll.critical", "poll.normal", "poll.offline", "emitter"),
)


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_whoever_may_not_come_in_is_told_why_before_the_socket_closes(show: Show) -> None:
    for path, headers, code, word in (
        ("/ws/devices/", {}, 4401, "not_signed_in"),
        ("/ws/health/", {"Authorization": "Bearer mic_guess"}, 4401, "not_signed_in"),
        ("/ws/devices/?mode=stream", show.stack.bearer, 4400, "bad_request"),
    ):
        with connect(f"{show.stack.feed}{path}", additional_headers=headers, proxy=None) as socket:
            told = read(socket.recv(timeout=5))
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=5)

        assert (told["type"], told["code"]) == ("error", word)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


def test_a_revoked_token_closes_its_socket(show: Show) -> None:
    secret = show.stack.manage("create_token", "lobby screen").strip()
    with connect(
        f"{show.stack.feed}/ws/devices/",
        additional_headers={"Authorization": f"Bearer {secret}"},
        max_size=None,
        proxy=None,
    ) as socket:
        socket.recv(timeout=5)
        show.stack.sql("UPDATE core_token SET revoked_at = now() WHERE name = 'lobby screen'")

        with pytest.raises(ConnectionClosed) as closed:
            list(iter(lambda: socket.recv(timeout=5), None))

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_feed_that_is_well_says_so_leg_by_leg(show: Show) -> None:
    legs = rows(show.stack.manage("check_feed"))

    assert [(leg, word) for leg, word, _ in legs] == [(leg, "ok") for leg in LEGS]
    assert legs[2][2].startswith("6 channels, seq ")


@pytest.mark.parametrize(
    ("words", "broken"),
    [
        (["--token-file", "{wrong}"], ("sign-in", "Sign in, or send Authorization: Bearer TOKEN")),
        (["--url", "ws://127.0.0.1:1/ws/devices/"], ("connect", "is the process web running?")),
        (["--url", "{feed}/ws/nowhere/"], ("sign-in", "There is no such feed")),
        (["--url", "http://x"], ("connect", "is no address of a feed")),
    ],
)
def test_the_leg_that_is_broken_is_named_with_the_next_step(
    show: Show, tmp_path: Path, words: list[str], broken: tuple[str, str]
) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("mic_guess")

    ran = show.stack.managed(
        "check_feed", *(word.format(wrong=wrong, feed=show.stack.feed) for word in words)
    )

    (row,) = (row for row in rows(ran.stdout) if row[1] == "BROKEN")
    leg, sentence = broken
    assert ran.returncode == 1
    assert row[0] == leg
    assert sentence in row[2]
