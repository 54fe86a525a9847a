"""A channel's change records as files."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from playwright.async_api import APIResponse, Page

from core.domain.cells import harmless
from core.models import Absence, Channel
from dashboard.device.export import PIECE, Export, as_csv, as_json
from dashboard.device.ranges import Span
from dashboard.device.records import Subject
from tests.dashboard.conftest import Backstage
from tests.dashboard.past import write, write_samples
from tests.dashboard.stage import Placed, database_time, put
from tests.dashboard.web import Web

browsing = pytest.mark.asyncio(loop_scope="session")  # the browser outlives a test

FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"]


Fetch = Callable[[str], Awaitable[APIResponse]]


@pytest.fixture
def fetch(signed_in: Page) -> Fetch:
    """Fetch an address as the operator's browser would, from Daphne: only there a file streams."""

    async def fetched(address: str) -> APIResponse:
        answer = await signed_in.request.get(address)
        assert answer.status == 200
        return answer

    return fetched


@browsing
async def test_a_table_has_units_in_its_header_and_times_with_their_offset(
    fetch: Fetch, backstage: Backstage
) -> None:
    await backstage(put, [Placed(name="Pastor")])
    at = await backstage(database_time) - timedelta(minutes=5)
    await backstage(write, "SHURE001", [(at, {"battery_minutes": 22, "rf_signal": -70, "name": "=cmd"})])

    answer = await fetch("/device/SHURE001/changes.csv?range=15m")

    rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["what"] for row in rows] == ["change", "added"]
    row = rows[0]
    assert (row["runtime (min)"], row["RF (dBm)"], row["name"]) == ("22", "-70", "'=cmd")
    assert row["at"].endswith("+00:00")
    assert abs(datetime.fromisoformat(row["at"]) - at) < timedelta(milliseconds=1)
    assert "Runtime: 6:20 → 0:22" in row["changed"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_calculate_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["Pastor", "", -55, None, True])
def test_all_else_is_left_alone(cell: str | int | None) -> None:
    assert harmless(cell) == cell


@browsing
async def test_the_same_as_json(fetch: Fetch, backstage: Backstage) -> None:
    await backstage(put, [Placed(name="Pastor")])
    at = await backstage(database_time) - timedelta(minutes=5)
    await backstage(write, "SHURE001", [(at, {"battery_minutes": 22})])

    answer = await fetch("/device/SHURE001/changes.json?range=15m")

    told: dict[str, Any] = await answer.json()
    assert [(one["kind"], one["changes"]) for one in told["changes"]] == [
        ("change", {"battery_minutes": [380, 22]}),
        ("added", {}),
    ]
    assert answer.headers["content-disposition"].startswith('attachment; filename="SHURE001-15m-until-')


def be_away() -> None:
    put([Placed(name="Pastor")])
    at = database_time() - timedelta(minutes=10)
    write("SHURE001", [(at, {"battery_minutes": 22}), (at + timedelta(minutes=8), {"battery_minutes": 12})])
    Absence.objects.create(since=at + timedelta(minutes=1), until=at + timedelta(minutes=7))


@browsing
async def test_files_say_when_nobody_polled(fetch: Fetch, backstage: Backstage) -> None:
    await backstage(be_away)

    table = await (await fetch("/device/SHURE001/changes.csv?range=15m")).text()
    told: dict[str, Any] = await (await fetch("/device/SHURE001/changes.json?range=15m")).json()

    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["what"] for row in rows] == ["change", "away", "change", "added"]
    (absence,) = told["absences"]
    assert (rows[1]["at"], rows[1]["state"], rows[1]["changed"]) == (
        *(absence["from"], ""),
        f"Micboard was away until {absence['to']}",
    )


@pytest.mark.parametrize("path", ["/device/SHURE009/changes.csv", "/device/SHURE001/changes.xls"])
def test_there_is_no_file_of_what_is_not_there(browser: Client, path: str) -> None:
    put([Placed(name="Pastor")])

    assert browser.get(path).status_code == 404


def test_nobody_gets_a_file_without_signing_in(committed: None, client: Client) -> None:
    del committed
    put([Placed(name="Pastor")])

    assert client.get("/device/SHURE001/changes.csv").status_code == 302


def lay_out() -> Export:
    put([Placed(name="Pastor")])
    now = database_time()
    write_samples("SHURE001", count=3 * PIECE, every_s=1, until=now - timedelta(minutes=1))
    subject = Subject(channel_id=Channel.objects.get().pk, receiver_code="SHURE001")
    return Export(device_id="SHURE001", subject=subject, span=Span(since=now - timedelta(days=1), until=now))


def forget_the_past() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_changerecord")


@browsing
@pytest.mark.parametrize("written", [as_csv, as_json])
async def test_a_file_is_written_while_it_is_read(backstage: Backstage, written: Any) -> None:
    stream: AsyncIterator[bytes] = written(await backstage(lay_out))
    first = [await anext(stream), await anext(stream)]

    await backstage(forget_the_past)  # so that what comes later was not read yet
    rest = b"".join([piece async for piece in stream])

    assert sum(piece.count(b"\n") for piece in first) >= PIECE - 1
    assert b"change" not in rest


@browsing
async def test_a_long_file_does_not_fill_the_server(fetch: Fetch, web: Web, backstage: Backstage) -> None:
    await backstage(put, [Placed(name="Pastor")])
    until = await backstage(database_time)
    await backstage(write_samples, "SHURE001", count=60_000, every_s=10, until=until - timedelta(minutes=1))
    await (await fetch("/device/SHURE001/changes.json?range=24h")).body()  # several pieces, to warm up
    before = memory_kb(web.pid)

    size = len(await (await fetch("/device/SHURE001/changes.json?range=7d")).body())

    assert size > 7_000_000
    # Daphne may hold the text itself for a client that reads slowly; the objects that it is made of are ten times that.
    assert (memory_kb(web.pid) - before) * 1024 < 2 * size


def memory_kb(pid: int) -> int:
    """Return the most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
