"""One Micboard for all of these tests, started as a person starts it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from pollers.simulator import Simulator
from tests.system.browsing import signed_in_page
from tests.system.families import EveryFamily, watching_every_family
from tests.system.show import Show, register
from tests.system.stack import Stack, running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("micboard")) as stack:
        yield stack


@pytest.fixture(scope="session")
def show(stack: Stack) -> Iterator[Show]:
    """A four-channel and a two-channel receiver whose channels differ in everything."""
    with (
        Simulator(models=("ULXD4Q", "AD4D"), seed=285, paused=True) as simulator,
        register(stack, simulator) as show,
    ):
        yield show


@pytest.fixture(scope="module")
def every_family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EveryFamily]:
    """A device of every model, on a Micboard of its own: what others count stays as it is."""
    with (
        running(tmp_path_factory.mktemp("every-family")) as stack,
        watching_every_family(stack) as every_family,
    ):
        yield every_family


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    with signed_in_page(stack) as page:
        yield page


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a stack in one process."""
    for item in items:
        for fixture, group in (("stack", "system"), ("every_family", "every family")):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(group))
