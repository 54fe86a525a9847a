"""The keyboard on the board's pages: help, going, walking, themes."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.dashboard.axe import serious_findings
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import change, put, show_poller_alive
from tests.dashboard.test_live import connected
from tests.dashboard.test_look import ARTEFACTS, SHOW

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test


@pytest_asyncio.fixture(loop_scope="session")
async def wall(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(put, SHOW)
    await connected(signed_in)
    return signed_in


@pytest.mark.check(24)
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_question_mark_opens_help_and_esc_closes_it_without_a_reload(wall: Page, theme: str) -> None:
    await connected(wall, f"/wall/?theme={theme}")
    await wall.evaluate("() => { window.loadedOnce = true; }")
    help_ = wall.get_by_role("dialog", name="Help")

    await wall.keyboard.press("?")

    await expect(help_).to_be_visible()
    assert await help_.locator(".legend dt").all_inner_texts() == [
        "critical",
        "no receiver",
        "warning",
        "stale",
        "ok",
        "off",
    ]
    assert await serious_findings(wall) == []
    await wall.screenshot(path=ARTEFACTS / f"help-{theme}.png")
    await wall.keyboard.press("j")  # belongs to what is behind
    await expect(wall.locator(".tile:focus")).to_have_count(0)

    await wall.keyboard.press("Escape")
    await expect(help_).to_be_hidden()
    await wall.keyboard.press("Escape")
    assert await wall.evaluate("() => window.loadedOnce")


async def test_g_goes_to_the_pages(wall: Page) -> None:
    await wall.keyboard.press("g")
    await wall.keyboard.press("l")
    await wall.wait_for_url("**/list/")
    await wall.keyboard.press("g")
    await wall.keyboard.press("w")
    await wall.wait_for_url("**/wall/")


async def test_slash_on_the_wall_leads_to_the_search(wall: Page) -> None:
    await wall.keyboard.press("/")

    await wall.wait_for_url("**/list/#search")
    await expect(wall.get_by_role("searchbox")).to_be_focused()


@pytest.mark.parametrize("address", ["/wall/", "/list/?sort=id"])
async def test_j_and_k_walk_over_the_channels(wall: Page, address: str) -> None:
    await connected(wall, address)

    async def focused() -> str:
        return str(await wall.evaluate("() => document.activeElement.dataset.device"))

    walked = []
    for key in ("j", "j", "k", "k", "k", "j"):
        await wall.keyboard.press(key)
        walked.append(await focused())

    assert walked == [f"SHURE00{number}" for number in (1, 2, 1, 1, 1, 2)]


async def test_enter_says_what_is_wrong_with_the_tile_that_was_walked_to(
    wall: Page, backstage: Backstage
) -> None:
    await backstage(change, "SHURE001", reasons=["no_answer"])
    tile = wall.locator("#device-SHURE001")
    await expect(tile.locator(".notice > summary")).to_have_text("no answer")
    if await wall.locator("[data-walk]").get_attribute("data-page"):
        return

    await wall.keyboard.press("j")
    await wall.keyboard.press("Enter")

    await expect(tile.locator(".details")).to_be_visible()


async def test_t_changes_the_theme_and_the_browser_keeps_it(wall: Page) -> None:
    root = wall.locator("html")
    await wall.emulate_media(color_scheme="light")
    await expect(root).to_have_attribute("data-theme", "dark")

    for theme, word in (("light", "Light theme"), ("light", "Theme as the system's"), ("dark", "Dark theme")):
        await wall.keyboard.press("t")
        await expect(root).to_have_attribute("data-theme", theme)
        await expect(wall.locator(".toast")).to_have_text(word)

    await wall.keyboard.press("t")
    await wall.goto("/list/")
    await expect(root).to_have_attribute("data-theme", "light")
    await wall.evaluate("() => localStorage.clear()")


async def test_an_address_that_asks_for_a_theme_has_it_until_somebody_chooses(wall: Page) -> None:
    await connected(wall, "/wall/?theme=light&sort=name")
    await expect(wall.locator("html")).to_have_attribute("data-theme", "light")

    await wall.keyboard.press("t")
    await wall.keyboard.press("t")

    await expect(wall.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(wall).to_have_url(re.compile(r"/wall/\?sort=name$"))
    assert await wall.locator('a[href*="theme="]').count() == 0
    await wall.evaluate("() => localStorage.clear()")


async def test_a_theme_is_there_before_the_first_paint(wall: Page) -> None:
    await wall.evaluate("() => localStorage.setItem('micboard-theme', 'light')")

    await wall.goto("/list/", wait_until="commit")
    early = await wall.evaluate(
        """() => new Promise((done) => {
            const look = () => document.body
                ? done(document.documentElement.dataset.theme)
                : requestAnimationFrame(look);
            look();
        })"""
    )

    assert early == "light"
    await wall.evaluate("() => localStorage.clear()")


async def test_f_fills_the_screen_and_gives_it_back(wall: Page) -> None:
    for filled in (True, False):
        await wall.keyboard.press("f")
        await wall.wait_for_function("(filled) => Boolean(document.fullscreenElement) === filled", arg=filled)


async def test_the_link_of_what_is_shown_can_be_copied(wall: Page) -> None:
    await wall.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await connected(wall, "/wall/?sort=name")

    await wall.get_by_text("Menu").click()
    await wall.get_by_role("button", name="Copy link").click()

    await expect(wall.locator(".toast")).to_have_text("Link copied")
    assert str(await wall.evaluate("() => navigator.clipboard.readText()")).endswith("/wall/?sort=name")
