from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pollers.shure import transport
from tests.pollers.shure.played import Identity, Play, Played, PlayedServer


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity.make(tmp_path_factory.mktemp("identity") / "server.pem", "127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity.make(tmp_path_factory.mktemp("identity") / "impostor.pem", "127.0.0.1", "localhost")


@pytest.fixture
def stage() -> Iterator[ExitStack]:
    """What is put on it goes when the test does, and with it the connections that the client kept."""
    with ExitStack() as stack:
        yield stack
        transport.forget_connections()


@pytest.fixture
def serve(stage: ExitStack, identity: Identity) -> Callable[[Play], PlayedServer]:
    return lambda play: stage.enter_context(PlayedServer(play, identity=identity))


@pytest.fixture
def receive(stage: ExitStack) -> Callable[[Play], Played]:
    return lambda play: stage.enter_context(Played(play))
