"""Directed over the control endpoint, and through Python: both are the same."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from pollers.simulator import Simulator, Unknown, Unplayable

from .conftest import Client, Line

Direct = Callable[..., requests.Response]


@pytest.fixture
def direct(sim: Simulator) -> Iterator[Direct]:
    with requests.Session() as session:
        session.trust_env = False

        def directed(method: str, path: str, json: object = None) -> requests.Response:
            return session.request(method, sim.control_url + path, json=json, timeout=10)

        yield directed


def test_a_value_that_is_set_is_held(sim: Simulator, direct: Direct, ulxd: str) -> None:
    answered = direct("PATCH", f"/receivers/{ulxd}/channels/1", {"rf_dbm": -91, "name": "Encore"})

    channel = sim.truth().channel(ulxd, 1)

    assert answered.status_code == 200
    assert (channel.reading.rf_dbm, channel.reading.name) == (-91, "Encore")
    assert (channel.raw["RX_RF_LVL"], channel.raw["CHAN_NAME"]) == ("037", "{Encore  }")
    assert (channel.held, channel.changes) == (("name", "rf_dbm"), 1)


def test_a_value_that_is_released_goes_with_the_show_again(sim: Simulator, direct: Direct, ulxd: str) -> None:
    before = sim.truth().channel(ulxd, 1)
    direct("PATCH", f"/receivers/{ulxd}/channels/1", {"rf_dbm": -91, "name": "Encore"})

    direct("POST", f"/receivers/{ulxd}/channels/1/release", {"fields": ["rf_dbm"]})
    one = sim.truth().channel(ulxd, 1)
    direct("POST", f"/receivers/{ulxd}/channels/1/release")
    all_of_them = sim.truth().channel(ulxd, 1)

    assert one.held == ("name",)
    assert (one.reading.rf_dbm, one.reading.name) == (before.reading.rf_dbm, "Encore")
    assert (all_of_them.reading, all_of_them.held, all_of_them.changes) == (before.reading, (), 3)


def test_python_and_http_do_the_same(sim: Simulator, direct: Direct, ulxd: str) -> None:
    direct("PATCH", f"/receivers/{ulxd}/channels/2", {"transmitter_on": False})
    over_http = sim.truth().channel(ulxd, 2)
    sim.release(ulxd, 2)

    sim.set(ulxd, 2, transmitter_on=False)

    assert sim.truth().channel(ulxd, 2).reading == over_http.reading
    assert sim.truth().channel(ulxd, 2).held == over_http.held


def test_the_truth_is_what_the_receiver_says(direct: Direct, ulxd: str, dial: Callable[[str], Line]) -> None:
    direct("PATCH", f"/receivers/{ulxd}/channels/4", {"battery_percent": 12, "battery_type": "LION"})
    direct("PATCH", f"/receivers/{ulxd}/channels/4", {"transmitter_on": True})

    truth = direct("GET", "/truth").json()["receivers"][0]["channels"][3]

    assert (truth["reading"]["battery_percent"], truth["raw"]["BATT_CHARGE"]) == (12, "012")
    assert dial(ulxd).ask("< GET 4 BATT_CHARGE >") == ["< REP 4 BATT_CHARGE 012 >"]


def test_changes_are_counted_by_channel_and_in_all(
    sim: Simulator, direct: Direct, ulxd: str, axient: str
) -> None:
    begun = sim.truth().changes

    direct("PATCH", f"/receivers/{ulxd}/channels/1", {"rf_dbm": -91})
    direct("PATCH", f"/receivers/{ulxd}/channels/1", {"rf_dbm": -90})
    direct("PATCH", f"/receivers/{axient}/channels/2", {"muted": True})
    direct("PATCH", f"/receivers/{axient}", {"name": "RX B"})

    truth = sim.truth()
    assert [channel.changes for channel in truth.receiver(ulxd).channels] == [2, 0, 0, 0]
    assert [channel.changes for channel in truth.receiver(axient).channels] == [0, 1]
    assert truth.changes == begun + 4


REFUSED = [
    ({"battery_percent": 101}, "battery_percent is a whole number from 0 to 100 on ULX-D"),
    ({"battery_percent": 12.5}, "battery_percent is a whole number from 0 to 100 on ULX-D"),
    ({"battery_percent": True}, "battery_percent is a whole number from 0 to 100 on ULX-D"),
    ({"rf_dbm": -129}, "rf_dbm is a whole number from -128 to -13 on ULX-D"),
    ({"battery_minutes": 65_535}, "battery_minutes is a whole number from 0 to 65528 on ULX-D"),
    ({"interference": None}, "interference is never unknown on the wire"),
    ({"muted": "yes"}, "muted is true or false"),
    ({"transmitter": "ULX D2"}, "transmitter is one ASCII word"),
    (
        {"name": "Lead Vocal"},
        "name is at most 8 printable ASCII characters without braces on ULX-D",
    ),
]


@pytest.mark.parametrize(("values", "sentence"), REFUSED)
def test_what_the_receiver_could_not_say_cannot_be_set(
    *, sim: Simulator, direct: Direct, ulxd: str, values: dict[str, Any], sentence: str
) -> None:
    before = sim.truth()

    refused = direct("PATCH", f"/receivers/{ulxd}/channels/1", {"gain_db": 0, **values})

    assert (refused.status_code, refused.json()) == (400, {"error": sentence})
    assert sim.truth() == before
    with pytest.raises(Unplayable, match=re.escape(sentence)):
        sim.set(ulxd, 1, **values)


@pytest.mark.parametrize("field", ["link_quality", "rf_a_dbm", "antennas", "charging", "colour"])
def test_what_the_family_does_not_tell_cannot_be_set(
    sim: Simulator, direct: Direct, ulxd: str, field: str
) -> None:
    refused = direct("PATCH", f"/receivers/{ulxd}/channels/1", {field: 1})

    assert refused.status_code == 404
    assert refused.json()["error"].startswith(f"ULX-D has no {field} to set; what it has: ")
    with pytest.raises(Unknown):
        sim.set(ulxd, 1, **{field: 1})


@pytest.mark.parametrize(
    ("method", "path", "json", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("DELETE", "/receivers", None, 404),
        ("GET", "/truth/dd", None, 404),
        ("PATCH", "/receivers/dd", {"name": "RX B"}, 404),
        ("PATCH", "/receivers/{ulxd}/channels/5", {"gain_db": 0}, 404),
        ("PATCH", "/receivers/{ulxd}/channels/0", {"gain_db": 0}, 404),
        ("PATCH", "/receivers/{ulxd}", {"address": "127.0.0.1"}, 404),
        ("PATCH", "/receivers/{ulxd}", {"state": "ASLEEP"}, 400),
        ("PATCH", "/receivers/{ulxd}", {"listening": 1}, 400),
        ("PATCH", "/receivers/{ulxd}", {"capabilities": "name"}, 400),
        ("PATCH", "/receivers/{ulxd}", ["name"], 400),
        ("POST", "/receivers", {"model": "UR4D"}, 400),
        ("POST", "/show", {"speed": -1}, 400),
        ("POST", "/show", {"faster": True}, 400),
        ("PATCH", "/dialect", {"unsupported": 500}, 400),
        ("PATCH", "/dialect", {"listing": "table"}, 400),
        ("PATCH", "/dialect", {"accent": "French"}, 404),
    ],
)
def test_what_cannot_be_done_says_so(
    *, sim: Simulator, direct: Direct, ulxd: str, method: str, path: str, json: object, status: int
) -> None:
    before = sim.truth()

    refused = direct(method, path.format(ulxd=ulxd), json)

    assert (refused.status_code, refused.json().keys()) == (status, {"error"})
    assert sim.truth() == before


def test_a_receiver_comes_and_goes_while_it_plays(
    sim: Simulator, direct: Direct, client: Client, dial: Callable[[str], Line]
) -> None:
    created = direct("POST", "/receivers", {"model": "AD4D", "name": "RX B"})
    source_id = created.json()["source_id"]

    named = client.get(f"/devices/{source_id}/name")
    device_id = dial(source_id).ask("< GET DEVICE_ID >")
    removed = direct("DELETE", f"/receivers/{source_id}")

    assert created.status_code == 201
    assert named.json() == {"name": "RX B"}
    assert device_id == ["< REP DEVICE_ID {RX B    } >"]
    assert removed.json() == {"removed": source_id}
    assert client.get(f"/devices/{source_id}").status_code == 404
    assert source_id not in sim.source_ids


def test_the_show_is_paused_and_its_speed_set(direct: Direct) -> None:
    begun = direct("GET", "/show").json()

    turned = [
        direct("POST", "/show", body).json()
        for body in ({"paused": False}, {"speed": 60}, {"paused": True, "speed": 1.5})
    ]

    assert begun == {"second": 0, "paused": True, "speed": 1.0}
    assert [(show["paused"], show["speed"]) for show in turned] == [(False, 1.0), (False, 60.0), (True, 1.5)]


def test_requests_are_counted_by_pattern_and_status(
    direct: Direct, client: Client, ulxd: str, axient: str
) -> None:
    etag = client.get(f"/devices/{ulxd}").headers["ETag"]
    client.get(f"/devices/{ulxd}", If_None_Match=etag)
    client.get(f"/devices/{axient}", If_None_Match=etag)
    client.get(f"/devices/{axient}/audio-channels/none/activity")
    client.get("/health")
    client.ask("GET", "/devices", headers={"x-api-key": None})

    counts = direct("GET", "/counts").json()

    assert counts["requests"] == {
        "GET /devices/{id}": {"200": 2, "304": 1},
        "GET /devices/{id}/audio-channels/{ch}/activity": {"404": 1},
        "unknown": {"404": 1},
        "GET /devices": {"401": 1},
    }
    assert (counts["conditional"], counts["not_modified"]) == (2, 1)


def test_sessions_are_counted_by_receiver_and_commands_by_property(
    sim: Simulator, ulxd: str, axient: str, dial: Callable[[str], Line]
) -> None:
    first, second = dial(ulxd), dial(ulxd)
    first.ask("< GET 1 CHAN_NAME >< GET 2 CHAN_NAME >", 2)
    second.ask("< SET 1 METER_RATE 01000 >< GET 1 NOTHING >", 2)
    dial(axient).ask("< GET MODEL >")
    first.hang_up()
    second.hang_up()

    counts = sim.counts()

    assert counts.commands == {"GET CHAN_NAME": 2, "SET METER_RATE": 1, "unknown": 1, "GET MODEL": 1}
    sessions = counts.receivers[ulxd]
    assert (sessions.opened, sessions.open, sessions.most_open, sessions.left_metering) == (2, 0, 2, 1)
    assert (counts.receivers[axient].opened, counts.receivers[axient].open) == (1, 1)


def test_counting_begins_anew_but_what_is_open_stays_open(
    direct: Direct, client: Client, ulxd: str, dial: Callable[[str], Line]
) -> None:
    client.get("/devices")
    dial(ulxd).ask("< GET MODEL >")

    counts = direct("POST", "/counts/reset").json()

    assert counts == {
        "requests": {},
        "conditional": 0,
        "not_modified": 0,
        "connections": {"opened": 0, "open": 1, "most_open": 1, "left_metering": 0},
        "receivers": {ulxd: {"opened": 0, "open": 1, "most_open": 1, "left_metering": 0}},
        "commands": {},
    }
