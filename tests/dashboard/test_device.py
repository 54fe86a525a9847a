"""A channel's page as the server writes it."""

from datetime import timedelta

import pytest
from django.test import Client

from core.models import Absence, ChangeRecord, Claim, Group, Inbox, Limits, Pulse
from dashboard.device.series import milliseconds
from realtime.windows import emit
from tests.dashboard.past import write
from tests.dashboard.stage import Placed, change, database_time, put


@pytest.mark.check(18)
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

    assert is_read_in_order(
        told["log"],
        "Alert, critical: No answer from &lt;script&gt;",
        "ok → critical: battery critical",
        "Frequency: 578.350\u00a0MHz → 602.125\u00a0MHz",
        "Came to the board",
    )
    assert "\u221258" not in told["log"]
    assert "Another" not in told["log"]
    assert [mark["kind"] for mark in told["marks"]] == ["alert", "retune"]


def is_read_in_order(log: str, *lines: str) -> bool:
    """Say whether a log has these lines, newest first. Raises `ValueError` where one is missing."""
    places = [log.index(line) for line in lines]
    return places == sorted(places)


def two_pages(browser: Client) -> tuple[str, str]:
    """Return the page with the newest part of the log, and the one that it leads to."""
    newest = browser.get("/device/SHURE001/?range=15m").content.decode()
    link = newest.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    return newest, browser.get(link).content.decode()


def test_the_log_is_read_a_page_at_a_time(browser: Client) -> None:
    put([Placed(name="Pastor")])
    now = database_time()
    write("SHURE001", [(now - timedelta(seconds=500 - n), {"gain_db": n}) for n in range(50)])

    newest, older = two_pages(browser)

    assert newest.count("Gain: ") == 29  # and the channel that came to the board
    assert older.count("Gain: ") == 21
    assert "Newest" in older
    assert browser.get("/device/SHURE001/?cursor=nonsense").status_code == 404


def test_a_page_says_when_micboard_was_away(browser: Client) -> None:
    put([Placed(name="Pastor", values={"gain_db": 1})])
    now = database_time()
    minutes = [now - timedelta(minutes=minute) for minute in range(15)]
    ChangeRecord.objects.update(at=minutes[13])
    write("SHURE001", [(minutes[12], {"gain_db": 2}), (minutes[3], {"gain_db": 3})])
    Absence.objects.create(since=minutes[10], until=minutes[4])
    Pulse.objects.create(part="watching", at=minutes[2])

    told = browser.get("/device/SHURE001/history/?range=15m").json()

    assert is_read_in_order(
        told["log"],
        "Micboard is away since, for 2 min: nobody polls",
        "Gain: 2\u00a0dB → 3\u00a0dB",
        "Micboard was away for 6 min: what happened meanwhile is not known",
        "Gain: 1\u00a0dB → 2\u00a0dB",
        "Came to the board",
    )
    assert [(one["since"], one["until"]) for one in told["absences"]] == [
        (milliseconds(minutes[10]), milliseconds(minutes[4])),
        (milliseconds(minutes[2]), None),
    ]
    assert told["series"]["battery_minutes"][1] == [380, None, 380, None]
    assert "Micboard was away 2 times, 8 min in all" in told["words"]["rf"]


def test_an_absence_stands_on_the_page_of_the_log_that_it_is_in(browser: Client) -> None:
    put([Placed(name="Pastor")])
    now = database_time()
    write("SHURE001", [(now - timedelta(seconds=500 - n), {"gain_db": n}) for n in range(50)])
    for ago in (20, 490, 1000):
        since = now - timedelta(seconds=ago + 0.5)
        Absence.objects.create(since=since, until=since + timedelta(seconds=200))

    newest, older = two_pages(browser)

    assert newest.count("Micboard was away for") == 1
    assert older.count("Micboard was away for") == 2


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
