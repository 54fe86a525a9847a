"""What ops see in Flower, signed in as `up` says: named tasks with their receivers, a failed one with its reason."""

import re
import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Page, expect

from deploy.flower import PASSWORD, USER
from pollers.simulator import Refuse
from tests.browser import chromium
from tests.system.show import Show, until
from tests.system.stack import Stack

WITHIN_MS = 15_000


def sign_in(stack: Stack) -> tuple[str, str]:
    """Return the name and the password that `up` printed the place of."""
    said = "".join(stack.said)
    printed = re.search(rf"sign in as {USER}, password in (\S+{PASSWORD})", said)
    assert printed is not None
    return USER, (stack.data / "secrets" / PASSWORD).read_text().strip()


@pytest.fixture
def flower(show: Show) -> Iterator[Page]:
    name, password = sign_in(show.stack)
    with (
        chromium() as browser,
        browser.new_context(
            base_url=f"http://127.0.0.1:{show.stack.flower_port}",
            http_credentials={"username": name, "password": password},
        ) as context,
    ):
        yield context.new_page()


def test_nobody_sees_it_without_its_sign_in(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.flower_port}/"

    assert requests.get(address, timeout=10).status_code == 401
    assert requests.get(address, auth=(USER, "a guess"), timeout=10).status_code == 401
    assert requests.get(address, auth=sign_in(stack), timeout=10).status_code == 200


def test_every_worker_is_online(flower: Page) -> None:
    flower.goto("/workers")

    for name in ("poll@", "suspect@", "window@"):
        row = flower.locator("#workers-table tbody tr", has_text=name)
        expect(row).to_contain_text("Online", timeout=WITHIN_MS)


def test_a_poll_shows_its_receiver_and_a_failed_one_its_reason(flower: Page, show: Show) -> None:
    source_id = show.simulator.source_ids[0]
    ((pk,),) = show.stack.sql("SELECT id FROM core_receiver WHERE source_id = %s", source_id)
    show.simulator.strike(Refuse(), at=source_id)
    try:
        show.poll_every(5)
        until(
            lambda: (
                show.stack.sql("SELECT failures > 0 FROM core_claim WHERE receiver_id = %s", pk) == [(True,)]
            ),
            within_s=20,
            what="the poll failed",
        )
        time.sleep(1)  # its event is on the way
        flower.goto("/tasks?state=FAILURE")
        row = flower.locator("#tasks-table tbody tr", has_text=f"'device_id': {pk}").first
        expect(row).to_contain_text("pollers.poll_device", timeout=WITHIN_MS)
        expect(row).to_contain_text("FAILURE")

        row.locator("a[href*='/task/']").click()
        expect(flower.locator("body")).to_contain_text("refuses connections", timeout=WITHIN_MS)
    finally:
        show.simulator.heal()
    until(
        lambda: show.stack.sql("SELECT failures FROM core_claim WHERE receiver_id = %s", pk) == [(0,)],
        within_s=40,
        what="it answers again",
    )
