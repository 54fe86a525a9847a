"""How the schedule's pages look in the admin, and what an open receiver's page does. Pictures are kept in
tests/artefacts.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow as Now
from playwright.async_api import Page, expect

from core.models import Claim, Location, PollRecord, Receiver
from tests.dashboard.conftest import Backstage
from tests.dashboard.web import Web
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = [(1920, 1080), (1440, 900), (390, 844)]
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
READ_IN_THE_DARK = "rgb(255, 138, 141)"
WELL = answered(heard(1), heard(2))
LOW = answered(heard(1, battery_minutes=12), heard(2))
AGAIN_MS = 15_000  # the page asks every 10 s
NAMES = ("Rack A", "Stage left", "Worship leader, spare", "Choir", "Baptistry", "Drums", "Guests", "Rack B")


def put_a_house() -> Receiver:
    """Put receivers on the schedule in each tier, and return one with ten polls, some of which failed."""
    hall = Location.objects.create(slug="main-hall", title="Main hall", tier="critical")
    receivers = make_receivers(8, model="ULXD4D")
    edits: Mapping[int, Mapping[str, Any]] = {
        1: {"critical": True},
        2: {"interval_s": 2.5},
        3: {"location": hall},
        6: {"enabled": False},
    }
    polls = {
        0: [*([WELL] * 3), silent(), *([WELL] * 6), silent("refused"), *([WELL] * 3)],
        4: [silent()] * 3,
        5: [LOW],
    }
    for number, (receiver, name) in enumerate(zip(receivers, NAMES, strict=True)):
        Receiver.objects.filter(pk=receiver.pk).update(name=name, **edits.get(number, {}))
        for reading in polls.get(number, [WELL]) if number != 6 else ():
            record_poll(receiver, reading)
    for poll in PollRecord.objects.filter(receiver=receivers[0]):
        age = timedelta(seconds=8 + 30 * (14 - poll.claim_seq))
        took_ms = 64 + poll.claim_seq % 5 * 11
        PollRecord.objects.filter(pk=poll.pk).update(started_at=Now() - age, duration_ms=took_ms)
    Claim.objects.update(slot_at=Now() - timedelta(seconds=4), wanted=False)
    return receivers[0]


@pytest_asyncio.fixture(loop_scope="session")
async def receiver(backstage: Backstage, operator: User) -> Receiver:
    await backstage(User.objects.filter(pk=operator.pk).update, is_staff=True, is_superuser=True)
    made: Receiver = await backstage(put_a_house)
    return made


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_schedule_is_read_on_every_screen(
    signed_in: Page, receiver: Receiver, width: int, height: int
) -> None:
    await signed_in.set_viewport_size({"width": width, "height": height})

    await signed_in.goto("/admin/core/schedule/")

    await signed_in.screenshot(path=ARTEFACTS / f"schedule-{width}.png", full_page=True)
    await expect(signed_in.locator("#result_list")).to_contain_text(receiver.code)
    await expect(signed_in.locator(".tiers tbody tr")).to_have_count(3)
    assert not await signed_in.evaluate(TOO_WIDE)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_a_receiver_s_page_is_read_on_every_screen(
    signed_in: Page, receiver: Receiver, width: int, height: int
) -> None:
    await signed_in.set_viewport_size({"width": width, "height": height})

    await signed_in.goto(f"/admin/core/receiver/{receiver.pk}/change/")

    await signed_in.screenshot(path=ARTEFACTS / f"receiver-{width}.png", full_page=True)
    await expect(signed_in.locator(".explanation tbody tr")).to_have_count(10)
    assert not await signed_in.evaluate(TOO_WIDE)


async def test_what_the_pages_tell_by_colour_is_read_in_the_dark_too(
    signed_in: Page, receiver: Receiver
) -> None:
    await signed_in.emulate_media(color_scheme="dark")

    await signed_in.goto("/admin/core/schedule/")
    await expect(signed_in.locator('[data-result="failed"]').first).to_have_css("color", READ_IN_THE_DARK)
    await signed_in.goto(f"/admin/core/receiver/{receiver.pk}/change/")
    await signed_in.screenshot(path=ARTEFACTS / "receiver-dark.png", full_page=True)

    await expect(signed_in.locator('[data-result="failed"]').first).to_have_css("color", READ_IN_THE_DARK)


async def test_an_open_page_holds_its_receiver_watched_and_shows_what_the_next_poll_told(
    signed_in: Page, receiver: Receiver, backstage: Backstage
) -> None:
    await signed_in.goto(f"/admin/core/receiver/{receiver.pk}/change/")
    await expect(signed_in.locator(".explanation")).to_contain_text("due now")

    assert await backstage(Claim.objects.filter(pk=receiver.pk, wanted=True, watched_until__gt=Now()).exists)
    await backstage(record_poll, receiver, WELL)

    await expect(signed_in.locator(".explanation")).to_contain_text(
        "critical, because somebody is looking at it.", timeout=AGAIN_MS
    )


@pytest.mark.long
async def test_a_page_that_cannot_be_refreshed_says_so_until_it_can(
    signed_in: Page, receiver: Receiver, web: Web
) -> None:
    await signed_in.goto(f"/admin/core/receiver/{receiver.pk}/change/")
    await expect(signed_in.locator(".explanation")).to_contain_text("due now")

    web.kill()

    status = signed_in.get_by_role("status")
    await expect(status).to_contain_text("not fresh any more", timeout=AGAIN_MS)
    web.start()
    await expect(status).to_contain_text("counts as watched", timeout=AGAIN_MS)


async def test_the_interval_of_several_is_set_with_a_number(
    signed_in: Page, receiver: Receiver, backstage: Backstage
) -> None:
    del receiver
    await signed_in.set_viewport_size({"width": 1440, "height": 900})
    await signed_in.goto("/admin/core/schedule/")

    await signed_in.locator("#action-toggle").check()
    await signed_in.select_option("select[name=action]", label="Set interval…")
    await signed_in.get_by_role("button", name="Go").click()
    await signed_in.get_by_label("Seconds between polls").fill("0.1")
    await signed_in.get_by_role("button", name="Set for 8 receivers").click()
    await expect(signed_in.locator(".errorlist")).to_contain_text("choose 1 s or more")
    await signed_in.screenshot(path=ARTEFACTS / "set-interval-1440.png", full_page=True)
    await signed_in.get_by_label("Seconds between polls").fill("12.5")
    await signed_in.get_by_role("button", name="Set for 8 receivers").click()

    await expect(signed_in.locator(".messagelist")).to_contain_text("8 receivers are polled every 12.5 s.")
    assert await backstage(Receiver.objects.filter(interval_s=12.5).count) == 8
