"""A channel's page as the server writes it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from core.models import Claim, Group, Inbox, Limits
from realtime.windows import emit
from tests.dashboard.past import write
from tests.dashboard.stage import Placed, change, database_time, put


@pytest.fixture
def browser(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def test_a_page_says_in_words_what_its_plots_show(browser: Client) -> None:
    put([Placed(name="<b>\u202eHost")])
    now = database_time()
    write("SHURE001", [(now - timedelta(minutes=9), {"battery_minutes": 22, "rf_signal_a": -60})])

    page = browser.get("/device/shure001/?range=15m").content.decode()

    assert "&lt;b&gt;\\u202EHost" in page
    assert "0:22 at" in page
    assert "\u221260\u00a0dBm at" in page
    assert "No Audio value was recorded in this range." in page


def test_the_log_tells_what_happened_in_operators_words(browser: Client) -> None:
    put([Placed(name="Pastor", values={"frequency_khz": 578_350})])
    change("SHURE001", frequency_khz=602_125, rf_signal=-56)
    change("SHURE001", rf_signal=-58)
    change("SHURE001", state="critical", reasons=["battery_critical"])
    alert = {
        "id": 1,
        "severity": "critical",
        "state": "open",
        "rule": "receiver_offline",
        "since": "2026-11-22T20:31:07.000Z",
        "message": "No answer from <script>",
        "target": {"receiver_id": "SHURE001"},
    }
    now = database_time()
    Inbox.objects.create(at=now, kind="alert", device_id="SHURE001", rev=0, state=alert)
    elsewhere = {**alert, "message": "Another", "target": {"receiver_id": "SHURE002"}}
    Inbox.objects.create(at=now, kind="alert", device_id="SHURE002", rev=0, state=elsewhere)
    emit()

    told = browser.get("/device/SHURE001/history/?range=15m").json()

    order = [
        "Alert, critical: No answer from &lt;script&gt;",
        "ok → critical: battery critical",
        "Frequency: 578.350\u00a0MHz → 602.125\u00a0MHz",
        "Came to the board",
    ]
    places = [told["log"].index(line) for line in order]
    assert places == sorted(places)
    assert "\u221258" not in told["log"]
    assert "Another" not in told["log"]
    assert [mark["kind"] for mark in told["marks"]] == ["alert", "retune"]


def test_the_log_is_read_a_page_at_a_time(browser: Client) -> None:
    put([Placed(name="Pastor")])
    now = database_time()
    write("SHURE001", [(now - timedelta(seconds=500 - n), {"gain_db": n}) for n in range(50)])

    newest = browser.get("/device/SHURE001/?range=15m").content.decode()
    link = newest.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    older = browser.get(link).content.decode()

    assert newest.count("Gain: ") == 29  # and the channel that came to the board
    assert older.count("Gain: ") == 21
    assert "Newest" in older
    assert browser.get("/device/SHURE001/?cursor=nonsense").status_code == 404


@pytest.mark.parametrize("path", ["/device/SHURE009/", "/device/SHURE009/history/", "/device/%00/"])
def test_a_channel_that_is_not_there_is_said_so(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_an_open_page_holds_its_receiver_watched(browser: Client) -> None:
    put([Placed(name="Pastor"), Placed(name="Choir L")])

    answer = browser.post("/device/SHURE002/watch/")

    assert answer.status_code == 204
    assert [claim.watched_until is not None for claim in Claim.objects.order_by("pk")] == [False, True]
    assert browser.get("/device/SHURE002/watch/").status_code == 405


@pytest.mark.parametrize(
    "path", ["/device/SHURE001/", "/device/SHURE001/history/", "/device/SHURE001/watch/"]
)
def test_nobody_sees_a_channel_without_signing_in(committed: None, client: Client, path: str) -> None:
    del committed
    put([Placed(name="Pastor")])

    answer = client.post(path) if "watch" in path else client.get(path)

    assert answer.status_code in {302, 401}
    assert b"Pastor" not in answer.content


def test_bands_are_where_the_limits_of_the_channel_s_place_are(browser: Client) -> None:
    put([Placed(name="Pastor", slot=1), Placed(name="Choir L")])
    Limits.objects.create(battery_minutes_low=90)
    Limits.objects.create(group=Group.objects.get(), battery_minutes_critical=45)

    first, second = (
        browser.get(f"/device/{one}/history/").json()["bands"]["battery_minutes"]
        for one in ("SHURE001", "SHURE002")
    )

    assert first == [
        {"state": "critical", "least": None, "greatest": 45},
        {"state": "warning", "least": 45, "greatest": 90},
    ]
    assert [band["greatest"] for band in second] == [30, 90]
