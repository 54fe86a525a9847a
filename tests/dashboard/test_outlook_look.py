"""How tiles say how long their batteries last. Pictures are kept in tests/artefacts."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, change, put, show_poller_alive
from tests.dashboard.test_look import (
    CRITICAL,
    LOST,
    LOW,
    OFF,
    OVERFLOWING,
    PAGE_SCROLLS,
    STALE,
    WEAK,
    look_at,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

HEIGHTS = {1920: 1080, 1440: 900, 390: 844}  # of the screens that it is looked at on, by their widths


def forecast(
    minutes: int, *, estimated: bool = False, lasts: bool | None = None, short: int | None = None
) -> dict[str, Any]:
    told = {"minutes": minutes, "estimated": estimated, "lasts": lasts, "short_minutes": short}
    return {"forecast": told} | ({"battery_minutes": None} if estimated else {})


LASTS = forecast(380, lasts=True)
BARS = {"battery_level": None, "battery_bars": 4}
SHORT = {"state": "warning", "reasons": ["battery_short"], "battery_bars": 2}

# An evening whose end is near, with all that a tile may say about it at its fullest.
EVENING = [
    Placed(name="Pastor", values=LASTS),
    Placed(name="Worship", values=BARS | forecast(160, estimated=True, lasts=True)),
    Placed(name="Guest", values={**SHORT, "battery_minutes": 95} | forecast(95, lasts=False, short=25)),
    Placed(name="Podium", values=WEAK | LASTS),
    Placed(
        name="Choir L",
        values={**CRITICAL, "reasons": ["battery_critical", "battery_short"]}
        | forecast(22, lasts=False, short=98),
    ),
    Placed(name="Choir R", values=LOST | LASTS, seen=timedelta(minutes=20)),
    Placed(name="Lead Vox", values=OFF),
    Placed(
        name="Announcer",
        values=SHORT | BARS | forecast(95, estimated=True, lasts=False, short=605),
        critical=True,
    ),
    Placed(
        name="BGV 2",
        values={"mute_status": True, "reasons": ["no_answer"]} | LASTS,
        seen=timedelta(seconds=50),
    ),
    Placed(name="Host", values=BARS | {"battery_level": 60} | forecast(640, estimated=True, lasts=True)),
    Placed(name="MC", values=STALE | LASTS, seen=timedelta(seconds=160)),
    Placed(
        name="Panel Moderator",
        values={**LOW, "reasons": ["battery_low", "battery_short", "rf_poor", "interference"]}
        | forecast(95, lasts=False, short=25),
    ),
    Placed(name="Keys", values={"battery_bars": None} | forecast(640, estimated=True, lasts=True)),
    Placed(
        name="Narrator",
        values={**CRITICAL, "reasons": ["battery_critical", "battery_short", "no_answer"]}
        | {"battery_level": 10, "battery_bars": 1}
        | forecast(12, estimated=True, lasts=False, short=108),
    ),
    Placed(name="Violin", values={**LOW} | LASTS),
    Placed(name="Charging", values={"charging": True} | LASTS),
    *(Placed(name=f"Mic {number}", values=LASTS) for number in range(8)),
]


@pytest_asyncio.fixture(loop_scope="session")
async def evening(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(put, EVENING)
    return signed_in


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    ("wish", "width"), [("fit=3m", 1920), ("", 1920), ("", 1440), ("fit=3m", 1440), ("", 390)]
)
async def test_tiles_have_room_for_how_long_batteries_last(
    evening: Page, wish: str, width: int, theme: str
) -> None:
    picture = f"outlook-{width}{wish[4:]}-{theme}"

    await look_at(
        evening, f"/wall/?{wish}&theme={theme}", width=width, height=HEIGHTS[width], picture=picture
    )

    assert await evening.evaluate(OVERFLOWING) == []
    assert (await evening.evaluate(PAGE_SCROLLS))[0] is False


async def test_a_tile_says_whether_its_battery_lasts(evening: Page, backstage: Backstage) -> None:
    await look_at(evening, "/wall/", width=1920, height=1080, picture="outlook")
    pastor, worship = evening.locator("#device-SHURE001"), evening.locator("#device-SHURE002")
    await expect(pastor.locator(".outlook")).to_have_text("lasts ✓")
    await expect(worship.locator(".headline")).to_have_text("4/5 bars ~2:40")
    await expect(worship).to_have_attribute(
        "aria-label", "SHURE002, Worship, ok, 4/5 bars, about 2:40, lasts"
    )

    await backstage(
        change, "SHURE001", **(SHORT | {"battery_minutes": 95} | forecast(95, lasts=False, short=25))
    )

    await expect(pastor.locator(".outlook")).to_have_text("short by 0:25")
    entry = evening.locator('.trouble[data-device="SHURE003"]')
    await expect(entry.locator(".outlook")).to_be_visible()
