from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest

from dashboard.faces import face, seen
from tests.dashboard.vectors import vectors

FACES = vectors("faces")


@pytest.mark.parametrize("case", FACES["cases"], ids=lambda case: case["name"])
def test_a_tile_says_what_the_browser_would(case: dict[str, Any]) -> None:
    channel = {**FACES["channel"], **case["channel"]}

    last = seen(channel, FACES["intervals"], datetime.fromisoformat(case["now"]))
    ends_at = datetime.fromisoformat(case["ends_at"]) if "ends_at" in case else None

    drawn = face(channel, last, alerts=case.get("alerts", ()), ends_at=ends_at)

    assert asdict(drawn) == {"colour": None, **case["face"]}
