"""A browser before a running Micboard."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.browser import chromium
from tests.system.stack import Stack


@contextmanager
def signed_in_page(stack: Stack) -> Iterator[Page]:
    """Open a browser window in which the admin has signed in."""
    cookie = stack.signed_in().cookies["sessionid"]
    with chromium() as browser, browser.new_context(base_url=stack.url) as context:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": stack.url}])
        yield context.new_page()
