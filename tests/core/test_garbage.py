"""What a process loads is not looked through for garbage: not while it loads, not later, not as it ends."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import environment

DJANGO = "import core, django; django.setup()"
WEB = "import realtime.asgi"


def in_a_process(*words: str, loads: str = DJANGO) -> str:
    """Run this in a process that has loaded the product, and return what it prints."""
    program = "\n".join(["import gc, json", "own = gc.get_threshold()", loads, *words])
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ran.stdout


@pytest.mark.parametrize("loads", [DJANGO, WEB])
def test_what_is_loaded_is_never_looked_through(loads: str) -> None:
    told: dict[str, Any] = json.loads(
        in_a_process(
            "found = {'frozen': gc.get_freeze_count(), 'stats': gc.get_stats()}",
            "found['left'] = len(gc.get_objects())",
            "print(json.dumps(found))",
            loads=loads,
        )
    )

    assert told["frozen"] > 50_000
    assert told["left"] < 1_000
    assert told["stats"][-1]["collections"] == 0, (
        "a full collection, each of which takes longer than the last"
    )


def test_garbage_is_collected_as_ever_once_all_is_loaded() -> None:
    told = in_a_process(
        "class Knot: pass",
        "def tie():",
        "    knot = Knot()",
        "    knot.knot = knot",
        "for _ in range(2_000): tie()",
        "print(gc.get_threshold() == own, sum(isinstance(it, Knot) for it in gc.get_objects()) < 1_000)",
    )

    assert told.split() == ["True", "True"]


def test_an_end_looks_for_no_garbage_and_still_runs_what_was_left_for_it() -> None:
    told = in_a_process(
        "class Knot:",
        "    def __del__(self): print('looked for')",
        "knot = Knot()",
        "knot.knot = knot",
        "import atexit",
        "atexit.register(print, 'goodbye')",
    )

    assert told.split() == ["goodbye"]
