"""How the pages around the wall look, in both themes and on three screens. Pictures are kept in tests/artefacts."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow as Now
from playwright.async_api import Page

from core.domain.reading import DeviceState
from core.models import Claim, Location, PollRecord, Receiver, Server
from realtime.windows import emit
from tests.dashboard.axe import serious_findings
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, put, show_poller_alive
from tests.dashboard.test_alerts_page import fill
from tests.dashboard.test_chargers import put_a_charger
from tests.dashboard.test_limits_look import put_a_house as put_limits
from tests.dashboard.test_look import ARTEFACTS, FULLER, PAGE_SCROLLS, SHOW, TOO_SMALL, resize
from tests.dashboard.test_replay import play
from tests.dashboard.test_schedule_look import put_a_house as put_a_schedule

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

SCREENS = [(1920, 1080), (1440, 900), (720, 450)]  # the last: a laptop at 200 %
PHONE = (390, 844)
# What is folded, as whoever uses the page opens it.
UNFOLD = """
() => { for (const part of document.querySelectorAll("main details:not(.tile details)")) part.open = true; }
"""
# Texts of a tile that lie on each other.
ON_EACH_OTHER = """
() => [...document.querySelectorAll(".tile")].filter((tile) => tile.checkVisibility()).flatMap((tile) => {
    const texts = [...tile.querySelectorAll(".name bdi, .figure, .word, .about, .rf, .last-update")]
        .filter((text) => text.checkVisibility() && text.innerText.trim());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    return boxes.flatMap((one, at) => boxes.slice(at + 1)
        .map((other, by) => [other, texts[at].innerText, texts[at + 1 + by].innerText])
        .filter(([other]) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
            && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 6)
        .map(([, text, another]) => `${tile.dataset.device}: ${text} on ${another}`));
})
"""


def put_a_house() -> None:
    """Put a show in two locations on the board, whose signals moved lately."""
    show_poller_alive()
    put([*SHOW, *FULLER])
    hall = Location.objects.create(slug="main-hall", title="Main hall", zone="Europe/Berlin")
    chapel = Location.objects.create(slug="chapel", title="Chapel")
    Server.objects.update(location=hall)
    Receiver.objects.filter(code__in=["SHURE003", "SHURE008"]).update(location=chapel)
    Receiver.objects.filter(code="SHURE009").update(device_state=DeviceState.DISCOVERED, address="10.0.0.9")
    refused = "10.0.0.6:2202 refuses connections."
    lost = Claim.objects.filter(receiver__code="SHURE006")
    lost.update(tier="offline", tier_reason="lost", failures=7, command_strings_error=refused)
    for code, took_ms, word in (("SHURE006", 8, "refused"), ("SHURE002", 2400, "ok")):
        receiver = Receiver.objects.get(code=code)
        PollRecord.objects.create(
            receiver=receiver,
            slot=1,
            claim_seq=1,
            started_at=Now(),
            duration_ms=took_ms,
            command_strings=word,
        )
    emit()


def put_alerts() -> None:
    show_poller_alive()
    put([Placed(name=f"Vox {number}") for number in range(1, 5)])
    fill()


def put_nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page, what it is shown with, and what its pictures are called."""

    address: str
    name: str
    put: Callable[[], object] = put_nothing
    is_text: bool = False


PAGES = [
    Shown(address="/list/", name="list", put=put_a_house),
    Shown(address="/alerts/", name="alerts-unfolded", put=put_alerts),
    Shown(address="/health/", name="health", put=put_a_house),
    Shown(address="/health/?why=SHURE006", name="health-why", put=put_a_house),
    Shown(address="/chargers/", name="chargers", put=put_a_charger),
    Shown(address="/wall/", name="page-wall", put=put_a_house),
    Shown(address="/wall/?at=-20m", name="page-replay", put=play),
    Shown(address="/device/SHURE005/", name="page-device", put=put_a_house),
    Shown(address="/feed/", name="page-feed", put=put_a_house, is_text=True),
    Shown(address="/rest/", name="page-rest", put=put_a_house, is_text=True),
    Shown(address="/nowhere/", name="404"),
    Shown(address="/sign-in/?next=/wall/", name="page-sign-in"),
]


@pytest.mark.check(3, 23, 24)
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
async def test_every_page_is_whole_and_accessible_on_every_screen(
    signed_in: Page, backstage: Backstage, shown: Shown, theme: str
) -> None:
    """No sideways scroll, not at 200 % either; targets of 44 px on a phone; no serious finding of axe-core."""
    page, picture = signed_in, ARTEFACTS / f"{shown.name}-{{}}-{theme}{{}}.png"
    ARTEFACTS.mkdir(exist_ok=True)
    await backstage(User.objects.update, is_staff=True, is_superuser=True)
    await backstage(shown.put)
    if "sign-in" in shown.address:
        await page.context.clear_cookies()

    # Where an address cannot ask for a theme the browser has one.
    await page.add_init_script(f"localStorage.setItem('micboard-theme', '{theme}')")

    async def look(width: int) -> None:
        await page.screenshot(path=str(picture).format(width, ""))
        assert (await page.evaluate(PAGE_SCROLLS))[0] is False, width
        assert_none(await page.evaluate(ON_EACH_OTHER))
        assert_none([f"{width}: {one}" for one in await serious_findings(page)])

    await open_in(page, shown, theme, SCREENS[0])
    for width, height in SCREENS:
        await resize(page, width, height)
        await look(width)

    await open_in(page, shown, theme, PHONE)
    await look(PHONE[0])
    await page.screenshot(path=str(picture).format(PHONE[0], "-whole"), full_page=True)
    assert_none([target for target in await page.evaluate(TOO_SMALL) if not is_small_by_right(shown, target)])


def is_small_by_right(shown: Shown, target: str) -> bool:
    """A tile is its own button; a link in a text is as high as its line."""
    return target.startswith("<summary") or (shown.is_text and target.startswith("<a "))


def assert_none(found: list[str]) -> None:
    assert not found, "\n".join(found)


async def open_in(page: Page, shown: Shown, theme: str, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    joined = "&" if "?" in shown.address else "?"
    await page.goto(f"{shown.address}{joined}theme={theme}", wait_until="networkidle")
    await page.evaluate(UNFOLD)


def put_an_admin_s_house() -> dict[str, int]:
    limits = put_limits()
    Location.objects.update(slug="hall")
    return {"receiver": put_a_schedule().pk, **limits}


# Each with the part of it that is ours.
ADMIN_PAGES = {
    "schedule/": "#content",
    "receiver/{receiver}/change/": ".explanation",
    "limits/": "#content",
    "limits/{limits}/change/": "#content",
    "mute/add/": "#content",
}


@pytest.mark.check(24)
async def test_the_admin_s_own_pages_are_accessible(signed_in: Page, backstage: Backstage) -> None:
    await backstage(User.objects.update, is_staff=True, is_superuser=True)
    house = await backstage(put_an_admin_s_house)

    for scheme in ("dark", "light"):
        await signed_in.emulate_media(color_scheme=scheme)
        for address, part in ADMIN_PAGES.items():
            await signed_in.goto(f"/admin/core/{address.format(**house)}")
            assert_none([f"{scheme} {address}: {one}" for one in await serious_findings(signed_in, part)])
