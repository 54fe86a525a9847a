"""How the wall looks, on the screens that it is looked at on. Pictures are kept in tests/artefacts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from playwright.async_api import Browser, Locator, Page, expect

from core.models import Group
from tests.dashboard.conftest import Backstage, sign_in
from tests.dashboard.stage import Placed, change, put, show_poller_alive
from tests.dashboard.web import Web

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

ARTEFACTS = Path(__file__).parents[1] / "artefacts"

NOTHING = dict.fromkeys(("battery_level", "battery_minutes", "battery_bars", "rf_signal"))
LOW = {
    "state": "warning",
    "reasons": ["battery_low"],
    "battery_minutes": 95,
    "battery_bars": 2,
    "rf_quality": "good",
}
WEAK = {"state": "warning", "reasons": ["rf_poor"], "rf_signal": -88, "rf_quality": "poor"}
CRITICAL = {"state": "critical", "reasons": ["battery_critical"], "battery_minutes": 22, "battery_bars": 1}
LOST = {"state": "offline", "status": "offline", "reasons": ["no_answer", "command_strings_timeout"]}
STALE = {"state": "stale", "reasons": ["no_answer", "stale"], "battery_minutes": 200, "battery_bars": 3}
OFF = {
    **NOTHING,
    "state": "off",
    "transmitter_on": False,
    "rf_quality": "no_tx",
    "last": {
        "at": "2026-11-22T16:20:00.000Z",
        "battery_level": 100,
        "battery_minutes": 500,
        "battery_bars": 5,
    },
}

# A show with every state in it, and what makes tiles full: badges, complaints, long words.
SHOW = [
    Placed(name="Pastor", values={"battery_minutes": 520, "battery_bars": 5}, slot=1),
    Placed(name="Worship", slot=2),
    Placed(name="Guest", values=LOW, slot=3),
    Placed(name="Podium", values=WEAK, slot=4),
    Placed(name="Choir L", values=CRITICAL, slot=5),
    Placed(name="Choir R", values=LOST, seen=timedelta(minutes=20), slot=6),
    Placed(name="Lead Vox", values=OFF, slot=7),
    Placed(name="BGV 1", values={"mute_status": True}, slot=8),
    Placed(name="BGV 2", values={"reasons": ["no_answer"]}, seen=timedelta(seconds=50), slot=9),
    Placed(name="Host", slot=10),
    Placed(name="MC", values=STALE, seen=timedelta(seconds=160), slot=11),
    Placed(name="Panel", values=OFF, slot=12),
]
FULLER = [
    Placed(name="Assistant Pastor", values={**CRITICAL, "reasons": ["rf_lost", "no_answer"]}),
    Placed(name="Muted", values={**LOW, "mute_status": True, "reasons": ["interference", "clipping"]}),
    Placed(
        name="Gone", values={**CRITICAL, "reasons": ["battery_critical", "stale"]}, seen=timedelta(hours=3)
    ),
    Placed(name="Unread", values={**NOTHING, "state": "stale", "reasons": ["unread"]}, seen=None),
    *(Placed(name=f"Mic {number}") for number in range(8)),
]

# As much as a tile ever says.
FULLEST = [
    Placed(
        name="Congregation Headset",
        values={
            **CRITICAL,
            "reasons": ["battery_critical", "clipping", "interference", "command_strings_timeout"],
            "mute_status": True,
        },
    ),
    Placed(
        name="Drum Overhead L", values={**CRITICAL, "reasons": ["rf_lost", "battery_critical", "no_answer"]}
    ),
]

LONG = "A name of thirty-one characters"
ORDINARY = [
    *("Host Headset", "Horn Section", "Piano Player", "Worship Leader", "Announcer", "Lead Vox", "BGV 1"),
    *("Congregation", "Drum Overhead L", "Assistant Pastor", "Keys", "Narrator", "Pastor Headset"),
    *("Choir Left", "Choir Right", "Guest Speaker", "Podium", "Baptistry", "Acoustic Gtr"),
    *("Panel Moderator", "Translation", "Violin", "MC", "Spare HH 04"),
]

# Tiles that do not hold all that is in them, and texts that end in an ellipsis. A name may have two lines.
WORDS = {
    "critical": "CRITICAL",
    "offline": "NO RECEIVER",
    "warning": "RF WEAK",
    "stale": "old",
    "ok": "OK",
    "off": "TX OFF",
}
OVERFLOWING = """
() => [...document.querySelectorAll(".tile:not([hidden]), .trouble")].flatMap((tile) => {
    const wide = [tile, ...tile.querySelectorAll(".id, .headline, .note, .about, .signal, .last-update")];
    const badges = [...tile.querySelectorAll(".badges > span")].filter((part) => part.checkVisibility());
    const low = [...tile.querySelectorAll(".id"), ...badges];
    const high = [tile, tile.querySelector(".name")].filter((part) => part.checkVisibility());
    return [
        ...wide.filter((part) => part.clientWidth && part.scrollWidth > part.clientWidth),
        ...high.filter((part) => part.scrollHeight > part.clientHeight + (part === tile ? 0 : 1)),
        ...low.filter((part) => part.clientHeight < Math.floor(parseFloat(getComputedStyle(part).fontSize))),
    ].map((part) => `${tile.dataset.device} ${part.className}: ${part.innerText}`);
})
"""
SMALLEST_PX = """
(selector) => Math.min(...[...document.querySelectorAll(selector)]
    .map((part) => parseFloat(getComputedStyle(part).fontSize)))
"""
# How far the middles of the headlines of one row of tiles are apart.
OUT_OF_LINE_PX = """
() => {
    const rows = new Map();
    for (const tile of document.querySelectorAll(".tile:not([hidden])")) {
        const { top, bottom } = tile.querySelector(".headline").getBoundingClientRect();
        const row = Math.round(tile.getBoundingClientRect().top);
        rows.set(row, [...(rows.get(row) ?? []), (top + bottom) / 2]);
    }
    return Math.max(...[...rows.values()].map((row) => Math.max(...row) - Math.min(...row)));
}
"""
SHOW_THE_BANNER = """
() => { for (const part of document.querySelectorAll("#connection, #connection *")) part.hidden = false; }
"""
TOO_SMALL = """
() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
    .filter((target) => target.checkVisibility()
        && (target.type === "checkbox" && target.closest("label") || target).getBoundingClientRect().height < 44)
    .map((target) => target.outerHTML)
"""
COLOURS = """
() => {
    const style = getComputedStyle(document.documentElement);
    const names = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
        .flatMap((layer) => [...(layer.cssRules ?? [])]).flatMap((rule) => [...(rule.style ?? [])])
        .filter((name) => name.startsWith("--"));
    return Object.fromEntries(names.map((name) => [name.slice(2), style.getPropertyValue(name)]));
}
"""
TEXTS = [
    *(("text", ground) for ground in ("page", "tile", "offline-stripe")),
    *(("text-soft", ground) for ground in ("page", "tile", "offline-stripe")),
    *(("late", ground) for ground in ("tile", "offline-stripe", "stale-tile")),
    ("stale-text", "stale-tile"),
    ("page", "stale-text"),
    ("on-critical", "critical-fill"),
    ("on-warning", "warning-fill"),
    ("on-warning-soft", "warning-fill"),
]
EDGES = [
    *(("control-edge", ground) for ground in ("page", "tile")),
    *(("ok", ground) for ground in ("page", "tile")),
    ("warning-frame", "page"),
    ("critical-frame", "page"),
    *(("critical-rim", ground) for ground in ("page", "tile")),
    ("warning-frame", "tile"),
    ("offline", "tile"),
    ("offline", "page"),
    ("stale", "page"),
    *((f"mark-{colour}", "tile") for colour in ("blue", "violet", "pink")),
]
PAGE_SCROLLS = """
() => [
    document.documentElement.scrollWidth > innerWidth,
    document.documentElement.scrollHeight > innerHeight,
]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def wall(signed_in: Page, backstage: Backstage) -> Page:
    await backstage(show_poller_alive)
    await backstage(put, SHOW)
    return signed_in


async def resize(page: Page, width: int, height: int) -> None:
    """Give the window another size, and the page the time to arrange itself in it."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


async def look_at(page: Page, address: str, *, width: int, height: int, picture: str) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    async with page.expect_event("websocket", lambda socket: "/ws/devices/" in socket.url) as opened:
        await page.goto(address)
    await (await opened.value).wait_for_event("framereceived")
    ARTEFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTEFACTS / f"{picture}.png")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.check(1)
async def test_24_tiles_stand_whole_on_a_full_hd_screen(wall: Page, backstage: Backstage, theme: str) -> None:
    await backstage(put, FULLER)

    await look_at(wall, f"/wall/?fit=3m&theme={theme}", width=1920, height=1080, picture=f"wall-1920-{theme}")

    await expect(wall.locator(".tile:not([hidden])")).to_have_count(24)
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, False]
    assert await wall.evaluate(SMALLEST_PX, ".tile .name") >= 40

    await backstage(show_poller_alive, ago=timedelta(minutes=1))
    await expect(wall.locator("#polling")).to_be_visible(timeout=15_000)
    assert await wall.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_trouble_is_seen_at_once_on_a_laptop(wall: Page, theme: str) -> None:
    await look_at(
        wall, f"/wall/?group=stage-left&theme={theme}", width=1440, height=900, picture=f"wall-1440-{theme}"
    )

    await expect(wall.locator(".trouble .name")).to_have_text(["Choir L", "Choir R", "Guest", "Podium"])
    await expect(wall.locator(".tile .name")).to_have_text([placed.name for placed in SHOW])
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, False]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.check(23)
async def test_a_phone_shows_the_worst_first(wall: Page, theme: str) -> None:
    await look_at(wall, f"/wall/?theme={theme}", width=390, height=844, picture=f"wall-390-{theme}")

    states = [await tile.get_attribute("data-state") for tile in await wall.locator(".tile").all()]
    assert states == ["critical", "offline", "warning", "warning", "stale", *["ok"] * 5, "off", "off"]
    await expect(wall.locator(".tile").first).to_be_in_viewport()
    await expect(wall.locator(".strip")).to_be_hidden()
    assert await wall.evaluate(OVERFLOWING) == []
    assert await wall.evaluate(PAGE_SCROLLS) == [False, True]


async def test_tiles_stand_whole_on_screens_of_any_size(wall: Page, backstage: Backstage) -> None:
    await backstage(put, [*FULLER, Placed(name=LONG, values=CRITICAL)])
    await wall.goto("/wall/")

    for width, height in [(1366, 768), (768, 1024), (844, 390), (390, 844), (960, 540), (3840, 2160)]:
        await resize(wall, width, height)
        await expect(wall.locator(".tile:visible").first).to_be_in_viewport()

        assert await wall.evaluate(OVERFLOWING) == [], (width, height)
        assert (await wall.evaluate(PAGE_SCROLLS))[0] is False, (width, height)


async def test_a_tile_that_says_all_it_can_stands_whole(signed_in: Page, backstage: Backstage) -> None:
    await backstage(show_poller_alive)
    await backstage(put, [*FULLEST, *(Placed(name=f"Mic {number}") for number in range(10))])
    await signed_in.goto("/wall/")

    for width, height in [(1366, 768), (1440, 900), (1920, 1080), (2560, 1440)]:
        await resize(signed_in, width, height)
        assert await signed_in.evaluate(OVERFLOWING) == [], (width, height)


@pytest.mark.check(2)
async def test_every_state_has_a_glyph_a_word_and_a_look_of_its_own(wall: Page) -> None:
    await wall.goto("/wall/")
    looks: dict[str, Any] = await wall.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".tile")].map((tile) => {
            const { borderTopStyle, borderLeftWidth, borderTopColor, backgroundColor, backgroundImage } =
                getComputedStyle(tile);
            return [tile.dataset.state, [
                tile.querySelector("use").getAttribute("href"),
                [borderTopStyle, borderLeftWidth, borderTopColor, backgroundColor, backgroundImage].join(),
            ]];
        }))"""
    )

    assert sorted(looks) == sorted(WORDS)
    assert {glyph for glyph, _ in looks.values()} == {f"#glyph-{state}" for state in looks}
    assert len({look for _, look in looks.values()}) == 6
    for tile in await wall.locator(".tile").all():
        state = await tile.get_attribute("data-state") or ""
        told, label = await tile.inner_text(), await tile.get_attribute("aria-label") or ""
        id_, name, word, headline = label.split(", ", 3)
        assert WORDS[state] in told or (state, "LOW" in told) == (
            "warning",
            True,
        )  # the word of what is wrong
        assert id_ == await tile.get_attribute("data-device")
        assert name == await tile.locator(".name").inner_text()
        assert word == {"offline": "no receiver"}.get(state, state)
        assert headline
        if state not in {"offline", "off"}:
            assert (await tile.locator(".figure").inner_text()) in headline


@pytest.mark.parametrize("deficiency", ["protanopia", "deuteranopia", "achromatopsia"])
@pytest.mark.check(4)
async def test_states_tell_apart_without_their_colours(wall: Page, deficiency: str) -> None:
    """By border, glyph and word alone."""
    cdp = await wall.context.new_cdp_session(wall)
    await cdp.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
    await look_at(wall, "/wall/", width=1440, height=900, picture=f"wall-{deficiency}")

    looks = await wall.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".tile")].map((tile) => {
            const { borderTopStyle, borderLeftWidth } = getComputedStyle(tile);
            const said = [".word", ".headline", ".last-update"].map((part) => tile.querySelector(part).innerText);
            return [tile.dataset.state, [
                `${borderTopStyle} ${borderLeftWidth}`,
                tile.querySelector("use").getAttribute("href"),
                said.join(" "),
            ]];
        }))"""
    )

    assert len(looks) == 6
    assert {border for border, _, _ in looks.values()} > {"solid 3px", "dashed 3px"}
    for part in (1, 2):
        assert len({look[part] for look in looks.values()}) == 6
    assert {state for state, word in WORDS.items() if word in looks[state][2]} == set(WORDS)


async def test_an_empty_wall_and_the_sign_in_are_pages_of_the_same_house(signed_in: Page) -> None:
    await look_at(signed_in, "/wall/", width=1440, height=900, picture="empty")
    await expect(signed_in.get_by_text("No microphone is known yet")).to_be_visible()

    await signed_in.get_by_text("Menu").click()
    await signed_in.screenshot(path=ARTEFACTS / "menu.png")
    await signed_in.get_by_role("button", name="Sign out").click()

    await signed_in.wait_for_url("**/sign-in/")
    await signed_in.screenshot(path=ARTEFACTS / "sign-in.png")


@pytest.mark.parametrize("wish", ["", "fit=3m"])
async def test_ordinary_names_are_not_cut_and_headlines_stand_in_line(
    signed_in: Page, backstage: Backstage, wish: str
) -> None:
    await backstage(put, [Placed(name=name) for name in ORDINARY])

    for width, height in [(1440, 900), (1920, 1080)]:
        await look_at(
            signed_in, f"/wall/?{wish}", width=width, height=height, picture=f"names-{width}{wish[4:]}"
        )
        for _ in range(2):
            assert await signed_in.evaluate(OVERFLOWING) == []
            assert await signed_in.evaluate(OUT_OF_LINE_PX) <= 1
            await signed_in.evaluate("() => document.querySelector('.pager .next').click()")


async def test_what_matters_is_large_from_three_metres(wall: Page) -> None:
    for width, height, scale in [(1920, 1080, 1), (3840, 2160, 2)]:
        await look_at(wall, "/wall/?fit=3m", width=width, height=height, picture=f"wall-{width}-3m")

        for part, px in [
            (".tile .name", 40),
            (".tile .headline", 24),
            (".tile .word", 19),
            (".tile .last-update", 19),
            (".tile .notice", 19),
            (".trouble .name", 32),
            (".trouble .headline", 23),
            (".trouble .word", 23),
        ]:
            assert await wall.evaluate(SMALLEST_PX, part) >= px * scale, (part, width)


async def test_tiles_of_a_short_last_page_are_as_large_as_the_others(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(put, [Placed(name=f"Mic {number}") for number in range(13)])
    await look_at(signed_in, "/wall/", width=1440, height=900, picture="page-1")
    tile = signed_in.locator(".tile:visible").last
    on_the_first = await tile.bounding_box()

    await signed_in.get_by_role("button", name="Next page").click()

    await expect(signed_in.locator(".tile:visible")).to_have_count(6)
    on_the_last = await tile.bounding_box()
    assert on_the_first
    assert on_the_last
    assert on_the_last["height"] == pytest.approx(on_the_first["height"], abs=1)
    await signed_in.screenshot(path=ARTEFACTS / "page-2.png")


async def test_a_single_channel_has_the_whole_screen(signed_in: Page, backstage: Backstage) -> None:
    await backstage(put, [Placed(name="Host Headset")])
    await look_at(signed_in, "/wall/", width=1440, height=900, picture="single")

    tile = await signed_in.locator(".tile").bounding_box()
    assert tile
    assert tile["width"] > 1400
    assert await signed_in.evaluate(OVERFLOWING) == []


async def test_an_open_menu_lies_on_the_screen(wall: Page, backstage: Backstage) -> None:
    await backstage(put, FULLER)
    await wall.goto("/wall/")

    for width, height in [(1920, 1080), (1440, 900), (768, 1024), (390, 844), (320, 568)]:
        await resize(wall, width, height)
        await wall.get_by_text("Menu").click()
        sheet = await wall.locator(".menu .sheet").bounding_box()
        await wall.keyboard.press("Escape")

        assert sheet
        assert sheet["x"] >= 0, width
        assert sheet["x"] + sheet["width"] <= width, width
        assert sheet["y"] + sheet["height"] <= height, width
        assert (await wall.evaluate(PAGE_SCROLLS))[0] is False, width


@pytest.mark.check(23)
async def test_the_strip_of_a_phone_holds_the_worst_and_says_how_many_it_leaves_out(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(show_poller_alive)
    await backstage(put, [Placed(name=f"Mic {number}") for number in range(1, 6)])
    await backstage(change, "SHURE004", **CRITICAL)
    await backstage(change, "SHURE005", **LOW)
    await look_at(signed_in, "/wall/?sort=slot", width=390, height=844, picture="wall-390-slot")
    entries, more = signed_in.locator(".trouble:visible .name"), signed_in.locator(".more")

    await expect(entries).to_have_text(["Mic 4", "Mic 5"])
    await expect(more).to_be_hidden()

    await backstage(change, "SHURE001", **WEAK)
    await backstage(change, "SHURE002", **WEAK)

    await expect(entries).to_have_text(["Mic 4", "Mic 1", "Mic 2"])
    await expect(more).to_have_text("+1 more")
    await expect(more).to_be_in_viewport()


async def test_a_muted_microphone_keeps_its_id_on_a_phone(signed_in: Page, backstage: Backstage) -> None:
    await backstage(put, [Placed(name="BGV 1", values={**CRITICAL, "mute_status": True})])
    await look_at(signed_in, "/wall/", width=390, height=844, picture="muted-390")

    await expect(signed_in.locator(".tile .muted")).to_be_visible()
    assert await signed_in.evaluate(OVERFLOWING) == []


async def test_an_age_is_late_only_where_there_is_a_receiver(signed_in: Page, backstage: Backstage) -> None:
    await backstage(put, [Placed(name="Gone", values=LOST, seen=timedelta(seconds=70))])
    await backstage(put, [Placed(name="Late", seen=timedelta(seconds=70))])
    await signed_in.goto("/wall/")
    gone, late = (signed_in.locator(f"#device-SHURE00{number} .last-update") for number in (1, 2))

    assert await weight(late) == "700"
    assert await weight(gone) == "400"


async def weight(text: Locator) -> str:
    return str(await text.evaluate("(part) => getComputedStyle(part).fontWeight"))


async def test_the_first_paint_is_whole_before_any_script_has_run(
    chromium: Browser, web: Web, session: str, backstage: Backstage
) -> None:
    await backstage(put, [Placed(name=name) for name in ORDINARY])

    async with await chromium.new_context(
        base_url=web.address, viewport={"width": 1440, "height": 900}, java_script_enabled=False
    ) as context:
        await sign_in(context, session, web)
        page = await context.new_page()
        await page.goto("/wall/")
        await page.screenshot(path=ARTEFACTS / "first-paint.png")

        assert await page.evaluate(OVERFLOWING) == []
        assert await page.evaluate(PAGE_SCROLLS) == [False, True]


async def test_forced_colours_leave_battery_signal_and_states(wall: Page) -> None:
    await wall.emulate_media(forced_colors="active")
    await look_at(wall, "/wall/", width=1440, height=900, picture="forced-colours")

    critical = wall.locator("#device-SHURE005")
    await expect(critical).to_have_css("background-color", "rgb(220, 38, 38)")
    for part in (".battery", ".signal-icon"):
        drawn = await critical.locator(part).evaluate("(part) => getComputedStyle(part).backgroundImage")
        assert "gradient" in drawn


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.check(3)
async def test_texts_and_edges_stand_out(wall: Page, theme: str) -> None:
    await wall.goto(f"/wall/?theme={theme}")
    colours = await wall.evaluate(COLOURS)

    for text, ground in TEXTS:
        assert contrast(colours[text], colours[ground]) >= 4.8, (text, ground)
    for edge, ground in EDGES:
        assert contrast(colours[edge], colours[ground]) >= 3, (edge, ground)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, "#rrggbb" or "#rgb" (WCAG 2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    pairs = [digits[at : at + 2] for at in (0, 2, 4)] if len(digits) == 6 else [2 * digit for digit in digits]
    shares = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_a_finger_hits_every_target_on_a_phone(signed_in: Page, backstage: Backstage) -> None:
    await backstage(User.objects.update, is_staff=True)
    await backstage(Group.objects.create, slug="left", title="Left")
    await signed_in.set_viewport_size({"width": 390, "height": 844})

    for address in ("/wall/", "/wall/?group=left", "/nowhere/"):
        await signed_in.goto(address)
        await signed_in.evaluate(SHOW_THE_BANNER)

        assert await signed_in.evaluate(TOO_SMALL) == [], address
