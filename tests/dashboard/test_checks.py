"""That each of the twenty-five checks is held by a test. `pytest -s` shows by which."""

import sys

from tests.dashboard.checks import CHECKS, bearers, table


def test_every_check_is_held_by_a_test() -> None:
    found = bearers()

    sys.stdout.write(f"\n{table(found)}")
    assert list(CHECKS) == list(range(1, 26))
    assert sorted(found) == list(CHECKS)
