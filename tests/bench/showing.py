"""A whole Micboard on a show that is played: receivers of four channels, each polled as often as is wished."""

import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.fleet import watched
from tests.bench.player import Played, playing
from tests.system.stack import Stack, running

MODEL, CHANNELS = "ULXD4Q", 4


@contextmanager
def showing(options: Namespace) -> Iterator[tuple[Stack, Played]]:
    """Enter once all receivers were read; `options` have the number of channels and the interval in seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="micboard-bench-") as folder,
        running(Path(folder) / "data") as stack,
        playing([MODEL] * (options.channels // CHANNELS), scenario="show") as played,
    ):
        watched(stack, "main", played)
        stack.sql("UPDATE core_receiver SET interval_s = %s", options.interval)
        yield stack, played
