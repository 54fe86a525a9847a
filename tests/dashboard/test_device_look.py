"""How a channel's page looks, and what its plots show. Pictures are kept in tests/artefacts."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from core.models import Absence
from tests.dashboard.conftest import Backstage
from tests.dashboard.past import write
from tests.dashboard.stage import Placed, database_time, put, show_poller_alive
from tests.dashboard.test_look import ARTEFACTS, PAGE_SCROLLS, TOO_SMALL

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

LOST = {"state": "offline", "status": "offline", "reasons": ["no_answer"]}
WELL = {"state": "ok", "status": "online", "reasons": []}
# How many pixels of a plot are not like its ground.
DRAWN = """
(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) drawn += 1;
    return drawn;
}
"""


# What happens so many minutes before now.
# Minutes before now at which Micboard itself went away and came back.
AWAY = (60, 30)
EVENTS: dict[int, dict[str, Any]] = {
    300: {"frequency_khz": 578_350},
    240: {"state": "off", "transmitter_on": False, "rf_quality": "no_tx"},
    228: {"state": "ok", "transmitter_on": True, "rf_quality": "good"},
    180: {"frequency_khz": 602_125},
    139: {"state": "warning", "reasons": ["rf_poor"], "rf_quality": "poor"},
    130: {**WELL, "rf_quality": "good"},
    90: LOST,
    80: WELL,
    20: {"state": "warning", "reasons": ["battery_low"], "battery_status": "low"},
    3: {"state": "critical", "reasons": ["battery_critical"], "battery_status": "critical"},
}


def play_an_evening() -> None:
    """Let one microphone have had five hours of show: it runs down, is retuned, lost for ten minutes, turned off."""
    now = database_time()
    minutes = [minute for minute in range(300, 0, -1) if not (80 < minute < 90 or AWAY[1] < minute < AWAY[0])]
    since, until = (now - timedelta(minutes=minute) for minute in AWAY)
    Absence.objects.create(since=since, until=until)
    write(
        "SHURE001",
        [(now - timedelta(minutes=minute), levels(minute) | EVENTS.get(minute, {})) for minute in minutes],
    )


def levels(minute: int) -> dict[str, Any]:
    wobble = (minute * 7919) % 13
    weak = 30 if 130 < minute < 140 else 0
    return {
        "battery_minutes": minute + 40,
        "battery_bars": max(1, minute // 60),
        "rf_signal_a": -52 - wobble - weak,
        "rf_signal_b": -58 - (wobble * 3) % 11 - weak,
        "rf_signal": -52 - wobble,
        "audio_level": -30 - (wobble * 5) % 17,
        "peak_level": -18 - (wobble * 5) % 15,
    }


@pytest_asyncio.fixture(loop_scope="session")
async def evening(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    critical = {
        "state": "critical",
        "reasons": ["battery_critical"],
        "battery_minutes": 22,
        "battery_bars": 1,
    }
    values = {
        **critical,
        "frequency_khz": 602_125,
        "transmitter": "ULXD2",
        "rf_signal_a": -54,
        "rf_signal_b": -60,
        "audio_level": -34,
        "peak_level": -22,
    }
    await backstage(put, [Placed(name="Choir L", values=values, slot=1), Placed(name="Spare")])
    await backstage(play_an_evening)
    return signed_in


async def open_page(page: Page, address: str) -> None:
    await page.goto(address)
    await page.wait_for_selector("html[data-ready]", timeout=8000)
    await page.wait_for_selector(".plot canvas")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1440, 900), (390, 844)])
@pytest.mark.check(18)
async def test_a_page_shows_an_evening(evening: Page, theme: str, width: int, height: int) -> None:
    await evening.set_viewport_size({"width": width, "height": height})

    await open_page(evening, f"/device/SHURE001/?range=6h&theme={theme}")
    await expect(evening.locator(".legend").first).to_contain_text("0:22")

    ARTEFACTS.mkdir(exist_ok=True)
    await evening.screenshot(path=ARTEFACTS / f"device-{width}-{theme}.png", full_page=width == 390)
    assert (await evening.evaluate(PAGE_SCROLLS))[0] is False
    for canvas in await evening.locator(".drawing canvas").all():
        assert await canvas.evaluate(DRAWN) > 1000
    if width == 390:
        # A tile opens wherever it is touched, and not at its summary alone.
        small = [target for target in await evening.evaluate(TOO_SMALL) if target != "<summary></summary>"]
        assert small == []


# The colour of most that is drawn on a canvas.
COMMONEST = """
(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] < 255) continue;
        const colour = data.slice(at, at + 3).join();
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0][0];
}
"""


async def test_plots_take_the_colours_of_another_theme_at_once(evening: Page) -> None:
    await open_page(evening, "/device/SHURE001/?range=6h")
    canvas = evening.locator(".plot canvas").first
    dark = await canvas.evaluate(COMMONEST)

    await evening.keyboard.press("t")

    await expect(evening.locator("html")).to_have_attribute("data-theme", "light")
    assert await evening.locator(".plot canvas").first.evaluate(COMMONEST) != dark


async def test_the_crosshair_in_an_absence_says_so(evening: Page) -> None:
    await open_page(evening, "/device/SHURE001/?range=6h")
    box = await evening.locator(".plot .u-over").first.bounding_box()
    assert box is not None

    share = 1 - sum(AWAY) / 2 / 360
    await evening.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)

    await expect(evening.locator(".readout .happened")).to_have_text("Micboard was away, no value is known")
    await expect(evening.locator(".legend").first).to_have_text("Runtime —")
