"""What a wall of a whole show costs whoever watches it, and the line to them."""

import json
import sys
from argparse import Namespace

import pytest

from tests.bench import watching


@pytest.mark.long
@pytest.mark.check(25)
def test_a_wall_of_200_channels_is_light_on_the_line_and_on_its_browser() -> None:
    """As `./micboard bench watching` measures it in ten minutes, in half of one."""
    figures = watching.run(Namespace(channels=200, interval=10, seconds=30))

    sys.stdout.write(json.dumps(figures))
    assert figures["changed_channels_a_second"] > 10  # or it was no show
    assert figures["bytes_a_second"] <= 3000
    assert figures["asked_elsewhere"] == []
    assert figures["complaints"] == []
    assert figures["long_tasks"]["computed"] == 0
    assert figures["cores_in_use"] <= 0.05
    assert figures["heap_growth_mb"] < 2.5
