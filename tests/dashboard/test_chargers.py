"""The chargers' page: every bay, live, and none of them on the wall or in the list."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from playwright.async_api import Page, expect

from core.models import Channel, ChannelRecord, Receiver
from dashboard.bays import bay_face
from dashboard.faces import seen
from realtime.windows import emit
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, change, put, show_poller_alive
from tests.dashboard.test_live import connected
from tests.dashboard.vectors import vectors

BAYS = vectors("bays")
NOT_A_MICROPHONE = {
    "transmitter_on": None,
    "battery_minutes": None,
    "battery_bars": None,
    "rf_signal": None,
    "rf_quality": "unknown",
    "mute_status": None,
    "occupied": True,
    "battery_cycles": 41,
    "battery_health_percent": 96,
    "battery_celsius": 27,
}
CHARGING = {**NOT_A_MICROPHONE, "battery_level": 62, "charging": True, "minutes_to_full": 75}
FULL = {**NOT_A_MICROPHONE, "battery_level": 100, "charging": False}
EMPTY = {
    **NOT_A_MICROPHONE,
    **dict.fromkeys(
        ("battery_level", "charging", "battery_cycles", "battery_health_percent", "battery_celsius")
    ),
    "occupied": False,
    "state": "off",
}
BROKEN = {**NOT_A_MICROPHONE, "battery_level": 40, "state": "warning", "reasons": ["battery_error"]}


def put_a_charger() -> None:
    """Put a microphone, and a charger of eight bays beside it."""
    show_poller_alive()
    put([Placed(name="Pastor")])
    bays = [CHARGING, FULL, EMPTY, BROKEN, FULL, CHARGING, FULL, EMPTY]
    put([Placed(name=f"Bay {number}", values=values) for number, values in enumerate(bays, start=1)])
    Channel.objects.exclude(device_id="SHURE001").update(kind="bay")
    Receiver.objects.exclude(code="SHURE001").update(model="SBC220")
    emit()


@pytest.mark.parametrize("case", BAYS["cases"], ids=lambda case: case["name"])
def test_a_bay_says_what_the_browser_would(case: dict[str, Any]) -> None:
    channel = {**BAYS["channel"], **case["channel"]}

    drawn = bay_face(channel, seen(channel, BAYS["intervals"], datetime.fromisoformat(BAYS["now"])))

    assert asdict(drawn) == {"colour": None, **case["face"]}


def test_bays_have_their_own_page_and_stand_nowhere_else(browser: Client) -> None:
    put_a_charger()

    assert browser.get("/chargers/").content.decode().count('data-device="') == 8
    assert browser.get("/wall/").content.decode().count('<article class="tile" id=') == 1
    assert browser.get("/list/").content.decode().count('<tr data-device="') == 1


def test_without_a_charger_it_says_how_one_would_come(browser: Client) -> None:
    page = browser.get("/chargers/").content.decode()

    assert "No charger is known yet" in page
    assert ChannelRecord.objects.count() == 0


@pytest.mark.parametrize("bays", [1, 3])
def test_chargers_cost_the_same_statements_however_many(
    browser: Client, bays: int, django_assert_num_queries: Any
) -> None:
    put([Placed(name=f"Bay {number}", values=FULL) for number in range(bays)])
    Channel.objects.update(kind="bay")
    emit()

    with django_assert_num_queries(9):  # session, user, groups; begin, isolation, head, rows, alerts, commit
        browser.get("/chargers/")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_battery_that_is_full_says_so_at_once(signed_in: Page, backstage: Backstage) -> None:
    await backstage(put_a_charger)
    await connected(signed_in, "/chargers/")
    bay = signed_in.locator("#device-SHURE002")
    await expect(bay.locator(".word")).to_have_text("CHARGING")

    await backstage(change, "SHURE002", battery_level=100, charging=False, minutes_to_full=None)

    await expect(bay.locator(".word")).to_have_text("FULL", timeout=2000)
    await expect(bay.locator(".headline")).to_contain_text("100\u00a0%")
    await expect(signed_in.locator(".tile")).to_have_count(8)
