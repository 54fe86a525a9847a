"""Thirty clients come and go while Daphne, Postgres, Valkey and the emitters are killed: none misses anything."""

from pathlib import Path

import pytest

from .torture import torture

pytestmark = pytest.mark.xdist_group("nemesis")  # two houses at once are too much for two cores

SEED = "285"


def test_every_client_ends_where_the_database_is_and_was_told_each_window_once(tmp_path: Path) -> None:
    result = torture(tmp_path, seed=SEED, minutes=None, number=30)

    assert result.first == []
    assert [deed for deed, times in result.kills.items() if times == 0] == []
    assert [what for what, times in result.happened.items() if times == 0] == []
    assert result.closes[1012] > 0
