from dataclasses import replace
from typing import Any

import pytest

from dashboard.faces import BLANK, Face
from dashboard.order import counts, ordered, strip
from tests.dashboard.vectors import vectors

ORDER = vectors("order")


def in_states(*states: str) -> list[Face]:
    return [replace(BLANK, id=f"M{number}", state=state) for number, state in enumerate(states)]


@pytest.mark.parametrize("case", ORDER["orders"], ids=lambda case: f"{case['sort']} in {case['group']}")
def test_tiles_stand_as_the_browser_would_place_them(case: dict[str, Any]) -> None:
    faces = {row["device_id"]: replace(BLANK, state=row["state"]) for row in ORDER["channels"]}

    rows = ordered(ORDER["channels"], faces, group=case["group"], sort=case["sort"])

    assert [row["device_id"] for row in rows] == case["ids"]


def test_names_stand_in_the_same_order_everywhere() -> None:
    rows = [
        {**ORDER["channels"][0], "device_id": f"M{number}", "name": name}
        for number, name in enumerate(ORDER["by_name"])
    ]

    assert ordered(rows[::-1], {}, group=None, sort="name") == rows


def test_every_state_is_counted_those_of_nobody_too() -> None:
    found = counts(in_states("ok", "critical", "ok"))

    assert found == {"critical": 1, "offline": 0, "warning": 0, "stale": 0, "ok": 2, "off": 0}


def test_the_strip_holds_trouble_only_worst_first() -> None:
    row = in_states("warning", "ok", "critical", "stale", "offline", "warning", "off")

    assert strip(row) == ([row[2], row[4], row[0], row[5]], 0)


def test_who_needs_a_hand_comes_before_what_somebody_has_in_hand() -> None:
    row = in_states("critical", "warning", "critical", "offline")
    row[0] = replace(row[0], acked=True)

    assert strip(row)[0] == [row[2], row[3], row[1], row[0]]


def test_a_strip_that_is_too_short_says_how_many_it_leaves_out() -> None:
    row = in_states(*["warning"] * 9)

    assert strip(row) == (row[:5], 4)
