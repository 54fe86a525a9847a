"""How the pages of limits, mutes and locations look in the admin. Pictures are kept in tests/artefacts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from core.access import Principal
from core.alerting import mute
from core.models import Group, Limits, Location
from tests.dashboard.conftest import Backstage
from tests.fleet import make_receivers

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = [(1440, 900), (390, 844)]
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


def put_a_house() -> dict[str, int]:
    """Say limits and mutes in several places, and return the ids of what has a page."""
    hall = Location.objects.create(
        slug="main-hall",
        title="Main hall",
        zone="Europe/Berlin",
        event_ends_at=datetime(2036, 7, 1, 20, 30, tzinfo=UTC),
    )
    band = Group.objects.create(slug="band", title="Band")
    (receiver,) = make_receivers()
    Limits.objects.create(battery_minutes_low=75)
    limits = Limits.objects.create(location=hall, battery_minutes_critical=40, rf_fair_dbm=-80)
    Limits.objects.create(group=band, clipping_dbfs=-3)
    for part, reason in ((None, "line check"), (receiver, "spare, not in use")):
        mute(part, lasting=timedelta(hours=1), by=Principal(name="sam"), reason=reason)
    return {"limits": limits.pk, "location": hall.pk}


@pytest_asyncio.fixture(loop_scope="session")
async def house(backstage: Backstage, operator: User) -> dict[str, int]:
    await backstage(User.objects.filter(pk=operator.pk).update, is_staff=True, is_superuser=True)
    made: dict[str, int] = await backstage(put_a_house)
    return made


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("limits/", "location Main hall"),
        ("limits/{limits}/change/", "A change is in force at the next poll."),
        ("mute/", "spare, not in use"),
        ("mute/add/", "For how long"),
        ("location/{location}/change/", "By the clocks there"),
    ],
)
async def test_the_page_is_read_on_every_screen(
    signed_in: Page, house: dict[str, int], address: str, said: str, *, width: int, height: int
) -> None:
    await signed_in.set_viewport_size({"width": width, "height": height})

    await signed_in.goto(f"/admin/core/{address.format(**house)}")

    name = address.split("{", 1)[0].strip("/").replace("/", "-") + ("-one" if "{" in address else "")
    await signed_in.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
    await expect(signed_in.locator("#content")).to_contain_text(said)
    assert not await signed_in.evaluate(TOO_WIDE)
