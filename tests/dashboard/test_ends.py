"""Until when batteries have to last: in the wall's header, and on its tiles. Pictures are kept in tests/artefacts."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.async_api import Page, expect

from core.models import ChangeRecord, Location, Server
from dashboard import ends
from realtime.windows import emit
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import database_time, put, show_poller_alive
from tests.dashboard.test_look import OVERFLOWING, PAGE_SCROLLS, look_at
from tests.dashboard.test_outlook_look import EVENING, HEIGHTS
from tests.dashboard.vectors import vectors

browsing = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ENDS = vectors("ends")


@pytest.mark.parametrize("case", ENDS["cases"], ids=lambda case: case["name"])
def test_the_header_says_what_the_browser_would(case: dict[str, Any]) -> None:
    now = datetime.fromisoformat(case["now"])
    channels = [{"location": slug} for slug in case["locations"]]

    end = ends.end_of(channels, ENDS["places"], now, until=case["until"])

    told = end and ends.told(end, now, case["own_zone"])
    assert (told and asdict(told)) == case["told"]


@pytest.mark.parametrize(("text", "is_one"), ENDS["times"].items())
def test_a_time_of_day_is_written_in_one_way(text: str, is_one: bool) -> None:  # noqa: FBT001  a vector's
    assert ends.is_time(text) is is_one


@pytest.mark.parametrize("past", [{}, {"at": "-1s"}])
def test_an_end_that_is_no_time_is_refused_in_a_sentence(browser: Client, past: dict[str, str]) -> None:
    play()
    ChangeRecord.objects.update(at=database_time() - timedelta(minutes=1))

    answer = browser.get("/wall/", {"until": "half past ten", **past})

    assert answer.status_code == 400
    assert "until=22:30" in answer.content.decode()


def test_a_wall_s_own_end_decides_on_its_tiles_from_the_first_paint(browser: Client) -> None:
    play()
    now = database_time()

    page = browser.get("/wall/", {"until": f"{now + timedelta(hours=7):%H:%M}"}).content.decode()

    assert "SHURE001, Pastor, ok, 6:20, short by 0:" in page
    assert f"to {now + timedelta(hours=7):%H:%M}" in page
    assert "this wall" in page


def play(
    *, zone: str = "UTC", title: str = "Main Hall", left: timedelta = timedelta(hours=2, minutes=14)
) -> None:
    """Put the evening on the board of a place, whose event ends so much later."""
    put(EVENING)
    place = Location.objects.create(
        slug="main-a", title=title, zone=zone, event_ends_at=database_time() + left
    )
    Server.objects.update(location=place)
    emit()


@browsing
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", HEIGHTS)
async def test_the_header_has_room_for_the_end(
    signed_in: Page, backstage: Backstage, width: int, theme: str
) -> None:
    await backstage(show_poller_alive)
    await backstage(play)

    wish = "fit=3m" if width == 1920 else ""

    await look_at(
        signed_in,
        f"/wall/?{wish}&theme={theme}",
        width=width,
        height=HEIGHTS[width],
        picture=f"ends-{width}-{theme}",
    )

    await expect(signed_in.locator(".until .left")).to_have_text("2:14 left")
    await expect(signed_in.locator(".until .to")).to_be_in_viewport()
    assert await signed_in.evaluate(OVERFLOWING) == []
    assert (await signed_in.evaluate(PAGE_SCROLLS))[0] is False


@browsing
async def test_an_end_that_an_admin_moves_comes_to_an_open_wall(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(show_poller_alive)
    await backstage(play)
    await signed_in.clock.install()
    await look_at(signed_in, "/wall/", width=1440, height=900, picture="ends")
    await expect(signed_in.locator(".until .left")).to_have_text("2:14 left")

    await backstage(Location.objects.update, event_ends_at=None)
    await signed_in.clock.fast_forward(31_000)

    await expect(signed_in.locator(".until")).to_be_hidden()


@browsing
async def test_a_wall_without_a_place_has_its_own_end_by_the_reader_s_clock(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(show_poller_alive)
    await backstage(put, EVENING)
    soon = await signed_in.evaluate("() => new Date(Date.now() + 7 * 3600e3).toTimeString().slice(0, 5)")

    await look_at(signed_in, f"/wall/?until={soon}", width=1440, height=900, picture="ends-own")

    await expect(signed_in.locator(".until .to")).to_have_text(f"to {soon}")
    await expect(signed_in.locator("#device-SHURE001 .outlook")).to_contain_text("short by 0:")
