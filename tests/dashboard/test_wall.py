from dataclasses import replace
from typing import Any

import pytest

from dashboard.wall import Wish, first_paint
from tests.dashboard.vectors import vectors

NO_WISH = Wish(group=None, sort="", fit="", theme="", kiosk=False, until="")
CHANNEL: dict[str, Any] = vectors("faces")["channel"]


def snapshot(*channels: dict[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": "2026-11-22T16:41:15.000Z",
        "intervals": {"critical": 10, "normal": 30, "offline": 60},
        "alerts": [],
        "devices": [
            {**CHANNEL, "device_id": f"SHURE{number:03}", "receiver_id": f"SHURE{number:03}", **channel}
            for number, channel in enumerate(channels, start=1)
        ],
    }


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ({}, NO_WISH),
        (
            {
                "group": "stage-left",
                "sort": "state",
                "fit": "3m",
                "theme": "light",
                "kiosk": "1",
                "until": "22:30",
            },
            Wish(group="stage-left", sort="state", fit="3m", theme="light", kiosk=True, until="22:30"),
        ),
        ({"group": "", "sort": "colour", "fit": "2m", "theme": "<pink>", "kiosk": "yes"}, NO_WISH),
    ],
)
def test_an_address_wishes_only_what_there_is(query: dict[str, str], wish: Wish) -> None:
    assert Wish.from_query(query) == wish


def test_trouble_rises_and_tiles_keep_their_slots() -> None:
    wall = first_paint(snapshot({}, {"state": "critical", "reasons": ["battery_critical"]}, {}), NO_WISH)

    assert [tile.id for tile in wall.tiles] == ["SHURE001", "SHURE002", "SHURE003"]
    assert [tile.id for tile in wall.strip] == ["SHURE002"]


def test_a_group_s_wall_holds_its_channels_only() -> None:
    wall = first_paint(
        snapshot({"groups": [["left", 2]]}, {"groups": []}, {"groups": [["left", 1]]}),
        replace(NO_WISH, group="left"),
    )

    assert [tile.id for tile in wall.tiles] == ["SHURE003", "SHURE001"]


@pytest.mark.parametrize(
    ("states", "title", "worst"),
    [
        ([], "Wall", "off"),
        (["ok", "off"], "Wall", "ok"),
        (["ok", "warning", "stale"], "(1) Wall", "warning"),
        (["offline", "critical", "warning"], "(2!) Wall", "critical"),
    ],
)
def test_title_and_favicon_tell_the_worst(states: list[str], title: str, worst: str) -> None:
    wall = first_paint(snapshot(*({"state": state} for state in states)), NO_WISH)

    assert (wall.title, wall.worst) == (title, worst)


def test_the_header_says_how_old_what_looks_fresh_may_be() -> None:
    wall = first_paint(
        snapshot(
            {"seen_at": "2026-11-22T16:41:10.500Z"},
            {"seen_at": "2026-11-22T16:40:00.000Z"},
            {"seen_at": "2026-11-22T16:41:06.000Z", "state": "offline"},
            {"seen_at": None},
        ),
        NO_WISH,
    )

    assert wall.bound == "data ≤ 5 s"


def test_a_wall_on_which_nothing_is_fresh_says_so() -> None:
    assert first_paint(snapshot({"seen_at": None}), NO_WISH).bound == "no fresh data"


def test_a_wall_of_nobody_claims_no_age() -> None:
    assert first_paint(snapshot(), NO_WISH).bound == ""
