"""A channel's page while things change: on the microphone, and by the hand of who looks at it."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio
from django.db.models.functions import Now
from playwright.async_api import Page, expect

from core.models import Claim
from tests.dashboard.conftest import Backstage
from tests.dashboard.past import write, write_samples
from tests.dashboard.stage import Placed, change, database_time, put, show_poller_alive

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

CRITICAL = {"state": "critical", "reasons": ["battery_critical"], "battery_minutes": 22, "battery_bars": 1}
LOST = {"state": "offline", "status": "offline", "reasons": ["no_answer"]}
WELL = {"state": "ok", "status": "online", "reasons": []}
# Pixels of a plot's line between shares of its width, told by the colour that the line has.
LINE_BETWEEN = """
([plot, ...shares]) => {
    const canvas = document.querySelector(`[data-plot="${plot}"] canvas`);
    const [left, right] = [64, 12].map((px) => px * devicePixelRatio);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const isLine = (x, y) => {
        const [red, green, blue] = data.subarray(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 3);
        return red < 150 && green > 170 && blue > 230;
    };
    return shares.map(([from, to]) => {
        const [first, last] = [from, to].map((share) => Math.round(left + share * (canvas.width - left - right)));
        let found = 0;
        for (let x = first; x < last; x += 1) for (let y = 0; y < canvas.height; y += 1) if (isLine(x, y)) found += 1;
        return found;
    });
}
"""


def lose_it_for_ten_minutes() -> None:
    now = database_time()
    rows = [
        (now - timedelta(minutes=minute), {"rf_signal_a": -50 - minute % 7}) for minute in range(55, 35, -1)
    ]
    write("SHURE001", [*rows, (now - timedelta(minutes=35), LOST), (now - timedelta(minutes=25), WELL)])


@pytest_asyncio.fixture(loop_scope="session")
async def device(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(put, [Placed(name="Pastor", values={"rf_signal_a": -55}), Placed(name="Choir L")])
    await backstage(lose_it_for_ten_minutes)
    await opened(signed_in, "/device/SHURE001/?range=1h")
    return signed_in


async def opened(page: Page, address: str) -> None:
    """Open a page, and wait until its feed has told what is now."""
    async with page.expect_event("websocket", lambda socket: "/ws/devices/" in socket.url) as opening:
        await page.goto(address)
    await (await opening.value).wait_for_event("framereceived")
    await page.wait_for_selector("html[data-ready]", state="attached")


async def test_news_reach_tile_plots_steps_and_log(device: Page, backstage: Backstage) -> None:
    await expect(device.locator(".steps li:visible")).to_have_count(0)

    await backstage(change, "SHURE001", **CRITICAL)

    await expect(device.locator(".tile")).to_have_attribute("data-state", "critical")
    await expect(device.locator('[data-plot="battery"] .legend')).to_have_text("Runtime 0:22")
    await expect(device.locator(".steps li:visible")).to_have_text("Change the battery now.")
    await expect(device.locator(".entry").first).to_contain_text("ok → critical", timeout=15_000)


@pytest.mark.check(18)
async def test_ten_minutes_without_a_receiver_are_a_gap(device: Page) -> None:
    shares = [(0.10, 0.38), (0.44, 0.56), (0.62, 0.95)]

    drawn = await device.evaluate(LINE_BETWEEN, ["rf", *shares])

    assert drawn[0] > 100
    assert drawn[1] == 0
    assert drawn[2] > 100


@pytest.mark.check(18)
async def test_one_crosshair_is_on_all_plots_and_says_what_was(device: Page) -> None:
    plot = await device.locator('[data-plot="rf"] .u-over').bounding_box()
    assert plot

    await device.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + 20)

    for crosshair in await device.locator(".u-cursor-x").all():
        transform = await crosshair.evaluate("(line) => line.style.transform")
        assert float(re.findall(r"[\d.]+", transform)[0]) == pytest.approx(plot["width"] / 2, abs=2)
    await expect(device.locator('[data-plot="rf"] .legend')).to_have_text("A —")
    await expect(device.locator(".readout .happened")).to_contain_text("ago")


@pytest.mark.check(18)
async def test_a_range_is_in_the_address_and_survives_a_reload(device: Page) -> None:
    await device.get_by_role("link", name="15m", exact=True).click()

    await expect(device).to_have_url(re.compile("range=15m"))
    await expect(device.get_by_role("link", name="15m", exact=True)).to_have_attribute("aria-current", "true")
    await expect(device.locator(".nothing")).to_have_count(0)  # the channel came to the board just now
    await device.reload()
    await expect(device.get_by_role("link", name="15m", exact=True)).to_have_attribute("aria-current", "true")


@pytest.mark.check(19)
async def test_seven_days_of_samples_are_painted_within_a_second(device: Page, backstage: Backstage) -> None:
    until = await backstage(database_time)
    await backstage(write_samples, "SHURE002", count=60_480, every_s=10, until=until)
    peaks = [(timedelta(days=3, seconds=5), {"rf_signal_a": -19}), (timedelta(days=2), {"rf_signal_a": -104})]
    await backstage(write, "SHURE002", [(until - ago, values) for ago, values in peaks])
    await opened(device, "/device/SHURE002/?range=1h")

    painted_ms, series = await device.evaluate(
        """async () => {
            let past;
            const answered = new Promise((told) => {
                const { fetch } = window;
                window.fetch = async (...asked) => {
                    const answer = await fetch(...asked);
                    if (String(asked[0]).includes("range=7d")) {
                        const json = answer.json.bind(answer);
                        answer.json = async () => { past = await json(); told(performance.now()); return past; };
                    }
                    return answer;
                };
            });
            document.querySelector('[data-range="7d"]').click();
            const at = await answered;
            const { series } = structuredClone(past);
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return [performance.now() - at, series];
        }"""
    )

    assert painted_ms < 1000
    assert len(series["rf_signal_a"][0]) > 1000
    assert all(len(points[0]) <= 2000 for points in series.values())
    levels = [value for value in series["rf_signal_a"][1] if value is not None]
    assert (min(levels), max(levels)) == (-104, -19)
    assert (await device.evaluate(LINE_BETWEEN, ["rf", (0.05, 0.95)]))[0] > 1000


async def test_the_receiver_is_watched_while_the_page_is_open(device: Page, backstage: Backstage) -> None:
    async with device.expect_response("**/watch/") as watching:
        await device.reload()

    assert (await watching.value).status == 204
    assert await backstage(Claim.objects.filter(receiver__code="SHURE001", watched_until__gt=Now()).exists)


async def test_a_time_in_the_log_leads_to_the_wall_of_then(device: Page) -> None:
    await device.locator(".entry .then").first.click()

    await expect(device.get_by_text("REPLAY, NOT LIVE")).to_be_visible()
    await expect(device.locator("#device-SHURE001")).to_be_visible()


async def test_a_tile_leads_to_its_channel_s_page_and_that_back_to_the_tile(device: Page) -> None:
    await device.goto("/wall/")

    await device.get_by_role("link", name="SHURE002").click()
    await expect(device.get_by_role("heading", name="Choir L SHURE002")).to_be_visible()
    await device.get_by_role("link", name="Wall").click()

    await expect(device.locator("#device-SHURE002")).to_have_attribute("data-pointed", "")
