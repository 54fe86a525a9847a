"""The schedule as an admin changes it in a browser: each edit shows in what the receivers are asked."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.system.show import Show, until

IN_FORCE_S = 2
WELL = {
    "transmitter_on": True,
    "battery_percent": 85,
    "rf_dbm": -45,
    "audio_dbfs": -20,
    "interference": False,
    "encryption_ok": True,
}


@pytest.fixture
def calm(show: Show) -> Iterator[Show]:
    """Receivers that are well, and so all in the tier normal."""
    for receiver in show.simulator.truth().receivers:
        for channel in receiver.channels:
            show.simulator.set(receiver.source_id, channel.reading.number, **WELL)
    show.stack.sql("UPDATE core_receiver SET interval_s = NULL")
    until(lambda: all_normal(show), within_s=60, what="every receiver is in the tier normal")
    yield show
    show.stack.sql(
        "UPDATE django_celery_beat_periodictask SET enabled = true, interval_id ="
        " (SELECT id FROM django_celery_beat_intervalschedule WHERE every = 30 AND period = 'seconds')"
        " WHERE name = 'poll:normal'"
    )
    for receiver in show.simulator.truth().receivers:
        for channel in receiver.channels:
            show.simulator.release(receiver.source_id, channel.reading.number)


def all_normal(show: Show) -> bool:
    show.stack.sql("UPDATE core_claim SET troubled_at = NULL, wanted = true WHERE tier <> 'normal'")
    return tiers(show) == {"normal"}


def tiers(show: Show) -> set[str]:
    return {tier for (tier,) in show.stack.sql("SELECT tier FROM core_claim")}


def asked(show: Show, source_id: str) -> int:
    """Return how often a receiver was asked so far."""
    return show.simulator.counts().sessions(source_id).opened


def is_asked(show: Show, source_id: str, *, within_s: float, times: int = 1) -> None:
    before = asked(show, source_id)
    until(
        lambda: asked(show, source_id) >= before + times,
        within_s=within_s,
        what=f"it was asked {times} times",
    )


def entry(page: Page, name: str) -> None:
    page.goto("/admin/django_celery_beat/periodictask/")
    page.get_by_role("link", name=name, exact=True).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_what_an_admin_changes_is_in_force_within_two_seconds(calm: Show, page: Page) -> None:
    first, second = calm.simulator.source_ids

    page.goto("/admin/django_celery_beat/intervalschedule/add/")
    page.locator("#id_every").fill("5")
    page.locator("#id_period").select_option("seconds")
    save(page)
    entry(page, "poll:normal")
    page.locator("#id_interval").select_option(label="every 5 seconds")
    save(page)
    for source_id in (first, second):
        is_asked(calm, source_id, within_s=IN_FORCE_S + 5)
    is_asked(calm, second, times=2, within_s=IN_FORCE_S + 2 * 5)

    page.goto("/admin/core/receiver/")
    page.locator("#result_list th a").filter(has_text=calm.device_id(first, 1)).click()
    page.locator("#id_interval_s").fill("3")
    save(page)
    is_asked(calm, first, times=2, within_s=IN_FORCE_S + 2 * 3)
    # While its page was open it was watched, and so in the tier critical.
    until(lambda: tiers(calm) == {"normal"}, within_s=60, what="nobody watches it any more")

    entry(page, "poll:normal")
    page.locator("#id_enabled").uncheck()
    save(page)
    time.sleep(IN_FORCE_S)
    before = [asked(calm, source_id) for source_id in (first, second)]
    time.sleep(2 * 5)
    assert [asked(calm, source_id) for source_id in (first, second)] == before

    page.goto("/admin/django_celery_beat/periodictask/")
    page.locator("#result_list tr", has_text="poll:normal").locator(".action-select").check()
    page.locator("select[name=action]").select_option(label="Run selected tasks")
    page.get_by_role("button", name="Run", exact=True).or_(
        page.get_by_role("button", name="Go")
    ).first.click()
    until(
        lambda: (
            [asked(calm, source_id) for source_id in (first, second)] == [number + 1 for number in before]
        ),
        within_s=IN_FORCE_S + 5,
        what="each receiver of the tier was asked once",
    )
