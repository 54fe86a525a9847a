"""How channels and groups are prepared in the admin, in a browser. Pictures are kept in tests/artefacts."""

from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import FilePayload, Page, expect

from core.models import Group
from realtime.windows import emit
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, put

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = [(1440, "light"), (390, "dark")]
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
HOSTILE = "<img src=x onerror=alert(1)>"
NAMES = ("Lead Vox", "Worship leader, spare", HOSTILE, "")


def put_a_band() -> Group:
    put([Placed(name=name, slot=slot) for slot, name in enumerate(NAMES, start=1)], group="band")
    return Group.objects.get()


@pytest_asyncio.fixture(loop_scope="session")
async def band(backstage: Backstage, operator: User) -> Group:
    await backstage(User.objects.filter(pk=operator.pk).update, is_staff=True, is_superuser=True)
    made: Group = await backstage(put_a_band)
    return made


@pytest_asyncio.fixture(loop_scope="session", params=SIZES, ids=str)
async def admin(signed_in: Page, request: pytest.FixtureRequest) -> Page:
    """A window on the admin, on a laptop or in the dark on a phone."""
    width, scheme = request.param
    await signed_in.set_viewport_size({"width": width, "height": 900})
    await signed_in.emulate_media(color_scheme=scheme)
    return signed_in


async def picture(page: Page, name: str) -> None:
    """Keep what is shown, which is no wider than the window."""
    width = (page.viewport_size or {"width": 0})["width"]
    await page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
    assert not await page.evaluate(TOO_WIDE)


def chosen(*lines: str) -> FilePayload:
    return {"name": "channels.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


async def test_a_file_is_chosen_seen_and_imported_and_the_wall_shows_it(
    admin: Page, band: Group, backstage: Backstage
) -> None:
    del band
    wall = await admin.context.new_page()
    await wall.goto("/wall/?group=band")
    await admin.goto("/admin/core/channel/")
    await picture(admin, "channels")
    await admin.get_by_role("link", name="Import CSV").click()
    see = admin.get_by_role("button", name="Show what would change")

    await admin.get_by_label("CSV file").set_input_files(
        chosen("device_id;name;group;slot", "SHURE001;Lead;drums;1", "SHURE009;Bass;band;2")
    )
    await see.click()
    await expect(admin.locator("#content tr")).to_contain_text(
        [
            "What is wrong",
            "There is no group “drums”. Add it under Groups first",
            "There is no channel SHURE009.",
        ]
    )
    await picture(admin, "import-wrong")

    await admin.get_by_label("CSV file").set_input_files(
        chosen(
            "device_id;name;colour;group;slot;singer",
            f"SHURE001;{HOSTILE};blue;band;4;Ann",
            "SHURE004;Choir;;band;1;Bo",
        )
    )
    await see.click()
    await expect(admin.locator("#content tr").nth(1)).to_contain_text(HOSTILE)
    await picture(admin, "import")
    await admin.get_by_role("button", name="Import 5 changes").click()
    await expect(admin.get_by_text("5 changes were imported.")).to_be_visible()

    await backstage(emit)
    await expect(wall.locator(".tile .name")).to_have_text(["Choir", NAMES[1], HOSTILE, HOSTILE])
    await expect(wall.locator('[data-colour="blue"] .id')).to_have_text("SHURE001")
    await wall.close()


async def test_two_slots_change_places_and_room_is_made(
    admin: Page, band: Group, backstage: Backstage
) -> None:
    await admin.goto(f"/admin/core/group/{band.pk}/change/")
    first, second = (admin.locator(f"#id_slots-{row}-number") for row in (0, 1))
    await picture(admin, "group")

    await first.fill("2")
    await admin.get_by_role("button", name="Save and continue editing").click()
    await expect(admin.locator(".row-form-errors")).to_contain_text(
        "Slot 2 holds SHURE002 Worship leader, spare."
    )
    await picture(admin, "group-taken")
    await second.fill("1")
    await admin.get_by_role("button", name="Save and continue editing").click()
    await expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert await backstage(order, band) == ["SHURE002", "SHURE001", "SHURE003", "SHURE004"]

    await admin.locator("#id_slots-3-number").fill("1")
    await admin.get_by_label("Make room").check()
    await admin.get_by_role("button", name="Save and continue editing").click()
    await expect(admin.locator("#id_slots-0-channel")).to_contain_text("SHURE004")
    assert await backstage(order, band) == ["SHURE004", "SHURE002", "SHURE001", "SHURE003"]


def order(band: Group) -> list[str]:
    return list(band.slots.order_by("number").values_list("channel__device_id", flat=True))
