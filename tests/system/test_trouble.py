"""What operators see of trouble that is real: a poller that stops, a receiver that nobody asks, one that hangs up."""

import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from pollers.simulator.faults import Close
from tests.sinks import mailbox, webhook
from tests.system.show import Show, until
from tests.system.test_path import settle

OFTEN_S = 1
LOST_EVERY_S = 2
A_DAY_S = 86_400
LEAST_POLLS = 24  # as many as there are in four minutes at 10 s
NOTICES_WITHIN_S = 40  # two turns of those that carry them
LIMIT_DBM = -83  # below it a signal is weak
WELL: Mapping[str, Any] = {
    "transmitter_on": True,
    "battery_minutes": 200,
    "battery_percent": 85,
    "rf_dbm": -45,
    "audio_dbfs": -20,
    "interference": False,
    "encryption_ok": True,
}
_PUT_OFF = """
UPDATE core_claim SET slot_at = now() + make_interval(secs => %s), wanted = %s,
                      seen_at = seen_at - make_interval(secs => %s)
 WHERE receiver_id = (SELECT id FROM core_receiver WHERE source_id = %s)
"""
_TELL_THEM = """
from core.models import Destination
for name, path in {addresses!r}.items():
    Destination.objects.create(name=name, address_reference="file:" + path)
"""


@pytest.fixture
def well(show: Show) -> Iterator[Show]:
    """Receivers that are well, whose last trouble is over."""
    for receiver in show.simulator.truth().receivers:
        for channel in receiver.channels:
            show.simulator.set(receiver.source_id, channel.reading.number, **WELL)
    show.poll_every(OFTEN_S)
    settle(show)
    until(lambda: unresolved(show) == 0, within_s=20, what="every alert is over")
    yield show
    show.stack.sql("UPDATE core_receiver SET interval_s = NULL")
    for receiver in show.simulator.truth().receivers:
        for channel in receiver.channels:
            show.simulator.release(receiver.source_id, channel.reading.number)


def unresolved(show: Show) -> int:
    ((count,),) = show.stack.sql("SELECT count(*) FROM core_alert WHERE state <> 'resolved'")
    return int(count)


class Claim(NamedTuple):
    """What the schedule holds of a receiver; `age_s` is since it answered."""

    number: int
    is_idle: bool
    is_stale: bool
    age_s: float


def claim(show: Show, source_id: str) -> Claim:
    (row,) = show.stack.sql(
        "SELECT claim_seq, inflight_until IS NULL, stale, extract(epoch FROM now() - seen_at)::float"
        " FROM core_claim c JOIN core_receiver r ON r.id = c.receiver_id WHERE source_id = %s",
        source_id,
    )
    return Claim(*row)


def alerts_since(show: Show, at: Any) -> list[tuple[Any, ...]]:
    """Return the rule of each alert that was opened, and whom it is about."""
    return show.stack.sql(
        "SELECT rule, coalesce(target ->> 'receiver_id', target ->> 'device_id') FROM core_alert WHERE since >= %s",
        at,
    )


def now(show: Show) -> Any:
    ((at,),) = show.stack.sql("SELECT now()")
    return at


@pytest.mark.check(9)
def test_the_poller_alone_stops_and_starts(well: Show, page: Page) -> None:
    ((beat),) = re.findall(
        r"^beat +\| ready in .* \(process (\d+)\)", "".join(well.stack.said), re.MULTILINE
    )[-1:]
    page.goto("/wall/")
    polling, connection = page.locator("#polling"), page.locator("#connection")
    expect(polling).to_be_hidden()

    os.killpg(int(beat), signal.SIGSTOP)
    try:
        expect(polling).to_contain_text("Polling stopped", timeout=15_000)
        expect(connection).to_be_hidden()
    finally:
        os.killpg(int(beat), signal.SIGCONT)

    expect(polling).to_be_hidden(timeout=15_000)
    expect(connection).to_be_hidden()


@pytest.mark.check(8, 21)
def test_a_receiver_that_nobody_asks_ages_beside_one_that_wavers(well: Show, page: Page) -> None:
    """The fifty seconds are real, and all is as deployed; the ten minutes after them are put onto the page's clock, and
    into the records for who looks only then. The one that wavers by 1 dB is asked each second: two minutes' worth of
    polls at 10 s, and more, are over meanwhile.
    """
    wavers, forgotten = well.simulator.source_ids
    began = now(well)
    page.clock.install()
    page.goto("/wall/")
    tile = page.locator(f"#device-{well.device_id(forgotten, 1)}")
    headline = tile.locator(".headline")
    with wavering(well, wavers):
        polled = claim(well, wavers).number
        forget(well, forgotten)

        expect(tile).to_have_attribute("data-age", "fresh")
        expect(tile).to_have_attribute("data-age", "late", timeout=1000 * left_s(well, forgotten, 20))
        expect(headline).to_have_text("3:20")
        expect(tile).to_have_attribute("data-state", "stale", timeout=1000 * left_s(well, forgotten, 50))
        expect(headline).to_have_text("3:20?")
        until(
            lambda: claim(well, forgotten).is_stale,
            within_s=left_s(well, forgotten, 50),
            what="the server says so too",
        )
        until(
            lambda: claim(well, wavers).number >= polled + LEAST_POLLS,
            within_s=60,
            what="polls of two minutes at 10 s",
        )
    assert alerts_since(well, began) == [("rf_poor", well.device_id(wavers, 1))]

    page.clock.fast_forward("10:30")
    expect(headline).to_have_text("—")
    expect(tile.locator(".note")).to_contain_text("last 3:20 at ")
    put_off(well, forgotten, by_s=A_DAY_S, older_s=630)
    assert page.context.browser is not None
    # What the server paints: its feed goes by when it heard of the receiver, and not by records that were edited.
    with page.context.browser.new_context(
        base_url=well.stack.url, storage_state=page.context.storage_state(), java_script_enabled=False
    ) as later:
        painted = later.new_page()
        painted.goto("/wall/")
        expect(painted.locator(f"#{tile.get_attribute('id')} .headline")).to_have_text("—")
    put_off(well, forgotten)


def forget(show: Show, source_id: str) -> None:
    """Give a receiver 10 s, and after one more poll do not ask it again."""
    show.stack.sql("UPDATE core_receiver SET interval_s = 10 WHERE source_id = %s", source_id)
    asked = claim(show, source_id).number
    put_off(show, source_id)

    def was_asked() -> bool:
        now = claim(show, source_id)
        return now.number > asked and now.is_idle

    until(was_asked, within_s=15, what="it was asked once more")
    put_off(show, source_id, by_s=A_DAY_S)


def put_off(show: Show, source_id: str, *, by_s: float = 0, older_s: float = 0) -> None:
    """Have a receiver asked next in so many seconds, now if in none; have it been seen so much earlier."""
    show.stack.sql(_PUT_OFF, by_s, by_s == 0, older_s, source_id)


def left_s(show: Show, source_id: str, age_s: float) -> float:
    """Return how long it is until what a receiver told is so old."""
    return age_s - claim(show, source_id).age_s


@contextmanager
def wavering(show: Show, source_id: str) -> Iterator[None]:
    """Let the signal of a receiver's first channel be 1 dB below and above the limit in turn, from poll to poll."""
    over = Event()

    def waver() -> None:
        turn = 0
        while not over.wait(OFTEN_S):
            turn += 1
            show.simulator.set(source_id, 1, rf_dbm=LIMIT_DBM + (1 if turn % 2 else -1))

    thread = Thread(target=waver)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.check(10, 21)
def test_a_receiver_that_hangs_up_is_told_of_once_and_comes_back_by_itself(
    well: Show, page: Page, tmp_path: Path
) -> None:
    dead = well.simulator.source_ids[0]
    page.goto("/wall/")
    tiles = [page.locator(f"#device-{well.device_id(dead, number)}") for number in (1, 2, 3, 4)]
    with mailbox() as box, webhook() as hook:
        told = {"rack": tmp_path / "rack", "chat": tmp_path / "chat"}
        told["rack"].write_text(box.address)
        told["chat"].write_text(hook.address)
        well.stack.manage(
            "shell",
            "--verbosity",
            "0",
            "--command",
            _TELL_THEM.format(addresses={name: str(path) for name, path in told.items()}),
        )
        well.poll_every(LOST_EVERY_S)
        well.simulator.strike(Close(), at=dead)
        struck = now(well)

        for tile in tiles:
            expect(tile).to_have_attribute("data-state", "offline", timeout=20_000)
        assert polls_until_lost(well, dead, struck) <= 3
        until(lambda: box.mails and hook.posts, within_s=NOTICES_WITHIN_S, what="both are told")
        time.sleep(3 * LOST_EVERY_S)  # and not again
        assert alerts_since(well, struck) == [("receiver_offline", well.device_id(dead, 1))]
        assert (len(box.mails), len(hook.posts)) == (1, 1)
        assert "No answer from" in str(box.mails[0]["Subject"])

        well.simulator.heal(at=dead)
        for tile in tiles:
            expect(tile).to_have_attribute("data-state", "ok", timeout=20_000)
        until(lambda: unresolved(well) == 0, within_s=20, what="the alert is over")
        well.stack.sql("DELETE FROM core_notice")
        well.stack.sql("DELETE FROM core_destination")


def polls_until_lost(show: Show, source_id: str, struck: Any) -> int:
    ((count,),) = show.stack.sql(
        "SELECT count(*) FROM core_pollrecord p JOIN core_claim c USING (receiver_id) JOIN core_receiver r"
        " ON r.id = c.receiver_id WHERE source_id = %s AND p.started_at >= %s AND p.started_at <= c.lost_at",
        source_id,
        struck,
    )
    return int(count)
