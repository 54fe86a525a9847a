"""One Micboard for all of these tests, started as a person starts it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from pollers.simulator import Simulator
from tests.system.browsing import signed_in_page
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


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    with signed_in_page(stack) as page:
        yield page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests in one process: they share a stack."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("system"))
