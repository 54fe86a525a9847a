"""The health page: what it says of a house that is well, and of one that is not."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.functions import TransactionNow as Now
from django.test import Client
from playwright.async_api import Page, expect

from core.domain.reading import DeviceState
from core.models import Claim, PollRecord, Pulse, Receiver, ServerHealth
from dashboard import health
from tests.dashboard.conftest import Backstage
from tests.dashboard.stage import show_poller_alive
from tests.fleet import answered, heard, make_receivers, make_server, silent
from tests.polling import record_poll

WELL = answered(heard(1), heard(2))


def make_a_house() -> list[Receiver]:
    """Put receivers on the schedule: two that are well, one that is slow, one that fails, one only discovered."""
    show_poller_alive()
    Pulse.objects.create(part="poll.suspect", at=Now())
    receivers = make_receivers(5, model="ULXD4D")
    for receiver, reading in zip(receivers, [WELL, WELL, WELL, silent("refused"), WELL], strict=True):
        record_poll(receiver, reading)
    PollRecord.objects.filter(receiver=receivers[2]).update(duration_ms=2400)
    Receiver.objects.filter(pk=receivers[4].pk).update(device_state=DeviceState.DISCOVERED)
    ServerHealth.objects.update_or_create(
        server=make_server(), defaults={"status": "connected", "latency_ms": 45}
    )
    Claim.objects.update(slot_at=Now(), wanted=False)
    return receivers


def text_of(page: str, part: str) -> str:
    """Return the words of a fresh part of the page."""
    found = re.search(rf'data-fresh="{part}">(.*?)</(?:ul|dl|table)>', page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_it_says_what_is_well_and_who_is_not(browser: Client) -> None:
    receivers = make_a_house()

    page = browser.get("/health/").content.decode()

    codes = [receiver.code for receiver in receivers]
    assert "silent" not in text_of(page, "parts")
    assert f"{codes[3]}" in text_of(page, "failing")
    assert "Check its address, and allow third-party control" in text_of(page, "failing")
    assert f"{codes[2]} 2.4 s a poll" in text_of(page, "slowest")
    assert codes[4] in text_of(page, "discovered")
    assert "System API" in text_of(page, "discovered")
    assert "0 of 5 receivers" in text_of(page, "figures")


def test_what_is_silent_is_told_with_the_next_step(browser: Client) -> None:
    make_a_house()
    show_poller_alive(ago=timedelta(minutes=2))

    page = browser.get("/health/").content.decode()

    assert (
        "silent Beat seen 2 min ago says when which receiver is polled Is the process beat running?"
        in text_of(page, "parts")
    )
    assert "<title>(!) Health" in page


def test_polls_that_are_late_and_those_that_wait_are_counted(browser: Client) -> None:
    receivers = make_a_house()
    late, waiting = receivers[0].pk, receivers[1].pk
    Claim.objects.filter(pk=late).update(slot_at=Now() - timedelta(minutes=5))
    Claim.objects.filter(pk=waiting).update(inflight_until=Now() + timedelta(seconds=9), claim_seq=99)

    figures = text_of(browser.get("/health/").content.decode(), "figures")

    assert "late 20 % 1 of 5 receivers waiting for a worker 1" in figures.replace("&nbsp;", " ")


def test_devices_are_counted_by_interval_with_the_reasons(browser: Client) -> None:
    receivers = make_a_house()
    Receiver.objects.filter(pk=receivers[0].pk).update(interval_s=2.5)
    Receiver.objects.filter(pk=receivers[1].pk).update(enabled=False)

    told = text_of(browser.get("/health/").content.decode(), "intervals")

    assert "2.5 s 1 it answers, and none of its channels is in trouble" in told
    assert "10 s 1 its last poll failed; after 3 such it counts as lost" in told
    assert "30 s 2" in told


def test_it_explains_why_a_receiver_is_polled_as_it_is(browser: Client) -> None:
    receivers = make_a_house()

    explained = browser.get(f"/health/?why={receivers[3].code.lower()}").content.decode()
    unknown = browser.get("/health/?why=%3Cb%3Enobody").content.decode()

    assert "because its last poll failed" in explained
    assert "There is no receiver, channel or alias “&lt;b&gt;nobody”." in unknown
    assert browser.get("/health/?why=%00").status_code == 200


def test_those_who_may_look_are_led_to_the_schedule(browser: Client, operator: User) -> None:
    make_a_house()
    assert "/admin/core/schedule/" not in browser.get("/health/").content.decode()

    operator.user_permissions.add(Permission.objects.get(codename="view_receiver"))
    assert "/admin/core/schedule/?tier=critical" in browser.get("/health/").content.decode()


@pytest.mark.parametrize("receivers", [1, 3])
def test_health_costs_the_same_statements_whatever_the_house(
    browser: Client, receivers: int, django_assert_num_queries: Any
) -> None:
    make_receivers(receivers)

    with django_assert_num_queries(9):  # session, user, rights (2), groups; tick, tiers, facts, history
        browser.get("/health/")


def test_flower_is_where_the_page_is_from() -> None:
    assert health.flower_address("micboard.local:8000") == "http://micboard.local:5555/"
    assert health.flower_address("[::1]:8000") == "http://[::1]:5555/"
    assert health.flower_address("[::1]") == "http://[::1]:5555/"


@pytest.mark.long
@pytest.mark.asyncio(loop_scope="session")
async def test_a_part_that_falls_silent_and_comes_back_is_seen_without_a_reload(
    signed_in: Page, backstage: Backstage
) -> None:
    await backstage(show_poller_alive)
    await signed_in.goto("/health/")
    await expect(signed_in.locator("[data-sockets]")).to_have_text("1")
    beat = signed_in.locator("[data-part=beat]")
    await expect(beat.locator(".word")).to_have_text("ok")

    await backstage(show_poller_alive, ago=timedelta(minutes=1))
    await expect(beat.locator(".word")).to_have_text("silent", timeout=15_000)
    await expect(beat.locator(".step")).to_have_text("Is the process beat running?", timeout=15_000)
    await expect(signed_in.locator("[data-sockets]")).to_have_text("1")

    await backstage(show_poller_alive)
    await expect(beat.locator(".word")).to_have_text("ok", timeout=15_000)
