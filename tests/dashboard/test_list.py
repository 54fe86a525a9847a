"""The list as the server gives it: page, spreadsheet, and the signals of half an hour."""

import csv
import io
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.contrib.postgres.functions import TransactionNow as Now
from django.db import connection
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.domain import absences
from core.domain.cells import harmless
from core.models import Absence, Channel, Location, Server
from dashboard.listed import ListWish, entries, line, narrowed
from dashboard.signals import MINUTES, Minute, carried, lately, without_watch
from realtime.windows import emit
from tests.dashboard.stage import Placed, change, put
from tests.dashboard.test_look import SHOW
from tests.dashboard.vectors import vectors

LIST = vectors("list")
SNAPSHOT = {
    "timestamp": LIST["now"],
    "intervals": LIST["intervals"],
    "devices": LIST["channels"],
    "alerts": LIST["alerts"],
}


@pytest.mark.parametrize("case", LIST["cases"], ids=lambda case: case["search"] or "nothing")
@pytest.mark.check(13, 15)
def test_an_address_shows_whom_the_browser_would(case: dict[str, Any]) -> None:
    """What is in the address is all that decides; the unknown stand last both ways."""
    found = narrowed(entries(SNAPSHOT), ListWish.from_query(QueryDict(case["search"])))

    assert [entry.channel["device_id"] for entry in found] == case["ids"]


def test_a_line_says_what_the_browser_would() -> None:
    assert [asdict(line(entry, LIST["titles"])) for entry in entries(SNAPSHOT)] == LIST["lines"]


def test_the_page_holds_whom_its_address_asks_for(browser: Client) -> None:
    put(SHOW)

    page = browser.get("/list/?state=critical,offline&sort=name").content.decode()

    assert re.findall(r'<tr data-device="(\w+)"', page) == ["SHURE005", "SHURE006"]
    assert '<span class="of" aria-live="polite">2 of 12</span>' in page
    assert re.findall(r'class="(\w+)" aria-sort="(\w+)"', page) == [("name", "ascending")]


def test_an_empty_list_says_what_to_do_next(browser: Client) -> None:
    assert "Ask an admin to add your Shure System API server" in browser.get("/list/").content.decode()


@pytest.mark.parametrize("address", ["/list/", "/list/channels.csv", "/list/rf/"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_list_costs_the_same_statements_whatever_its_size(
    browser: Client, channels: int, address: str, django_assert_num_queries: Any
) -> None:
    put([Placed(name=f"Mic {number}") for number in range(channels)])

    # session, user; begin, isolation, head, rows, alerts, commit; and locations, groups, or the records
    with django_assert_num_queries({"/list/": 10, "/list/channels.csv": 9, "/list/rf/": 10}[address]):
        browser.get(address)


def as_rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


@pytest.mark.check(16)
def test_a_spreadsheet_has_the_same_rows_with_units_and_offsets(browser: Client) -> None:
    put(SHOW)
    Server.objects.update(location=Location.objects.create(slug="hall", title="Hall", zone="Asia/Kolkata"))
    emit()
    address = "?state=critical,ok&sort=-runtime"

    answer = browser.get(f"/list/channels.csv{address}")

    rows = as_rows(answer.content)
    page = browser.get(f"/list/{address}").content.decode()
    assert [row["Id"] for row in rows] == re.findall(r'<tr data-device="(\w+)"', page)
    assert rows[0]["Runtime (min)"] == "520"
    assert rows[0]["RF (dBm)"] == "-55"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30", rows[0]["Last answer"])
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="micboard-\d{8}T\d{6}Z.csv"', answer["Content-Disposition"])


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(1)", "\t=1", '<b>, "quoted"\n'])
@pytest.mark.check(16)
def test_a_hostile_name_is_no_formula(browser: Client, name: str) -> None:
    put([Placed(name=name)])

    (row,) = as_rows(browser.get("/list/channels.csv").content)

    assert row["Name"][0] not in "=+-@\t\r\n"


@given(st.text())
def test_no_text_begins_a_formula(text: str) -> None:
    assert not str(harmless(text)).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_number_stays_a_number() -> None:
    assert harmless(-55) == -55


def record(device_id: str, *, ago: timedelta, **changes: Any) -> None:
    """Leave a change record of some fields, each [from, to], and of the state after them."""
    state = {"state": "ok", **{name: to for name, (_, to) in changes.items()}}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
            VALUES (nextval(pg_get_serial_sequence('core_inbox', 'id')), now() - make_interval(secs => %s),
                    'change', %s, %s, 1, %s, %s, 1)
            """,
            [
                ago.total_seconds(),
                Channel.objects.get(device_id=device_id).pk,
                device_id,
                orjson.dumps(changes).decode(),
                orjson.dumps(state).decode(),
            ],
        )


def test_half_an_hour_of_rf_is_the_weakest_of_each_minute(browser: Client) -> None:
    put([Placed(name="Moved"), Placed(name="Steady"), Placed(name="Lost")])
    record("SHURE001", ago=timedelta(minutes=10.2), rf_signal=[-50, -70])
    record("SHURE001", ago=timedelta(minutes=10.1), rf_signal=[-70, -52])
    record("SHURE001", ago=timedelta(minutes=5.5), rf_signal=[-52, -55])
    record("SHURE003", ago=timedelta(minutes=3.5), rf_signal=[-50, -50], state=["ok", "offline"])
    change("SHURE003", state="offline")

    told = browser.get("/list/rf/").json()["channels"]

    assert told["SHURE001"] == [*[-50] * 19, -70, *[-52] * 4, *[-55] * 6]
    assert told["SHURE002"] == [-55] * MINUTES
    assert told["SHURE003"] == [*[-50] * 27, None, None, None]


def test_no_signal_is_told_of_minutes_in_which_micboard_was_away(browser: Client) -> None:
    put([Placed(name="Steady")])
    away = [Now() - timedelta(minutes=12.5), Now() - timedelta(minutes=8.5)]
    Absence.objects.create(since=away[0], until=away[1])

    told = browser.get("/list/rf/").json()["channels"]

    assert told["SHURE001"] == [*[-55] * 18, None, None, None, *[-55] * 9]


def test_what_changed_since_the_channels_were_read_is_of_the_last_minute(committed: None) -> None:
    del committed
    put([Placed(name="Moved")])
    record("SHURE001", ago=timedelta(0), rf_signal=[-55, -70])
    read = {"device_id": "SHURE001", "kind": "microphone", "state": "ok", "rf_signal": -55}

    told = lately([read], clock.now() - timedelta(seconds=30))

    assert told["SHURE001"] == [*[-55] * 29, -70]


def test_a_minute_of_which_somebody_saw_a_part_is_known() -> None:
    now = datetime(2026, 11, 30, 16, tzinfo=UTC)

    def minutes(since: float, until: float | None) -> set[int]:
        ended = None if until is None else now - timedelta(minutes=until)
        return without_watch([absences.Absence(since=now - timedelta(minutes=since), until=ended)], now)

    assert minutes(3, 1) == {1, 2}
    assert minutes(2.9, 1.1) == set()
    assert minutes(2.5, None) == {0, 1}
    assert minutes(90, 60) == set()


def test_a_level_is_carried_from_change_to_change() -> None:
    changed = [Minute(25, None, -60, -58), Minute(3, -58, None, None)]

    assert carried(changed, now=-40) == [*[None] * 4, -60, *[-58] * 22, None, None, None]
    assert carried(changed, now=-40, unwatched={4, 25}) == [*[None] * 5, *[-58] * 20, None, -58, *[None] * 3]
