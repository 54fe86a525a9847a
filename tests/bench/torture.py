"""The feed under everything that can go wrong behind it: no figure to reach but that no promise is broken."""

import os
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import django

from tests.bench.workbench import say


def run(options: Namespace) -> dict[str, Any]:
    os.environ |= {
        "MICBOARD_SECRET_KEY": "benchmarks keep no secrets",
        "DJANGO_SETTINGS_MODULE": "core.settings",
    }
    django.setup()
    # Only now: the contract stands beside code that wants settings.
    from tests.nemesis.feed.torture import torture  # noqa: PLC0415

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
        "broken": result.broken,
    }
