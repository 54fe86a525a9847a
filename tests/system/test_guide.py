"""The clients that the user's guide prints, in a real browser, against receivers whose channels all differ."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from core.domain.reading import ChannelReading
from tests.system.show import Show, tell_of_the_server
from tests.system.stack import ROOT

GUIDE = Path(__file__).with_name("guide")
MODULES = ROOT / "tests" / "js" / "node_modules"
OFTEN_S = 2
TOLD_WITHIN_MS = 10_000

# The elements that the guide's client looks for, in a page of an integrator's own.
TILE = (
    '<article id="device-{id}"><div class="battery-bar"></div><i class="signal-icon"></i>'
    '<time class="last-update"></time></article>'
)

# The guide's throttler, between its client and the page, as the guide means it to be used.
THROTTLED = """
const shown = {};
class Throttler extends UpdateThrottler {
    applyUpdate(deviceId, update) { shown[deviceId] = update; }
}
const throttler = new Throttler();
micboardWS.updateDeviceDisplay = (data) => throttler.queueUpdate(data.device_id, data);
window.shown = shown;
"""


@pytest.fixture
def often(show: Show) -> Iterator[Show]:
    show.poll_every(OFTEN_S)
    yield show
    for receiver in show.simulator.truth().receivers:
        for channel in receiver.channels:
            show.simulator.release(receiver.source_id, channel.reading.number)


def channels(show: Show) -> dict[str, ChannelReading]:
    """Return each channel by the id that the feed gives it, as the simulator knows it to be."""
    return {
        show.device_id(receiver.source_id, channel.reading.number): channel.reading
        for receiver in show.simulator.truth().receivers
        for channel in receiver.channels
    }


def quality(reading: ChannelReading) -> str:
    if reading.link_quality is not None:
        return ("poor", "poor", "fair", "fair", "good", "excellent")[reading.link_quality]
    assert reading.rf_dbm is not None
    limits = ((-60, "excellent"), (-70, "good"), (-83, "fair"))
    return next((word for limit, word in limits if reading.rf_dbm >= limit), "poor")


def open_page(page: Page, show: Show, *, body: str, script: str) -> list[str]:
    """Open a page of this origin with one script, and return the list of errors that it comes to have."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))

    def answer(route: Route) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(content_type="text/javascript", body=script)
        else:
            html = f"<!doctype html><body>{body}<script src='/page.js'></script>"
            route.fulfill(content_type="text/html", body=html)

    page.route(f"{show.stack.url}/page", answer)
    page.route(f"{show.stack.url}/page.js", answer)
    page.goto("/page")
    return errors


def printed(name: str, show: Show) -> str:
    """Return what the guide prints, with this server's name."""
    return (GUIDE / name).read_text().replace("ws://your-server/", f"{show.stack.feed}/")


# The guide leaves this method to its reader; without it the client goes on with the next message.
LEFT_TO_THE_READER = {"this.updateConnectionStatus is not a function"}


def test_the_javascript_client_shows_each_channel_its_own_values(often: Show, page: Page) -> None:
    first, second = often.simulator.source_ids
    before = channels(often)
    assert len({reading.battery_percent for reading in before.values()}) == len(before)
    body = "".join(TILE.format(id=device_id) for device_id in before)

    errors = open_page(page, often, body=body, script=printed("client.js", often))
    expect_tiles(page, before)

    often.simulator.set(first, 2, battery_percent=31)
    tell_of_the_server(often)
    expect_tiles(page, channels(often))
    tell_of_the_server(often)
    often.simulator.set(second, 1, battery_percent=52)
    often.simulator.set(second, 2, rf_dbm=-85)
    expect_tiles(page, channels(often))

    assert "undefined" not in page.content()
    assert set(errors) == LEFT_TO_THE_READER


def expect_tiles(page: Page, readings: dict[str, ChannelReading]) -> None:
    for device_id, reading in readings.items():
        tile = page.locator(f"#device-{device_id}")
        if reading.battery_percent is not None:
            width = f"width: {reading.battery_percent}%;"
            expect(tile.locator(".battery-bar")).to_have_attribute("style", width, timeout=TOLD_WITHIN_MS)
        expected_class = f"signal-icon {quality(reading)}"
        expect(tile.locator(".signal-icon")).to_have_class(expected_class, timeout=TOLD_WITHIN_MS)
        expect(tile.locator(".last-update")).not_to_be_empty()


def test_the_throttler_loses_no_field_of_any_channel(often: Show, page: Page) -> None:
    script = printed("client.js", often) + printed("throttler.js", often) + THROTTLED
    first, _ = often.simulator.source_ids

    open_page(page, often, body="", script=script)
    often.simulator.set(first, 3, battery_percent=44, frequency_khz=480_000)
    tell_of_the_server(often)

    wanted = {
        device_id: [
            reading.name,
            reading.battery_percent,
            reading.rf_dbm,
            quality(reading),
            reading.audio_dbfs,
        ]
        for device_id, reading in channels(often).items()
    }
    page.wait_for_function(
        """(wanted) => Object.entries(wanted).every(([id, values]) => {
            const told = window.shown[id];
            return told && JSON.stringify(values) === JSON.stringify(
                [told.name, told.battery_level, told.rf_signal, told.rf_quality, told.audio_level]);
        })""",
        arg=wanted,
        timeout=TOLD_WITHIN_MS,
    )


def test_the_react_component_shows_its_own_channel_alone(often: Show, page: Page) -> None:
    first, second = often.simulator.source_ids
    ids = list(channels(often))
    body = f"<main></main><script type='application/json' id='ids'>{json.dumps(ids)}</script>"

    errors = open_page(page, often, body=body, script=bundled(often))
    expect_monitors(page, channels(often))

    tell_of_the_server(often)
    often.simulator.set(first, 1, battery_percent=66)
    tell_of_the_server(often)
    often.simulator.set(second, 2, rf_dbm=-85)
    tell_of_the_server(often)
    expect_monitors(page, channels(often))

    assert "undefined" not in page.content()
    assert errors == []


def expect_monitors(page: Page, readings: dict[str, ChannelReading]) -> None:
    for device_id, reading in readings.items():
        percent = "" if reading.battery_percent is None else reading.battery_percent
        monitor = page.locator(f"#monitor-{device_id}")
        for selector, words in (
            ("h3", reading.name),
            (".battery", f"Battery: {percent}%"),
            (".signal", f"RF: {reading.rf_dbm} dBm ({quality(reading)})"),
            (".audio", f"Audio: {reading.audio_dbfs} dB"),
            (".status", "Status: connected"),
        ):
            expect(monitor.locator(selector)).to_have_text(words or "", timeout=TOLD_WITHIN_MS)


def bundled(show: Show) -> str:
    """Return the guide's component with React, as one script."""
    ran = subprocess.run(
        [str(MODULES / ".bin" / "esbuild"), "mount.jsx", "--bundle", "--jsx=automatic"],
        cwd=GUIDE,
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stderr} (npm ci in tests/js installs what this needs)"
    return ran.stdout.replace("ws://your-server/", f"{show.stack.feed}/")
