"""From a knob on a receiver to an operator's eye, through every part as it is deployed."""

import subprocess
import time

import pytest
from playwright.sync_api import Page, expect

from tests.system.show import Show, listening, tell_of_the_server, until
from tests.system.stack import ROOT

INTERVAL_S = 5
GRACE_S = 2  # from the poll to the tile
QUIET_S = 120

# Notes four times a second how old each tile says that it is, in seconds.
NOTE_AGES = """
() => {
    window.ages = {};
    window.freshness = new Set();
    setInterval(() => {
        for (const tile of document.querySelectorAll(".tile")) {
            const [, seconds] = /^(\\d+) s$/.exec(tile.querySelector(".last-update").textContent.trim()) ?? [];
            (window.ages[tile.dataset.device] ??= new Set()).add(seconds === undefined ? Infinity : Number(seconds));
            window.freshness.add(tile.dataset.age);
        }
    }, 250);
}
"""


@pytest.fixture
def often(show: Show) -> Show:
    show.poll_every(INTERVAL_S)
    return show


def test_a_value_set_on_a_receiver_reaches_socket_and_tile_within_the_interval_and_two_seconds(
    often: Show, page: Page
) -> None:
    source_id = often.simulator.source_ids[0]
    device_id = often.device_id(source_id, 3)
    page.goto("/wall/")
    loads = page.evaluate("() => performance.timeOrigin")
    tile = page.locator(f"#device-{device_id}")
    expect(tile).to_be_visible()

    with listening(often.stack, "/ws/devices/?mode=batch") as feed:
        feed.next("initial_data", within_s=5)
        for minutes, told in ((95, "1:35"), (20, "0:20 left"), (300, "5:00")):
            began = time.monotonic()
            often.simulator.set(source_id, 3, battery_minutes=minutes)

            changes = feed.change_of(device_id, within_s=INTERVAL_S + GRACE_S)
            left_s = INTERVAL_S + GRACE_S - (time.monotonic() - began)
            expect(tile.locator(".headline")).to_have_text(told, timeout=1000 * left_s)
            assert changes["battery_minutes"] == minutes

    assert page.evaluate("() => performance.timeOrigin") == loads
    often.simulator.release(source_id, 3)


@pytest.mark.check(7)
def test_with_nothing_changing_for_two_minutes_nothing_is_recorded_and_nothing_is_sent(
    often: Show, page: Page
) -> None:
    """And everything stays fresh to whoever looks on. Sockets whose clients say nothing, through which no window went
    meanwhile, are still open afterwards, and receive.
    """
    stack, simulator = often.stack, often.simulator
    page.goto("/wall/")
    expect(page.locator(".tile")).to_have_count(6)
    recorded = "SELECT (SELECT count(*) FROM core_changerecord), (SELECT seq FROM core_head)"
    polls = "SELECT sum(claim_seq) FROM core_claim"
    with (
        listening(stack, "/ws/devices/?mode=batch") as batch,
        listening(stack, "/ws/devices/") as single,
        listening(stack, "/ws/devices/?mode=batch", ping_interval=None) as idle,
        listening(stack, "/ws/connections/", ping_interval=None) as connections,
        listening(stack, "/ws/health/", ping_interval=None) as health,
    ):
        settle(often)
        page.evaluate(NOTE_AGES)
        simulator.reset_counts()
        before, ((polled_before,),) = stack.sql(recorded), stack.sql(polls)
        quiet_until = time.monotonic() + QUIET_S
        for feed in (batch, single):
            feed.forget()
        while time.monotonic() < quiet_until:
            for feed in (batch, single):
                feed.next("heartbeat", within_s=12)

        ages = page.evaluate(
            "() => Object.fromEntries(Object.entries(window.ages).map(([id, each]) => [id, [...each]]))"
        )
        assert len(ages) == 6
        assert max(max(each) for each in ages.values()) <= 1.5 * INTERVAL_S + 2
        assert page.evaluate("() => [...window.freshness]") == ["fresh"]
        counts = simulator.counts()
        asked = sum(counts.requests["GET /devices/{id}"].values()) + sum(
            counts.requests.get("GET /devices/{id}/name", {}).values()
        )
        ((polled,),) = stack.sql(polls)
        assert stack.sql(recorded) == before
        assert polled - polled_before >= 2 * QUIET_S / INTERVAL_S - 4
        assert {frame["type"] for frame in batch.heard} == {"heartbeat"}
        assert {frame["type"] for frame in single.heard} <= {"heartbeat", "connection_update"}
        assert counts.conditional >= 0.9 * asked
        assert counts.not_modified >= 0.9 * asked

        for feed in (idle, connections, health):
            feed.forget()
        source_id = simulator.source_ids[0]
        simulator.set(source_id, 2, frequency_khz=602_125)
        tell_of_the_server(often)
        device_id = often.device_id(source_id, 2)
        for feed in (batch, idle):
            assert feed.change_of(device_id, within_s=INTERVAL_S + GRACE_S) == {"frequency_khz": 602_125}
        assert connections.next("connection_update", within_s=GRACE_S)["server"] == "main"
        assert health.next("api_health", within_s=GRACE_S)["status"] == "healthy"
    simulator.release(source_id, 2)


def settle(show: Show) -> None:
    """Wait until a poll of each receiver after the last change was recorded, and told.

    Trouble would linger for minutes, and each thirtieth poll asks for everything whole.
    """
    show.stack.sql(
        "UPDATE core_claim SET wanted = true, troubled_at = NULL, claim_seq = 30 * (claim_seq / 30 + 1) + 1"
    )
    until(
        lambda: show.stack.sql("SELECT bool_and(mod(claim_seq, 30) >= 3) FROM core_claim") == [(True,)],
        within_s=60,
        what="every receiver was polled again",
    )
    until(lambda: show.stack.sql("SELECT count(*) FROM core_inbox") == [(0,)], within_s=5, what="all is told")
    time.sleep(1.5)  # the window that is under way


def test_the_printed_lines_show_the_feed(often: Show) -> None:
    said = "".join(often.stack.said)
    printed = said[said.index("See the feed") :]
    command = printed[printed.index("\n\n") + 2 : printed.index("\nPY\n") + 4]
    source_id = often.simulator.source_ids[1]
    settle(often)

    with subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as shell:
        assert shell.stdout is not None
        first = shell.stdout.readline()
        often.simulator.set(source_id, 1, battery_minutes=61)
        rest = shell.stdout.readlines()

    assert first == "initial_data 6 devices\n"
    assert rest[-1] == "batch_update 1 updates\n"
    often.simulator.release(source_id, 1)
