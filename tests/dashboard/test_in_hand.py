"""What somebody has in hand: on the first paint, live, in the strip, and in replay. Pictures are kept in
tests/artefacts.
"""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from django.test import Client
from playwright.async_api import Page, expect

from core import alerting
from core.access import Principal
from core.domain.state import instant
from core.models import Alert, ChangeRecord, Channel
from dashboard.in_hand import initials
from realtime.windows import emit
from tests.dashboard.alarms import lose, raise_alert
from tests.dashboard.conftest import Backstage
from tests.dashboard.past import write
from tests.dashboard.stage import Placed, change, database_time, put, show_poller_alive
from tests.dashboard.test_look import CRITICAL, LOST, LOW, OVERFLOWING, PAGE_SCROLLS, WEAK, look_at

browsing = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

HEIGHTS = {1920: 1080, 1440: 900, 390: 844}  # of the screens that it is looked at on, by their widths
SHOW = [
    Placed(name="Pastor", values=CRITICAL),
    Placed(name="Worship", values=CRITICAL),
    Placed(name="Assistant Pastor", values=LOW | {"mute_status": True}),
    Placed(name="Podium", values=WEAK),
    Placed(name="Choir R", values=LOST, seen=timedelta(minutes=20)),
    Placed(name="Choir L", values=LOST, seen=timedelta(minutes=20)),
    Placed(
        name="Narrator",
        values={**CRITICAL, "reasons": ["battery_critical", "no_answer"]},
        seen=timedelta(seconds=50),
    ),
    *(Placed(name=f"Mic {number}") for number in range(5)),
]

BADGES_OVER_OTHERS = """
() => [...document.querySelectorAll(".tile")].filter((tile) => {
    const foot = tile.querySelector(".foot").getBoundingClientRect().top;
    return [...tile.querySelectorAll(".badges > span")].some((badge) =>
        badge.checkVisibility() && (badge.getBoundingClientRect().bottom > foot
            || badge.getBoundingClientRect().top < tile.getBoundingClientRect().top + tile.clientTop));
}).map((tile) => tile.dataset.device)
"""


def take_over(alert: Alert, *, by: str = "Olga Meier") -> None:
    """Have somebody acknowledge an alert, and a window tell of it."""
    assert alerting.acknowledge(alert.pk, by=Principal(name=by), reason="New battery is on its way")
    emit()


def play() -> None:
    put(SHOW)
    take_over(raise_alert("SHURE001"))
    take_over(raise_alert("SHURE003", severity="warning"), by="Ben")
    take_over(lose("SHURE005"))
    take_over(raise_alert("SHURE007"))


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Olga Meier", "OM"), ("olga", "OL"), ("olga.van.meier", "OM"), ("x", "X"), ("李小龍", "李小")],
)
def test_initials_are_those_of_first_and_last_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_first_paint_says_who_has_it_in_hand(browser: Client) -> None:
    play()

    page = browser.get("/wall/").content.decode()

    assert 'data-device="SHURE001" data-state="critical" data-age="fresh" data-acked' in page
    assert 'data-device="SHURE002" data-state="critical" data-age="fresh" aria-label' in page
    assert "SHURE001, Pastor, critical, 0:22 left, Olga Meier has it since" in page


@pytest_asyncio.fixture(loop_scope="session")
async def wall(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(play)
    await backstage(Channel.objects.update, colour="violet")  # its flag takes room beside the id
    return signed_in


@browsing
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("wish", "width"), [("fit=3m", 1920), ("", 1440), ("", 390)])
async def test_what_is_in_hand_is_a_border(wall: Page, wish: str, width: int, theme: str) -> None:
    await look_at(
        wall,
        f"/wall/?{wish}&theme={theme}",
        width=width,
        height=HEIGHTS[width],
        picture=f"in-hand-{width}-{theme}",
    )

    looks: list[dict[str, Any]] = await wall.evaluate(
        """() => ["SHURE001", "SHURE002"].map((id) => {
            const { borderTopColor, borderTopWidth, backgroundColor } =
                getComputedStyle(document.getElementById(`device-${id}`));
            return { borderTopColor, backgroundColor, width: parseFloat(borderTopWidth) };
        })"""
    )
    in_hand, open_ = looks
    assert in_hand["borderTopColor"] == open_["backgroundColor"] != in_hand["backgroundColor"]
    assert in_hand["width"] >= 2 * open_["width"]
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(BADGES_OVER_OTHERS) == []
    assert (await wall.evaluate(PAGE_SCROLLS))[0] is False


@browsing
async def test_who_needs_a_hand_comes_before_what_is_in_hand(wall: Page) -> None:
    await look_at(wall, "/wall/", width=2560, height=1080, picture="in-hand-2560")

    await expect(wall.locator(".trouble .name")).to_have_text(
        ["Worship", "Choir L", "Podium", "Pastor", "Narrator"]
    )


@browsing
async def test_a_tile_turns_to_a_border_when_somebody_takes_it_over_and_back_when_it_is_worse(
    wall: Page, backstage: Backstage
) -> None:
    alert = await backstage(raise_alert, "SHURE004", rule="rf_poor", severity="warning")
    await look_at(wall, "/wall/", width=1440, height=900, picture="in-hand")
    podium = wall.locator("#device-SHURE004")
    await expect(podium.locator(".acked")).to_be_hidden()

    await backstage(take_over, alert)
    await expect(podium.locator(".acked")).to_contain_text("OM")
    await expect(podium).to_have_attribute("data-acked", "")

    worse = {"rule": "rf_poor", "severity": "critical", "state": "open"}
    await backstage(change, "SHURE004", state="critical", reasons=["rf_lost"], alert=worse)
    await expect(podium.locator(".acked")).to_be_hidden()


def test_a_replay_knows_who_had_it_in_hand(browser: Client) -> None:
    put([Placed(name="Pastor")])
    now = database_time()
    ChangeRecord.objects.update(at=now - timedelta(hours=1))
    mark = {"rule": "battery_low", "severity": "critical"}
    write(
        "SHURE001",
        [
            (now - timedelta(minutes=30), CRITICAL | {"alert": {**mark, "state": "open"}}),
            (now - timedelta(minutes=20), {"alert": {**mark, "state": "acknowledged"}}),
        ],
    )
    alert = raise_alert("SHURE001")
    Alert.objects.filter(pk=alert.pk).update(
        acknowledged_at=now - timedelta(minutes=20),
        acknowledged_by="Olga Meier",
        state="resolved",
        resolved_at=now - timedelta(minutes=5),
    )

    before, then = (
        browser.get("/wall/", {"at": instant(now - timedelta(minutes=ago))}).content.decode()
        for ago in (25, 15)
    )

    assert "Olga Meier" not in before
    assert "Pastor, critical, 0:22 left, Olga Meier has it since" in then
