"""The wall as it was: which moments there are, and how somebody moves through them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from django.test import Client
from playwright.async_api import Page, expect

from core.domain.state import instant
from core.models import Absence, ChangeRecord
from dashboard.moments import meant
from tests.dashboard.conftest import Backstage
from tests.dashboard.past import write
from tests.dashboard.stage import Placed, database_time, put
from tests.dashboard.test_look import ARTEFACTS, OVERFLOWING, PAGE_SCROLLS, SHOW, TOO_SMALL

browsing = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

NOW = datetime(2026, 11, 22, 20, 31, 7, tzinfo=UTC)
CRITICAL = {"state": "critical", "reasons": ["battery_critical"], "battery_minutes": 22, "battery_bars": 1}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T20:31:07Z", NOW),
        ("2026-11-22T20:31:07", NOW),
        ("2026-11-22T21:31:07+01:00", NOW),
        ("2026-11-22T21:31:07 01:00", NOW),
        ("-15m", NOW - timedelta(minutes=15)),
        ("-2d", NOW - timedelta(days=2)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_an_address_names_a_moment(text: str, at: datetime | None) -> None:
    assert meant(text, NOW) == at


def play() -> datetime:
    """Let the show have been on the board for an hour, and Pastor's battery have become critical half an hour ago."""
    put(SHOW)
    now = database_time()
    ChangeRecord.objects.update(at=now - timedelta(hours=1))
    write("SHURE001", [(now - timedelta(minutes=30), CRITICAL)])
    return now


def test_a_wall_of_then_is_painted_as_it_was(browser: Client) -> None:
    now = play()

    then = browser.get("/wall/", {"at": instant(now - timedelta(minutes=40))}).content.decode()
    later = browser.get("/wall/", {"at": "-20m"}).content.decode()

    assert 'id="device-SHURE001" data-device="SHURE001" data-state="ok" data-age="fresh"' in then
    assert 'id="device-SHURE001" data-device="SHURE001" data-state="critical"' in later
    assert "REPLAY, NOT LIVE" in then
    assert "micboard/js/wall.js" not in then


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("-5d", "Nothing is kept of that moment: the history begins"),
        ("2999-01-01T00:00:00Z", "That moment is still to come."),
        ("tomorrow", "Write the moment as"),
    ],
)
def test_a_moment_that_there_is_not_is_told_in_a_sentence(browser: Client, at: str, sentence: str) -> None:
    play()

    answer = browser.get("/wall/", {"at": at})

    assert answer.status_code == 404
    assert sentence in answer.content.decode()


def test_from_a_moment_that_there_is_not_lead_the_ways_to_those_that_there_are(browser: Client) -> None:
    play()

    page = browser.get("/wall/", {"at": "-5d", "group": "", "theme": "light"}).content.decode()

    for link in re.findall(r'href="(/wall/[^"]*at=[^"]*)"', page):
        assert browser.get(link.replace("&amp;", "&")).status_code == 200
        assert "theme=light" in link
    assert "Micboard keeps 30 days of history" in page
    assert "MICBOARD_HISTORY_DAYS" not in page  # that is an admin's affair


def test_a_moment_in_which_nobody_polled_is_not_shown_as_if_somebody_had(browser: Client) -> None:
    now = play()
    minute = timedelta(minutes=1)
    Absence.objects.create(since=now - 50 * minute, until=now - 45 * minute)

    then = browser.get("/wall/", {"at": instant(now - 48 * minute)}).content.decode()
    later = browser.get("/wall/", {"at": instant(now - 44 * minute)}).content.decode()
    told = browser.get(
        "/wall/alerts/", {"from": instant(now - 60 * minute), "to": instant(now - 49 * minute)}
    ).json()

    assert '<p class="away">Micboard was not watching' in then
    assert 'id="device-SHURE001" data-device="SHURE001" data-state="stale"' in then
    assert '<p class="away" hidden>' in later
    assert 'id="device-SHURE001" data-device="SHURE001" data-state="ok" data-age="fresh"' in later
    assert told["absences"] == [
        {"from": instant(now - 50 * minute), "to": instant(now - 45 * minute)},
    ]


def test_the_past_begins_where_a_browser_thinks_that_it_does(browser: Client) -> None:
    put([Placed(name="Pastor")])
    begin = instant(ChangeRecord.objects.get().at)

    assert [row["name"] for row in browser.get("/wall/board/", {"at": begin}).json()["devices"]] == ["Pastor"]


def test_a_house_without_a_past_says_so(browser: Client) -> None:
    assert "Nothing has been recorded yet" in browser.get("/wall/?at=-1m").content.decode()


def test_the_board_of_a_moment_is_read_in_the_same_few_statements(
    browser: Client, django_assert_num_queries: object
) -> None:
    now = play()

    # Session, user, what is kept, tiers, absences, board, alerts.
    with django_assert_num_queries(7):  # type: ignore[operator]
        told = browser.get("/wall/board/", {"at": instant(now)}).json()

    assert len(told["devices"]) == 12


@pytest_asyncio.fixture(loop_scope="session")
async def then(signed_in: Page, backstage: Backstage) -> Page:
    """The replay of 40 minutes ago."""
    await backstage(play)
    await signed_in.goto("/wall/?at=-40m")
    await signed_in.wait_for_selector("html[data-ready]", state="attached")
    return signed_in


ADDRESS_IS_OF_THE_MOMENT = """
() => {
    const at = Date.parse(new URLSearchParams(location.search).get("at"));
    return at === Date.parse(document.querySelector(".moment").dateTime);
}
"""


@browsing
async def test_somebody_moves_through_the_past(then: Page) -> None:
    pastor = then.locator("#device-SHURE001")
    await expect(pastor).to_have_attribute("data-state", "ok")

    await then.locator(".time").focus()
    for _ in range(12):
        await then.get_by_role("button", name="A minute on").click()
    await expect(pastor).to_have_attribute("data-state", "critical")
    await expect(pastor.locator(".headline")).to_contain_text("0:22")

    for _ in range(4):
        await then.get_by_role("button", name="A minute back").click()
    await expect(pastor).to_have_attribute("data-state", "ok")
    await then.wait_for_function(ADDRESS_IS_OF_THE_MOMENT)
    await then.reload()
    await expect(pastor).to_have_attribute("data-state", "ok")


def be_away() -> None:
    now = play()
    Absence.objects.create(since=now - timedelta(minutes=38, seconds=30), until=now - timedelta(minutes=36))


@browsing
async def test_somebody_moves_through_a_time_in_which_nobody_polled(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(be_away)
    await signed_in.goto("/wall/?at=-40m")
    await signed_in.wait_for_selector("html[data-ready]", state="attached")
    states = signed_in.locator("#device-SHURE001")
    said = signed_in.get_by_text("Micboard was not watching from")
    on = signed_in.get_by_role("button", name="A minute on")

    await expect(states).to_have_attribute("data-state", "ok")
    await expect(said).to_be_hidden()
    for _ in range(3):
        await on.click()
    await expect(said).to_be_visible()
    await expect(states).to_have_attribute("data-state", "stale")
    await expect(signed_in.locator(".marks [data-state=away]")).to_have_count(1)
    await signed_in.screenshot(path=ARTEFACTS / "replay-away-1440.png")
    await signed_in.set_viewport_size({"width": 390, "height": 844})
    await signed_in.screenshot(path=ARTEFACTS / "replay-away-390.png")
    assert await signed_in.evaluate(OVERFLOWING) == []
    for _ in range(2):
        await on.click()
    await expect(said).to_be_hidden()
    await expect(states).to_have_attribute("data-state", "ok")


@browsing
async def test_the_link_to_a_moment_is_copied(then: Page) -> None:
    await then.context.grant_permissions(["clipboard-read", "clipboard-write"])

    await then.get_by_role("button", name="Copy link").click()

    await expect(then.get_by_text("Link copied")).to_be_visible()
    assert await then.evaluate("() => navigator.clipboard.readText()") == then.url


@browsing
async def test_the_past_plays_by_itself_until_somebody_holds_it(then: Page) -> None:
    await then.locator(".speed select").select_option("300")

    await then.get_by_role("button", name="Play").click()
    await expect(then.locator("#device-SHURE001")).to_have_attribute("data-state", "critical", timeout=15_000)
    await then.get_by_role("button", name="Pause").click()

    await expect(then.get_by_role("button", name="Play")).to_be_visible()
    await then.get_by_role("link", name="Back to live").click()
    await expect(then).to_have_url(re.compile(r"/wall/\??$"))
    await expect(then.locator(".replay")).to_have_count(0)


@browsing
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1920, 1080), (1440, 900), (390, 844)])
async def test_a_replay_is_no_board_that_anybody_takes_for_live(
    signed_in: Page, backstage: Backstage, theme: str, size: tuple[int, int]
) -> None:
    await backstage(play)
    await signed_in.set_viewport_size({"width": size[0], "height": size[1]})

    await signed_in.goto(f"/wall/?at=-20m&theme={theme}")
    await signed_in.wait_for_selector("html[data-ready]", state="attached")

    await signed_in.screenshot(path=ARTEFACTS / f"replay-{size[0]}-{theme}.png")
    await expect(signed_in.get_by_text("REPLAY, NOT LIVE")).to_be_in_viewport()
    assert await signed_in.evaluate(OVERFLOWING) == []
    assert (await signed_in.evaluate(PAGE_SCROLLS))[0] is False
    if size[0] == 390:
        small = await signed_in.evaluate(TOO_SMALL.replace("document.", "document.querySelector('.replay')."))
        assert small == []
