"""The debug toolbar: there for who asks for it, in the real page under the real web process, and absent otherwise."""

from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.system.browsing import signed_in_page
from tests.system.stack import Stack, running

pytestmark = pytest.mark.xdist_group("system")


def test_the_toolbar_works_on_the_wall_and_violates_no_policy(tmp_path: Path) -> None:
    said: list[str] = []
    with running(tmp_path, MICBOARD_DEBUG="1") as stack, signed_in_page(stack) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(error.message))

        page.goto("/wall/")
        page.locator("#djShowToolBarButton").click()
        page.locator("#djdt-SQLPanel a").click()
        expect(page.locator("#SQLPanel")).to_contain_text("core_roster")

    assert said == []


def test_without_being_asked_for_it_is_not_there(stack: Stack, page: Page) -> None:
    page.goto("/wall/")

    expect(page.locator(".wall")).to_be_visible()
    assert page.locator("#djDebug").count() == 0
    assert requests.get(f"{stack.url}/__debug__/render_panel/", timeout=10).status_code == 404
