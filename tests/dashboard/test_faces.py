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

    drawn = face(channel, seen(channel, FACES["intervals"], datetime.fromisoformat(case["now"])))

    assert asdict(drawn) == case["face"]
