"""The alerts page: what it shows, who may do what there, and that it is live."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.async_api import Browser, Page, expect

from core.access import Principal
from core.alerting import acknowledge, mute, muted_now
from core.models import Alert, Destination, Location, Mute, Notice, Receiver
from dashboard.alerts import lasting
from realtime.windows import emit
from tests.dashboard.alarms import end, lose, lose_server, raise_alert, tell
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import Placed, change, put, show_poller_alive
from tests.dashboard.test_live import connected
from tests.fleet import answered, heard
from tests.polling import record_poll

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SAM = Principal(name="sam")
QUARTER = timedelta(minutes=15)
HEIGHTS = {1920: 1080, 1440: 900, 390: 844}  # of the screens that it is looked at on, by their widths
in_browser = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

POSTS = {
    "/alerts/acknowledge/": {"alert": "1", "reason": ""},
    "/alerts/mute/": {"part": "all", "lasting": "15", "reason": "line check"},
    "/alerts/unmute/": {"mute": "1"},
}


@pytest.fixture
def hand(operator: User) -> User:
    """An operator who may take alerts over."""
    operator.user_permissions.add(Permission.objects.get(codename="change_alert"))
    return operator


@pytest.fixture
def browser(client: Client, hand: User) -> Client:
    client.force_login(hand)
    return client


def sections(page: str) -> dict[str, list[str]]:
    """Return the rows of each section, by the receivers that they are about."""
    parts = re.findall(r'<section class="fate" id="(\w+)"(.*?)</section>', page, re.DOTALL)
    return {name: re.findall(r'data-device="(\w+)"', part) for name, part in parts if name != "mutes"}


def said(page: str) -> list[str]:
    return re.findall(r'<p class="said"[^>]*>(.*?)</p>', page)


def test_alerts_stand_by_what_became_of_them_the_worst_first(browser: Client) -> None:
    put([Placed(name=f"Vox {number}") for number in range(1, 6)])
    raise_alert("SHURE001", severity="warning", rule="rf_poor", message="Vox 1: RF weak")
    raise_alert("SHURE002")
    raise_alert("SHURE002", severity="warning", rule="rf_poor", message="Vox 2: RF weak")
    acknowledge(raise_alert("SHURE003").pk, by=SAM, reason="fresh <b>pack</b>")
    mute(Receiver.objects.get(code="SHURE004"), lasting=QUARTER, by=SAM, reason="line check")
    raise_alert("SHURE004")
    end(raise_alert("SHURE005"))

    page = browser.get("/alerts/").content.decode()

    assert sections(page) == {
        "open": ["SHURE002", "SHURE001"],
        "acknowledged": ["SHURE003"],
        "muted": ["SHURE004"],
        "resolved": ["SHURE005"],
    }
    assert "Vox 2: 12 minutes left</bdi> and 1 more" in page
    assert "sam</bdi></b> has it since" in page
    assert "fresh &lt;b&gt;pack&lt;/b&gt;" in page
    assert re.search(r"1 mute, until \d\d:\d\d UTC", page)


def test_a_dead_receiver_is_one_row_with_its_channels(browser: Client) -> None:
    put([Placed(name="Vox 1")])
    lose("SHURE001")

    page = browser.get("/alerts/").content.decode()

    assert sections(page)["open"] == ["SHURE001"]
    assert "no receiver" in page
    assert "No answer from SHURE001: Vox 1, Vox 2, Vox 3, Vox 4" in page


def test_a_server_that_is_down_is_a_row_of_its_own(browser: Client) -> None:
    put([Placed(name="Vox 1")])
    lose_server()

    page = browser.get("/alerts/").content.decode()

    assert 'data-device="main"' in page
    assert '<b class="word">no server</b>' in page
    assert 'value="receiver:' not in page.split('id="mutes"')[0]


def test_nothing_is_said_in_a_sentence(browser: Client) -> None:
    page = browser.get("/alerts/").content.decode()

    assert "Nothing needs a hand." in page
    assert "Whoever is to be told is told." in page


def test_the_page_costs_the_same_statements_with_one_row_and_with_three(browser: Client) -> None:
    put([Placed(name=f"Vox {number}") for number in range(1, 4)])

    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            browser.get("/alerts/")
        return len(counted)

    raise_alert("SHURE001")
    with_one = statements()
    raise_alert("SHURE002")
    raise_alert("SHURE003")

    assert statements() == with_one


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.check(20)
def test_an_anonymous_post_is_403(committed: None, client: Client, path: str) -> None:
    del committed
    strict = Client(enforce_csrf_checks=True)

    answer = client.post(path, POSTS[path])

    assert answer.status_code == 403
    assert "Sign in</a> first." in answer.content.decode()
    assert strict.post(path, POSTS[path]).status_code == 403
    assert muted_now() == []


@pytest.mark.parametrize("path", POSTS)
def test_who_looks_on_may_not_act(operator: User, client: Client, path: str) -> None:
    client.force_login(operator)
    put([Placed(name="Vox 1")])
    raise_alert("SHURE001")

    assert client.post(path, POSTS[path]).status_code == 403
    page = client.get("/alerts/").content.decode()

    assert "You look on." in page
    assert re.findall(r'<form method="post" action="([^"]+)"', page) == ["/sign-out/"]
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize("path", POSTS)
def test_a_session_without_the_forms_token_does_nothing(hand: User, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(hand)

    assert strict.post(path, POSTS[path]).status_code == 403


def test_an_alert_is_taken_over_with_a_reason_by_a_form(browser: Client, hand: User) -> None:
    put([Placed(name="Vox 1")])
    alert = raise_alert("SHURE001")

    answer = browser.post(
        "/alerts/acknowledge/", {"alert": alert.pk, "reason": "fresh pack", "theme": "light"}
    )
    again = browser.post("/alerts/acknowledge/", {"alert": alert.pk}, follow=True)

    assert answer["Location"] == "/alerts/?theme=light"
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by, alert.ack_reason) == ("acknowledged", "olga", "fresh pack")
    assert said(again.content.decode()) == ["It is over, or somebody else has it already."]
    assert [(log.user, log.change_message) for log in LogEntry.objects.all()] == [
        (hand, "Acknowledged: fresh pack")
    ]


@pytest.mark.parametrize(
    "part", ["all", "location:hall", "group:stage-left", "receiver:SHURE001", "channel:SHURE001"]
)
def test_a_part_is_muted_for_a_while_and_unmuted(browser: Client, part: str) -> None:
    put([Placed(name="Vox 1", slot=1)])
    hall = Location.objects.create(slug="hall", title="Hall")
    Receiver.objects.update(location=hall)
    raise_alert("SHURE001")

    browser.post("/alerts/mute/", {"part": part, "lasting": "60", "reason": "line check"})

    (made,) = muted_now()
    assert made.until - made.created_at == timedelta(hours=1)
    assert sections(browser.get("/alerts/").content.decode())["muted"] == ["SHURE001"]
    browser.post("/alerts/unmute/", {"mute": made.pk})
    assert muted_now() == []
    assert sections(browser.get("/alerts/").content.decode())["open"] == ["SHURE001"]
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (
            {"part": "all", "lasting": "1441", "reason": "x"},
            "A mute always ends: choose a time of up to 24 hours.",
        ),
        (
            {"part": "all", "lasting": "9" * 99, "reason": "x"},
            "A mute always ends: choose a time of up to 24 hours.",
        ),
        (
            {"part": "all", "lasting": "0", "reason": "x"},
            "A mute always ends: choose a time of up to 24 hours.",
        ),
        ({"part": "all", "lasting": "-5", "reason": "x"}, "Choose how long the mute lasts."),
        ({"part": "all", "lasting": "until", "until": "25:99", "reason": "x"}, "Write the time at which"),
        ({"part": "all", "lasting": "15", "reason": " "}, "Say why"),
        ({"part": "all", "lasting": "15", "reason": "x" * 201}, "A reason has at most 200 characters."),
        ({"part": "receiver:SHURE999", "lasting": "15", "reason": "x"}, "Choose what to mute"),
        ({"part": "nonsense", "lasting": "15", "reason": "x"}, "Choose what to mute"),
        ({}, "Choose what to mute"),
    ],
)
def test_a_mute_that_cannot_be_is_refused_in_a_sentence(
    browser: Client, form: dict[str, str], sentence: str
) -> None:
    (told,) = said(browser.post("/alerts/mute/", form, follow=True).content.decode())

    assert told.startswith(sentence)
    assert not Mute.objects.exists()


@pytest.mark.parametrize(
    ("until", "behind_utc_min", "minutes"),
    [("21:30", 0, 60), ("21:30", -120, 24 * 60 - 60), ("22:31", -120, 1), ("20:30", 0, 24 * 60)],
)
def test_a_mute_until_a_time_of_day_ends_at_the_next_one_there(
    until: str, behind_utc_min: int, minutes: int
) -> None:
    now = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)

    assert lasting("until", until, behind_utc_min, now) == timedelta(minutes=minutes)


@pytest_asyncio.fixture(loop_scope="session")
async def alerts(hand: User, signed_in: Page, backstage: Backstage) -> AsyncIterator[Page]:
    """The alerts page of an operator, connected, with four microphones that are well."""
    del hand
    await backstage(show_poller_alive)
    await backstage(put, [Placed(name=f"Vox {number}") for number in range(1, 5)])
    async with signed_in.expect_websocket():
        await signed_in.goto("/alerts/")
    yield signed_in


def in_section(page: Page, name: str, device: str = "SHURE001") -> str:
    del page
    return f"#{name} .alert[data-device={device}]"


def find(device_id: str, **values: int) -> None:
    """Poll a microphone's receiver, which tells this of it, and tell of that in a window."""
    record_poll(Receiver.objects.get(code=device_id), answered(heard(1, **values)))
    emit()


@in_browser
@pytest.mark.check(20)
async def test_an_alert_comes_is_taken_over_gets_worse_and_goes_by_itself(
    alerts: Page, backstage: Backstage
) -> None:
    """By what polls find: raised within 5 s; acknowledging shows user, time, reason; worse reopens; recovery clears."""
    await backstage(find, "SHURE001", battery_minutes=50)
    row = alerts.locator(in_section(alerts, "open"))
    await expect(row).to_be_visible(timeout=5000)
    await backstage(find, "SHURE001", battery_minutes=49)
    assert await backstage(Alert.objects.count) == 1
    await expect(alerts).to_have_title("(1) Alerts · Micboard")

    await row.get_by_label("Reason, for SHURE001").fill("fresh pack")
    await row.get_by_role("button", name="Acknowledge").click()
    mine = alerts.locator(in_section(alerts, "acknowledged"))
    await expect(mine).to_contain_text(re.compile(r"olga has it since \d\d:\d\d: .?fresh pack"))
    await expect(mine).to_be_focused()
    assert alerts.url.endswith("/alerts/")

    await backstage(find, "SHURE001", battery_minutes=12)
    await expect(alerts.locator(in_section(alerts, "open"))).to_have_attribute("data-state", "critical")
    await expect(mine).to_have_count(0)

    await backstage(find, "SHURE001", battery_minutes=300)
    await expect(alerts.locator(in_section(alerts, "resolved"))).to_contain_text("over")
    assert await backstage(Alert.objects.count) == 1
    await expect(alerts.get_by_text("Nothing needs a hand.")).to_be_visible()


@in_browser
async def test_what_is_being_typed_survives_other_alerts_and_its_own_getting_worse(
    alerts: Page, backstage: Backstage
) -> None:
    alert = await backstage(raise_alert, "SHURE001", severity="warning")
    reason = alerts.locator(in_section(alerts, "open")).get_by_label("Reason, for SHURE001")
    await reason.press_sequentially("fresh")

    await backstage(raise_alert, "SHURE002")
    await expect(alerts.locator(in_section(alerts, "open", "SHURE002"))).to_be_visible()
    await backstage(tell, alert, severity="critical")
    await expect(alerts.locator(in_section(alerts, "open"))).to_have_attribute("data-state", "critical")

    await expect(reason).to_be_focused()
    await expect(reason).to_have_value("fresh")


@in_browser
@pytest.mark.check(22)
async def test_a_mute_of_15_minutes_tells_nobody_stands_in_the_header_and_ends_by_itself(
    alerts: Page, backstage: Backstage
) -> None:
    await backstage(Destination.objects.create, name="rack", address_reference="env:NOWHERE")
    await alerts.locator("#mute > summary").click()
    form = alerts.locator("#mute form")
    await form.get_by_label("Part").select_option("all")
    await form.get_by_label("Why").fill("line check")
    await form.get_by_role("button", name="Mute").click()

    note = alerts.locator(".muted-note")
    await expect(note).to_have_text(re.compile(r"1 mute, until \d\d:\d\d"))
    (made,) = await backstage(muted_now)
    assert made.until - made.created_at == QUARTER
    await expect(alerts.locator("#mutes li")).to_contain_text("by olga")
    await backstage(raise_alert, "SHURE001")
    await expect(alerts.locator(in_section(alerts, "muted"))).to_be_visible()
    assert await backstage(Notice.objects.count) == 0

    wall = await alerts.context.new_page()
    await wall.goto("/wall/")
    await expect(wall.locator(".muted-note")).to_have_text(re.compile(r"1 mute, until \d\d:\d\d"))
    await backstage(age_mutes)
    await alerts.context.clock.install()
    await alerts.context.clock.fast_forward("15:01")
    await expect(wall.locator(".muted-note")).to_be_hidden()
    await wall.close()
    await expect(note).to_be_hidden()
    await expect(alerts.locator(in_section(alerts, "open"))).to_be_visible()


def age_mutes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_mute SET created_at = created_at - interval '16 min', until = now()")
        cursor.execute("UPDATE core_alert SET muted_until = now()")


@in_browser
async def test_a_mute_until_a_time_is_asked_for_in_the_readers_own(alerts: Page) -> None:
    await alerts.locator("#mute > summary").click()
    form = alerts.locator("#mute form")
    await expect(form.locator("input[name=until]")).to_be_hidden()

    await form.get_by_label("Part").select_option("all")
    await form.get_by_label("For").select_option("until")
    await form.locator("input[name=until]").fill("04:00")
    await form.get_by_label("Why").fill("night")
    await form.get_by_role("button", name="Mute").click()

    await expect(alerts.locator(".muted-note")).to_contain_text("until 04:00")
    await alerts.get_by_role("button", name="Unmute everything").click()
    await expect(alerts.locator(".muted-note")).to_be_hidden()


@in_browser
@pytest.mark.check(24)
async def test_the_keyboard_alone_reaches_takes_over_and_mutes(alerts: Page, backstage: Backstage) -> None:
    await backstage(raise_alert, "SHURE001")
    row = alerts.locator(in_section(alerts, "open"))
    await expect(row).to_be_visible()

    await alerts.keyboard.press("a")
    await alerts.keyboard.type("a mask, maybe")
    await alerts.keyboard.press("Enter")
    mine = alerts.locator(in_section(alerts, "acknowledged"))
    await expect(mine).to_contain_text("a mask, maybe")
    await expect(mine).to_be_focused()

    await alerts.keyboard.press("m")
    await expect(mine.locator("select[name=part]")).to_be_focused()


@in_browser
@pytest.mark.parametrize(("key", "focused"), [("a", "#open-receiver-{} "), ("m", "#mute")])
async def test_on_the_wall_the_keys_lead_from_a_tile_to_its_alert(
    alerts: Page, backstage: Backstage, key: str, focused: str
) -> None:
    receiver = (await backstage(raise_alert, "SHURE002")).receiver_id
    await alerts.goto("/wall/")
    await alerts.locator("#device-SHURE002").evaluate("(tile) => { tile.tabIndex = -1; tile.focus(); }")

    await alerts.keyboard.press(key)

    await alerts.wait_for_url("**/alerts/**")
    await expect(alerts.locator(focused.format(receiver))).to_be_visible()
    if key == "a":
        await expect(alerts.locator(focused.format(receiver))).to_be_focused()
    else:
        await expect(alerts.locator("#mute select[name=part]")).to_have_value("channel:SHURE002")


COUNT_TONES = """
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
    const root = document.documentElement;
    root.dataset.tones = Number(root.dataset.tones ?? 0) + 1;
    return start.apply(this, at);
};
"""


@in_browser
async def test_a_critical_alert_beeps_for_who_asked_for_it(alerts: Page, backstage: Backstage) -> None:
    await alerts.add_init_script(COUNT_TONES)
    await alerts.goto("/alerts/")
    box = alerts.get_by_label("Sound for critical")
    await expect(box).not_to_be_checked()
    await backstage(raise_alert, "SHURE001")
    await expect(alerts.locator(in_section(alerts, "open"))).to_be_visible()
    root = alerts.locator("html")
    assert await root.get_attribute("data-tones") is None

    await box.check()
    await expect(root).to_have_attribute("data-tones", "3")
    await alerts.reload()
    await expect(box).to_be_checked()
    await expect(alerts.locator(in_section(alerts, "open"))).to_be_visible()
    await backstage(raise_alert, "SHURE002", severity="warning")
    await expect(alerts.locator(in_section(alerts, "open", "SHURE002"))).to_be_visible()
    assert await root.get_attribute("data-tones") is None
    await backstage(raise_alert, "SHURE003")

    await expect(root).to_have_attribute("data-tones", "3")


@in_browser
async def test_an_alert_that_was_there_when_the_sound_was_chosen_beeps_no_second_time(
    alerts: Page, backstage: Backstage
) -> None:
    """It may stand on the page before any window tells of it: the page is fetched beside the feed."""
    await alerts.add_init_script(COUNT_TONES)
    await connected(alerts, "/alerts/")
    untold = await backstage(raise_alert, "SHURE001", told=False)
    await backstage(raise_alert, "SHURE002", severity="warning")
    first = alerts.locator(in_section(alerts, "open", "SHURE001"))
    version = await first.get_attribute("data-version")
    assert version
    await alerts.get_by_label("Sound for critical").check()

    await backstage(tell, untold)
    await expect(first).not_to_have_attribute("data-version", version)
    await backstage(raise_alert, "SHURE003")

    await expect(alerts.locator(in_section(alerts, "open", "SHURE003"))).to_be_visible()
    await expect(alerts.locator("html")).to_have_attribute("data-tones", "6")


@in_browser
async def test_without_javascript_the_forms_work_alone(
    alerts: Page, chromium: Browser, backstage: Backstage
) -> None:
    await backstage(raise_alert, "SHURE001")
    state = await alerts.context.storage_state()
    base = alerts.url.split("/alerts")[0]
    async with await chromium.new_context(
        base_url=base, java_script_enabled=False, storage_state=state
    ) as plain:
        page = await plain.new_page()
        await page.goto("/alerts/")
        await page.get_by_label("Reason, for SHURE001").fill("fresh pack")
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.locator(in_section(page, "acknowledged"))).to_contain_text("fresh pack")


@in_browser
async def test_what_cannot_be_done_is_said(alerts: Page, backstage: Backstage) -> None:
    await backstage(raise_alert, "SHURE001")
    row = alerts.locator(in_section(alerts, "open"))
    await expect(row).to_be_visible()
    await row.locator("input[name=alert]").evaluate("(alert) => { alert.value = 999999; }")

    await row.get_by_role("button", name="Acknowledge").click()

    await expect(alerts.get_by_text("It is over, or somebody else has it already.")).to_be_visible()
    await expect(row).to_be_visible()


HEIGHTS_OF_CONTROLS = """
() => [...document.querySelectorAll("main :is(button, summary, .sound, [type=text], [type=time], select)")]
    .filter((control) => control.checkVisibility())
    .map((control) => control.getBoundingClientRect().height)
"""


@in_browser
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", HEIGHTS)
async def test_the_page_fits_the_screen(alerts: Page, backstage: Backstage, theme: str, width: int) -> None:
    await backstage(fill)
    await alerts.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    for path, name in (("/alerts/", "alerts"), ("/wall/", "alerts-wall")):
        await alerts.goto(f"{path}?theme={theme}")
        await expect(alerts.locator(".muted-note")).to_be_visible()
        await alerts.screenshot(path=ARTEFACTS / f"{name}-{theme}-{width}.png", full_page=path == "/alerts/")
        assert await alerts.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width == 390:
        await alerts.goto("/alerts/")
        sizes = await alerts.evaluate(HEIGHTS_OF_CONTROLS)
        assert min(sizes) >= 44


def fill() -> None:
    put([Placed(name=f"Guest {number}") for number in range(5, 9)])
    names = {"SHURE001": "Rack A", "SHURE002": "Rack B", "SHURE005": "Rack C <b>\u202e", "SHURE006": "Rack D"}
    for code, name in names.items():
        Receiver.objects.filter(code=code).update(name=name)
    Receiver.objects.update(location=Location.objects.create(slug="main-a", title="Main hall A"))
    raise_alert("SHURE001")
    raise_alert("SHURE001", rule="rf_poor", severity="warning", message="Vox 1: RF weak, -88 dBm")
    raise_alert("SHURE002", rule="rf_poor", severity="warning", message="Vox 2: RF weak, -91 dBm")
    lose("SHURE003")
    acknowledge(raise_alert("SHURE004").pk, by=SAM, reason="fresh pack on the way from front of house")
    acknowledge(lose("SHURE005").pk, by=SAM, reason="")
    mute(Receiver.objects.get(code="SHURE006"), lasting=QUARTER, by=SAM, reason="line check")
    mute(Receiver.objects.get(code="SHURE007"), lasting=2 * QUARTER, by=SAM, reason="spare rack")
    raise_alert("SHURE006", severity="warning", message="Guest 6: 31 minutes left")
    end(raise_alert("SHURE008"))
    change("SHURE001", state="critical", reasons=["battery_critical"], battery_minutes=12)


@in_browser
@pytest.mark.parametrize("address", ["/wall/", "/list/"])
async def test_the_menu_counts_open_alerts_while_they_come_and_go(
    signed_in: Page, backstage: Backstage, address: str
) -> None:
    await backstage(show_poller_alive)
    await backstage(put, [Placed(name="Pastor")])
    await backstage(raise_alert, "SHURE001")
    await signed_in.goto(address)
    await signed_in.locator(".menu summary").click()
    link = signed_in.get_by_role("link", name="Alerts (1 open)")
    await expect(link).to_be_visible()

    second = await backstage(raise_alert, "SHURE001", rule="rf_poor")
    await expect(signed_in.get_by_role("link", name="Alerts (2 open)")).to_be_visible()
    await backstage(end, second)

    await expect(link).to_be_visible()
