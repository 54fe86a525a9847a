"""The pages about feed and REST: whole, true to the documents, and alive. Pictures are kept in tests/artefacts."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.async_api import Page, expect

from core.models import Group
from dashboard import reference
from dashboard.api.document import openapi
from dashboard.templatetags.prose import json, prose
from realtime import contract
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, change, put, show_poller_alive

in_browser = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
PAGES = ["/feed/", "/rest/"]
SCREENS = {"1920": (1920, 1080), "1440": (1440, 900), "390": (390, 844)}

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Links within the page that lead nowhere, and ids that are there twice.
BROKEN = """
() => {
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    const links = [...document.querySelectorAll('main a[href^="#"], .toc a')].map((link) => link.hash.slice(1));
    return [...links.filter((id) => !ids.includes(id)), ...ids.filter((id, at) => ids.indexOf(id) !== at)];
}
"""
UNLABELLED = """
() => [...document.querySelectorAll("input, select, button")]
    .filter((control) => control.type !== "hidden" && !control.labels?.length && !control.textContent.trim())
    .map((control) => control.outerHTML)
"""


@pytest.fixture
def browser(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_they_are_for_those_who_are_signed_in(committed: None, client: Client, path: str) -> None:
    del committed

    assert client.get(path)["Location"] == f"/sign-in/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_one_group_or_three_cost_as_many_statements(browser: Client, path: str) -> None:
    counted = []
    for slugs in (["a"], ["b", "c"]):
        Group.objects.bulk_create(Group(slug=slug, title=slug) for slug in slugs)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        counted.append(len(queries))

    assert counted == [3, 3]


def test_the_feed_s_page_has_every_message_code_limit_and_note(browser: Client) -> None:
    page = browser.get("/feed/").content.decode()

    document = contract.asyncapi()
    ids = re.findall(r'id="message-(\w+)"', page)
    assert sorted(ids) == sorted(document["components"]["messages"])
    assert re.findall(r'data-code="(\d+)"', page) == [str(one["code"]) for one in document["x-close-codes"]]
    for name in document["components"]["schemas"]:
        assert f'id="shape-{name}"' in page
    for text in (
        *(one["what"] for one in document["x-limits"]),
        *(one["title"] for one in document["x-notes"]),
    ):
        assert text in page
    assert "ws://testserver/ws/devices/?mode=batch" in page


def test_the_page_of_rest_has_every_operation_and_problem(browser: Client) -> None:
    page = browser.get("/rest/").content.decode()

    told = [operation for methods in openapi()["paths"].values() for operation in methods.values()]
    for operation in told:
        assert f'id="{operation["operationId"]}"' in page
        for status in operation["responses"]:
            assert status.startswith("2") or f'id="problem-{status}"' in page
    assert 'href="/feed/#shape-Channel"' in page
    assert 'href="#shape-Change"' in page


def test_a_table_tells_type_unit_and_meaning() -> None:
    document = contract.asyncapi()

    fields = {
        field.name: field for field in reference.fields_of(document, {"$ref": "#/components/schemas/Channel"})
    }

    level, state, seen = fields["battery_level"], fields["state"], fields["seen_at"]
    assert (level.type, level.of, level.unit, level.required) == ("integer or null", None, "%", True)
    assert (state.type, state.of) == ("State", "State")
    assert (seen.type, seen.of) == ("Instant or null", "Instant")
    assert all(field.meaning for field in fields.values())


def test_every_field_of_every_message_has_a_meaning() -> None:
    document = contract.asyncapi()

    for action in ("send", "receive"):
        for message in reference.messages(document, action):
            assert all(field.meaning and field.type != "any" for field in message.fields), message.name


def test_json_is_written_as_people_write_it() -> None:
    value = {"short": [1, 2], "long": ["x" * 40, "y" * 40], "none": {}}

    assert reference.written(value) == (
        f'{{\n  "short": [1, 2],\n  "long": [\n    "{"x" * 40}",\n    "{"y" * 40}"\n  ],\n  "none": {{}}\n}}'
    )


def test_prose_and_json_are_escaped_before_they_are_marked() -> None:
    assert prose("`<b>` & <i>") == "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"
    assert json('{"a": "<b>", "n": -1.5, "t": true}') == (
        '{<span class="key">&quot;a&quot;</span>: <span class="string">&quot;&lt;b&gt;&quot;</span>, '
        '<span class="key">&quot;n&quot;</span>: <span class="word">-1.5</span>, '
        '<span class="key">&quot;t&quot;</span>: <span class="word">true</span>}'
    )


@in_browser
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", PAGES)
async def test_it_fits_the_screen_in_both_themes(signed_in: Page, path: str, screen: str) -> None:
    width, height = SCREENS[screen]
    await signed_in.set_viewport_size({"width": width, "height": height})
    ARTEFACTS.mkdir(exist_ok=True)
    for theme in ("dark", "light"):
        await signed_in.goto(f"{path}?theme={theme}")

        await expect(signed_in.locator(".toc")).to_have_js_property("open", width >= 1100)
        assert await signed_in.evaluate(SIDEWAYS) <= 0
        assert await signed_in.evaluate(BROKEN) == []
        assert await signed_in.evaluate(UNLABELLED) == []
        name = f"{path.strip('/')}-{screen}-{theme}"
        await signed_in.screenshot(path=ARTEFACTS / f"{name}.png")
        await signed_in.screenshot(path=ARTEFACTS / f"{name}-whole.png", full_page=True)


@in_browser
async def test_the_wall_s_menu_leads_to_both_and_each_to_the_other(signed_in: Page) -> None:
    await signed_in.goto("/wall/?theme=light")
    await signed_in.get_by_text("Menu").click()
    await signed_in.get_by_role("navigation", name="Reference").get_by_role("link", name="Feed").click()
    await expect(signed_in.get_by_role("heading", level=1)).to_have_text("The feed")
    await signed_in.get_by_role("link", name="REST").first.click()
    await expect(signed_in.get_by_role("heading", level=1)).to_have_text("REST")

    assert signed_in.url.endswith("/rest/?theme=light")
    await expect(signed_in.locator(".between [aria-current]")).to_have_text("REST")


@in_browser
async def test_the_feed_can_be_tried_in_its_page(signed_in: Page, backstage: Backstage) -> None:
    page = signed_in
    await backstage(show_poller_alive)
    (device_id, _) = await backstage(put, [Placed(name="Pastor"), Placed(name="Guest")])
    await page.goto("/feed/")
    status, frames = page.locator(".try .state"), page.locator(".frames > li")
    newest = frames.first

    await page.get_by_role("button", name="Connect").click()
    await expect(status).to_have_text("Connected")
    await expect(frames.filter(has_text="initial_data")).to_contain_text("2 channels")
    await backstage(change, device_id, battery_level=41)
    await expect(frames.filter(has_text="batch_update")).to_contain_text("1 update")
    await frames.filter(has_text="batch_update").locator("summary").click()
    await expect(frames.filter(has_text="batch_update").locator("pre")).to_contain_text('"battery_level": 41')
    await page.screenshot(path=ARTEFACTS / "feed-live.png")
    await page.get_by_role("button", name="Send ping").click()
    await expect(frames.filter(has_text="pong")).to_have_count(1)

    # Filtered: frames of that type are gone, the others stay.
    await page.get_by_label("heartbeat").uncheck()
    await expect(frames.filter(has_text="heartbeat")).to_have_count(0)
    await expect(frames.filter(has_text="initial_data")).to_have_count(1)

    # Held: what comes is counted and not shown.
    await page.get_by_role("button", name="Hold").click()
    await backstage(change, device_id, battery_level=40)
    await expect(page.locator(".heard")).to_contain_text("since held")
    await expect(frames.filter(has_text="batch_update")).to_have_count(1)
    await page.get_by_role("button", name="Hold").click()
    await expect(frames.filter(has_text="batch_update")).to_have_count(2)

    await page.get_by_role("button", name="Disconnect").click()
    await expect(status).to_have_text("Not connected")
    await page.get_by_role("combobox", name="Endpoint").select_option("health")
    await expect(page.get_by_label("Scope")).to_be_disabled()
    await page.get_by_role("button", name="Connect").click()
    await expect(newest).to_contain_text("system_health")
    await page.get_by_role("button", name="Disconnect").click()
    await page.get_by_role("button", name="Clear").click()
    await expect(frames).to_have_count(0)


@in_browser
async def test_why_a_socket_was_closed_is_told_in_the_contract_s_words(signed_in: Page) -> None:
    await signed_in.goto("/feed/")
    await signed_in.context.clear_cookies()

    await signed_in.get_by_role("button", name="Connect").click()

    await expect(signed_in.locator(".try .state")).to_have_text(
        "Closed with 4401: not, or no longer, signed in"
    )
    await expect(signed_in.locator(".frames > li")).to_contain_text("not_signed_in")
    await expect(signed_in.get_by_role("button", name="Connect")).to_be_enabled()
