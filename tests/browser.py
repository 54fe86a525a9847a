"""A real browser for tests that need no event loop of their own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# A page that a test answers itself has no address of its own, and Chromium takes it for one from the internet.
_ARGUMENTS = ("--no-sandbox", "--disable-features=LocalNetworkAccessChecks")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium that `./micboard test` found, or the one on the path."""
    path = os.environ.get("MICBOARD_CHROMIUM") or shutil.which("chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS)) as browser,
    ):
        yield browser
