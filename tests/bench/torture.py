"""The feed while everything behind it is killed: no figure to reach but that no promise is broken."""

import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from tests.bench.workbench import say
from tests.nemesis.feed.torture import torture


def run(options: Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="micboard-torture-") as folder:
        result = torture(
            Path(folder), seed=str(options.seed), minutes=options.minutes, number=options.clients
        )
    for line in result.first:
        say(line)
    return {
        "seed": options.seed,
        **result.happened,
        "kills": result.kills,
        "closes": result.closes,
        **result.broken,
        "breaches": len(result.breaches),
    }
