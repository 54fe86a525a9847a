import functools
import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.console import Console
from deploy.launcher import Launcher
from deploy.supervisor import Supervisor
from tests.deploy.processes import Start


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose path is short enough for sockets, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="micboard-deploy-") as folder:
        yield Path(folder)


@pytest.fixture
def said() -> io.StringIO:
    """What the person at the terminal has seen."""
    return io.StringIO()


@pytest.fixture
def launcher(place: Path, said: io.StringIO) -> Launcher:
    return Launcher(console=Console(said, []), folder=place, environment=os.environ)


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    await supervisor.stop()


@pytest.fixture
def start(supervisor: Supervisor, launcher: Launcher) -> Start:
    """Start these programs, as a run would; they are stopped when the test ends."""
    return functools.partial(supervisor.start, launcher)
