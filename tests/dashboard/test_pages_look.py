"""How the pages around the wall look, in both themes and on three screens. Pictures are kept in tests/artefacts."""

import pytest
from django.contrib.postgres.functions import TransactionNow as Now
from playwright.async_api import Page

from core.domain.reading import DeviceState
from core.models import Claim, Location, PollRecord, Receiver, Server
from realtime.windows import emit
from tests.dashboard.axe import serious_findings
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import put, show_poller_alive
from tests.dashboard.test_chargers import put_a_charger
from tests.dashboard.test_look import ARTEFACTS, FULLER, PAGE_SCROLLS, SHOW, TOO_SMALL

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

SIZES = [(1920, 1080), (1440, 900), (720, 450), (390, 844)]  # the third: a laptop at 200 %
PAGES = [
    "/list/",
    "/alerts/",
    "/health/",
    "/health/?why=SHURE006",
    "/chargers/",
    "/wall/",
    "/device/SHURE005/",
]


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


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("address", PAGES)
async def test_every_page_is_whole_and_accessible_on_every_screen(
    signed_in: Page, backstage: Backstage, address: str, theme: str
) -> None:
    """Checks 3, 23 and 24: no sideways scroll, targets of 44 px on a phone, no serious finding of axe-core."""
    await backstage(put_a_charger if address == "/chargers/" else put_a_house)
    name = (
        "page-" * (address == "/wall/")
        + address.strip("/").partition("/")[0]
        + ("-why" if "?" in address else "")
    )

    for width, height in SIZES:
        await signed_in.set_viewport_size({"width": width, "height": height})
        await signed_in.goto(
            f"{address}{'&' if '?' in address else '?'}theme={theme}", wait_until="networkidle"
        )
        ARTEFACTS.mkdir(exist_ok=True)
        await signed_in.screenshot(path=ARTEFACTS / f"{name}-{width}-{theme}.png")

        await signed_in.screenshot(path=ARTEFACTS / f"{name}-{width}-{theme}-whole.png", full_page=True)
        assert (await signed_in.evaluate(PAGE_SCROLLS))[0] is False, width
        assert await serious_findings(signed_in) == [], width
    too_small = await signed_in.evaluate(TOO_SMALL)
    assert [
        target for target in too_small if not target.startswith("<summary")
    ] == []  # a tile is its own button
