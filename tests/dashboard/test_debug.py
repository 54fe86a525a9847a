"""The debug toolbar: there for who asks for it, in the real page under the real web process, and absent otherwise."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.dashboard.conftest import sign_in
from tests.dashboard.web import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test


@pytest.fixture
def debugged(static_files: Path, tmp_path: Path) -> Iterator[Web]:
    """A web process of whoever develops Micboard."""
    web = Web(static=static_files, log=tmp_path / "daphne.log", MICBOARD_DEBUG="1")
    yield web
    web.kill()


async def test_the_toolbar_works_on_the_wall_and_violates_no_policy(
    chromium: Browser, debugged: Web, session: str
) -> None:
    said: list[str] = []
    async with await chromium.new_context(base_url=debugged.address) as context:
        await sign_in(context, session, debugged)
        page = await context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(error.message))

        await page.goto("/wall/")
        await page.locator("#djShowToolBarButton").click()
        await page.locator("#djdt-SQLPanel a").click()
        await expect(page.locator("#SQLPanel")).to_contain_text("core_roster")

    assert said == []


async def test_without_being_asked_for_it_is_not_there(signed_in: Page) -> None:
    await signed_in.goto("/wall/")

    await expect(signed_in.locator(".wall")).to_be_visible()
    assert await signed_in.locator("#djDebug").count() == 0
    assert (await signed_in.request.get("/__debug__/render_panel/")).status == 404
