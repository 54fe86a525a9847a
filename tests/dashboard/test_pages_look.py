"""How the pages around the wall look, in both themes and on three screens. Pictures are kept in tests/artefacts."""

import pytest
from playwright.async_api import Page

from core.models import Location, Receiver, Server
from realtime.windows import emit
from tests.dashboard.axe import serious_findings
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import put, show_poller_alive
from tests.dashboard.test_look import ARTEFACTS, FULLER, PAGE_SCROLLS, SHOW, TOO_SMALL

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

SIZES = [(1920, 1080), (1440, 900), (390, 844)]
PAGES = ["/list/"]


def put_a_house() -> None:
    """Put a show in two locations on the board, whose signals moved lately."""
    show_poller_alive()
    put([*SHOW, *FULLER])
    hall = Location.objects.create(slug="main-hall", title="Main hall", zone="Europe/Berlin")
    chapel = Location.objects.create(slug="chapel", title="Chapel")
    Server.objects.update(location=hall)
    Receiver.objects.filter(code__in=["SHURE003", "SHURE008"]).update(location=chapel)
    emit()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("address", PAGES)
async def test_every_page_is_whole_and_accessible_on_every_screen(
    signed_in: Page, backstage: Backstage, address: str, theme: str
) -> None:
    """Checks 3, 23 and 24: no sideways scroll, targets of 44 px on a phone, no serious finding of axe-core."""
    await backstage(put_a_house)
    name = address.strip("/").partition("/")[0]

    for width, height in SIZES:
        await signed_in.set_viewport_size({"width": width, "height": height})
        await signed_in.goto(f"{address}?theme={theme}", wait_until="networkidle")
        ARTEFACTS.mkdir(exist_ok=True)
        await signed_in.screenshot(path=ARTEFACTS / f"{name}-{width}-{theme}.png")

        assert (await signed_in.evaluate(PAGE_SCROLLS))[0] is False, width
        assert await serious_findings(signed_in) == [], width
    assert await signed_in.evaluate(TOO_SMALL) == []
