"""The law of the feed on the cases that the clients are held to as well."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from realtime.board import Board
from tests.vectors import law

LAW: dict[str, Any] = json.loads(law.PATH.read_text())


def board_of(snapshot: dict[str, Any]) -> Board:
    return Board(
        epoch=snapshot["epoch"],
        seq=snapshot["seq"],
        read_at=datetime.min.replace(tzinfo=UTC),
        intervals=snapshot["intervals"],
        rows={row["device_id"]: row for row in deepcopy(snapshot["devices"])},
        alerts={alert["id"]: alert for alert in deepcopy(snapshot["alerts"])},
    )


@pytest.mark.parametrize("case", LAW["cases"], ids=lambda case: case["name"])
def test_an_old_board_and_its_windows_make_the_new_one(case: dict[str, Any]) -> None:
    board = board_of(case["old"])

    for window in deepcopy(case["windows"]):
        board.apply(window)

    assert board == board_of(case["new"])


def test_the_cases_are_what_their_generator_makes() -> None:
    assert law.PATH.read_text() == law.text()
