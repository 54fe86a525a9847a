"""How the wall looks, on the screens that it is looked at on. Pictures are kept in tests/artefacts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, put, show_poller_alive

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"

NOTHING = dict.fromkeys(("battery_level", "battery_minutes", "battery_bars", "rf_signal"))
LOW = {
    "state": "warning",
    "reasons": ["battery_low"],
    "battery_minutes": 95,
    "battery_bars": 2,
    "rf_quality": "good",
}
WEAK = {"state": "warning", "reasons": ["rf_poor"], "rf_signal": -88, "rf_quality": "poor"}
CRITICAL = {"state": "critical", "reasons": ["battery_critical"], "battery_minutes": 22, "battery_bars": 1}
LOST = {"state": "offline", "status": "offline", "reasons": ["no_answer", "command_strings_timeout"]}
STALE = {"state": "stale", "reasons": ["no_answer", "stale"], "battery_minutes": 200, "battery_bars": 3}
OFF = {
    **NOTHING,
    "state": "off",
    "transmitter_on": False,
    "rf_quality": "no_tx",
    "last": {
        "at": "2026-11-22T16:20:00.000Z",
        "battery_level": 100,
        "battery_minutes": 500,
        "battery_bars": 5,
    },
}

# A show with every state in it, and what makes tiles full: badges, complaints, long words.
SHOW = [
    Placed(name="Pastor", values={"battery_minutes": 520, "battery_bars": 5}, slot=1),
    Placed(name="Worship", slot=2),
    Placed(name="Guest", values=LOW, slot=3),
    Placed(name="Podium", values=WEAK, slot=4),
    Placed(name="Choir L", values=CRITICAL, slot=5),
    Placed(name="Choir R", values=LOST, seen=timedelta(minutes=20), slot=6),
    Placed(name="Lead Vox", values=OFF, slot=7),
    Placed(name="BGV 1", values={"mute_status": True}, slot=8),
    Placed(name="BGV 2", values={"reasons": ["no_answer"]}, seen=timedelta(seconds=50), slot=9),
    Placed(name="Host", slot=10),
    Placed(name="MC", values=STALE, seen=timedelta(seconds=160), slot=11),
    Placed(name="Panel", values=OFF, slot=12),
]
FULLER = [
    Placed(name="A name of thirty-one characters", values={**CRITICAL, "reasons": ["rf_lost", "no_answer"]}),
    Placed(name="Muted", values={**LOW, "mute_status": True, "reasons": ["interference", "clipping"]}),
    Placed(
        name="Gone", values={**CRITICAL, "reasons": ["battery_critical", "stale"]}, seen=timedelta(hours=3)
    ),
    Placed(name="Unread", values={**NOTHING, "state": "stale", "reasons": ["unread"]}, seen=None),
    *(Placed(name=f"Mic {number}") for number in range(8)),
]

OVERFLOWING = """
() => [...document.querySelectorAll(".tile:not([hidden])")]
    .filter((tile) => tile.scrollHeight > tile.clientHeight || tile.scrollWidth > tile.clientWidth)
    .map((tile) => `${tile.id}: ${tile.innerText}`)
"""
SMALLEST_NAME_PX = """
() => Math.min(...[...document.querySelectorAll(".tile .name")]
    .map((name) => parseFloat(getComputedStyle(name).fontSize)))
"""
PAGE_SCROLLS = """
() => [
    document.documentElement.scrollWidth > innerWidth,
    document.documentElement.scrollHeight > innerHeight,
]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def wall(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(put, SHOW)
    return signed_in


async def look_at(page: Page, address: str, *, width: int, height: int, picture: str) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    async with page.expect_event("websocket", lambda socket: "/ws/devices/" in socket.url) as opened:
        await page.goto(address)
    await (await opened.value).wait_for_event("framereceived")
    ARTEFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTEFACTS / f"{picture}.png")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_24_tiles_stand_whole_on_a_full_hd_screen(wall: Page, backstage: Backstage, theme: str) -> None:
    await backstage(put, FULLER)

    await look_at(wall, f"/wall/?fit=3m&theme={theme}", width=1920, height=1080, picture=f"wall-1920-{theme}")

    await expect(wall.locator(".tile:not([hidden])")).to_have_count(24)
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, False]
    assert await wall.evaluate(SMALLEST_NAME_PX) >= 40


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_trouble_is_seen_at_once_on_a_laptop(wall: Page, theme: str) -> None:
    await look_at(
        wall, f"/wall/?group=stage-left&theme={theme}", width=1440, height=900, picture=f"wall-1440-{theme}"
    )

    await expect(wall.locator(".trouble .name")).to_have_text(["Choir L", "Choir R", "Guest", "Podium"])
    await expect(wall.locator(".tile .name")).to_have_text([placed.name for placed in SHOW])
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, False]


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_phone_shows_the_worst_first(wall: Page, theme: str) -> None:
    await look_at(wall, f"/wall/?theme={theme}", width=390, height=844, picture=f"wall-390-{theme}")

    states = [await tile.get_attribute("data-state") for tile in await wall.locator(".tile").all()]
    assert states == ["critical", "offline", "warning", "warning", "stale", *["ok"] * 5, "off", "off"]
    await expect(wall.locator(".tile").first).to_be_in_viewport()
    await expect(wall.locator(".strip")).to_be_hidden()
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, True]


async def test_tiles_stand_whole_on_screens_of_any_size(wall: Page, backstage: Backstage) -> None:
    await backstage(put, FULLER)
    await wall.goto("/wall/")

    for width, height in [(1366, 768), (768, 1024), (844, 390), (960, 540), (3840, 2160)]:
        await wall.set_viewport_size({"width": width, "height": height})
        await expect(wall.locator(".tile:visible").first).to_be_in_viewport()

        assert await wall.evaluate(OVERFLOWING) == [], (width, height)
        assert (await wall.evaluate(PAGE_SCROLLS))[0] is False, (width, height)


async def test_every_state_has_a_glyph_a_word_and_a_look_of_its_own(wall: Page) -> None:
    await wall.goto("/wall/")

    looks: dict[str, Any] = await wall.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".tile")].map((tile) => {
            const { borderTopStyle, borderLeftWidth, borderTopColor, backgroundColor, backgroundImage } =
                getComputedStyle(tile);
            return [tile.dataset.state, [
                tile.querySelector("use").getAttribute("href"),
                [borderTopStyle, borderLeftWidth, borderTopColor, backgroundColor, backgroundImage].join(),
            ]];
        }))"""
    )

    assert len(looks) == 6
    assert {glyph for glyph, _ in looks.values()} == {f"#glyph-{state}" for state in looks}
    assert len({look for _, look in looks.values()}) == 6


async def test_an_empty_wall_and_the_sign_in_are_pages_of_the_same_house(signed_in: Page) -> None:
    await look_at(signed_in, "/wall/", width=1440, height=900, picture="empty")
    await expect(signed_in.get_by_text("No microphone is known yet")).to_be_visible()

    await signed_in.get_by_text("Menu").click()
    await signed_in.screenshot(path=ARTEFACTS / "menu.png")
    await signed_in.get_by_role("button", name="Sign out").click()

    await signed_in.wait_for_url("**/sign-in/")
    await signed_in.screenshot(path=ARTEFACTS / "sign-in.png")
