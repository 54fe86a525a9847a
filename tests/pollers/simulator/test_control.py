"""Directed over the control endpoint, and through Python: both are the same."""

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pollers.simulator import Simulator, Unknown, Unplayable

from .conftest import Client, Direct, Line


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
    ({"transmitter": "ULX D2"}, "transmitter matches (?!UNKN)[A-Z0-9]{2,8} on ULX-D"),
    ({"battery_type": "WARN"}, "battery_type matches LION|ALKA|NIMH|LITH on ULX-D"),
    ({"group_channel": "1,5"}, "group_channel matches [0-9]{2},[0-9]{2} on ULX-D"),
    (
        {"name": "Lead Vocal"},
        "name is at most 8 printable ASCII characters on ULX-D, without braces and outer blanks",
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
        ("POST", "/show", {"speed": "fast"}, 400),
        ("POST", "/show", {"skip": -5}, 400),
        ("POST", "/show", {"paused": 1}, 400),
        ("POST", "/show", {"faster": True}, 400),
        ("POST", "/show", {"scenario": "opera"}, 404),
        ("PATCH", "/dialect", {"unsupported": 500}, 400),
        ("PATCH", "/dialect", {"listing": "table"}, 400),
        ("PATCH", "/dialect", {"etags": "yes"}, 400),
        ("PATCH", "/dialect", {"page_size": -1}, 400),
        ("PATCH", "/dialect", {"accent": "French"}, 404),
        ("PATCH", "/list", {"shown": "few"}, 400),
        ("PATCH", "/list", {"twice": "dd"}, 404),
        ("PUT", "/faults", {"kind": "fire"}, 404),
        ("PUT", "/faults", {"kind": "drip"}, 400),
        ("PUT", "/faults", {"kind": "hang", "at": 5}, 400),
        ("PUT", "/faults", {"kind": "hang", "at": "/nowhere"}, 404),
        ("PUT", "/faults", {"kind": "status", "status": 500, "at": "{ulxd}"}, 400),
        ("DELETE", "/faults", {"at": "dd"}, 404),
        ("DELETE", "/faults", {"kind": "hang"}, 400),
        ("POST", "/receivers", {"model": "AD4D", "state": "LOST"}, 400),
        ("POST", "/receivers", {"model": "AD4D", "source_id": "{ulxd}"}, 400),
        ("POST", "/receivers", {"model": 4}, 400),
        ("POST", "/receivers/dd/move", None, 404),
        ("POST", "/receivers/{ulxd}/move", {"told": "no"}, 400),
        ("POST", "/receivers/{ulxd}/swap", None, 400),
        ("POST", "/receivers/{ulxd}/swap", {"with": "dd"}, 404),
        ("POST", "/receivers/{ulxd}/replace", {"source_id": 5}, 400),
        ("POST", "/receivers/{ulxd}/channels/1/release", {"fields": "rf_dbm"}, 400),
        ("PATCH", "/receivers/{ulxd}/channels/one", {"gain_db": 0}, 404),
        ("PATCH", "/receivers/{ulxd}", {"quadversity": True}, 400),
        ("PATCH", "/receivers/{ulxd}", {"controllers_allowed": False}, 400),
        ("PATCH", "/receivers/{ulxd}", {"answers_as": 5}, 400),
    ],
)
def test_what_cannot_be_done_says_so(
    *, sim: Simulator, direct: Direct, ulxd: str, method: str, path: str, json: object, status: int
) -> None:
    before = sim.truth()

    body = json
    if isinstance(json, dict):
        body = {
            name: value.format(ulxd=ulxd) if isinstance(value, str) else value for name, value in json.items()
        }

    refused = direct(method, path.format(ulxd=ulxd), body)

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

    assert begun == {"second": 0, "paused": True, "speed": 1.0, "scenario": "show"}
    assert [(show["paused"], show["speed"]) for show in turned] == [(False, 1.0), (False, 60.0), (True, 1.5)]


def test_the_show_skips_ahead_and_its_packs_with_it(sim: Simulator, direct: Direct, ulxd: str) -> None:
    sim.set(ulxd, 1, transmitter_on=True, battery_type="LION")
    before = sim.truth().channel(ulxd, 1).reading.battery_percent
    direct("POST", "/show", {"speed": 10})

    turned = direct("POST", "/show", {"skip": 600}).json()

    after = sim.truth().channel(ulxd, 1).reading.battery_percent
    assert turned["second"] == 600
    assert before is not None
    assert after is not None
    assert before - after == pytest.approx(100 * 100 / 640, abs=2)  # of a pack of not quite eleven hours


def test_the_scenario_is_switched_while_it_plays(sim: Simulator, direct: Direct) -> None:
    turned = direct("POST", "/show", {"scenario": "charger-night"}).json()
    nobody = [
        channel.reading.transmitter_on for receiver in sim.truth().receivers for channel in receiver.channels
    ]
    sim.turn(scenario="show")
    somebody = [
        channel.reading.transmitter_on for receiver in sim.truth().receivers for channel in receiver.channels
    ]

    assert turned["scenario"] == "charger-night"
    assert not any(nobody)
    assert any(somebody)


def test_a_dialect_is_spoken_from_now_on(direct: Direct, client: Client) -> None:
    spoken = direct("PATCH", "/dialect", {"etags": False, "listing": "array"})

    assert spoken.json() == direct("GET", "/dialect").json()
    assert spoken.json() == {
        "etags": False,
        "weak_etags": False,
        "unsupported": 404,
        "listing": "array",
        "page_size": 0,
    }
    listed = client.get("/devices")
    assert isinstance(listed.json(), list)
    assert "ETag" not in listed.headers


def test_the_list_is_distorted_and_put_right(direct: Direct, client: Client, ulxd: str) -> None:
    distorted = direct("PATCH", "/list", {"shown": 1, "twice": ulxd})
    odd = client.get("/devices").json()["edges"]
    direct("PATCH", "/list", {"shown": None, "twice": None})

    assert distorted.json() == {"shown": 1, "malformed": None, "twice": ulxd, "repeating": False}
    assert len(odd) == 2
    assert direct("GET", "/list").json() == {
        "shown": None,
        "malformed": None,
        "twice": None,
        "repeating": False,
    }
    assert len(client.get("/devices").json()["edges"]) == 2


def test_faults_come_and_go_by_place(
    direct: Direct, client: Client, ulxd: str, dial: Callable[[str], Line]
) -> None:
    direct("PUT", "/faults", {"kind": "status", "status": 429, "retry_after": "3"})
    direct("PUT", "/faults", {"at": f"/devices/{ulxd}", "kind": "html"})
    told = direct("PUT", "/faults", {"at": ulxd, "kind": "drip", "ms": 20})
    statuses = [client.get(path).status_code for path in ("/devices", f"/devices/{ulxd}")]

    one_gone = direct("DELETE", "/faults", {"at": "server"})
    all_gone = direct("DELETE", "/faults")

    assert told.json() == {
        "server": {"kind": "status", "status": 429, "retry_after": "3"},
        f"/devices/{ulxd}": {"kind": "html"},
        ulxd: {"kind": "drip", "ms": 20},
    }
    assert statuses == [429, 200]
    assert one_gone.json().keys() == {f"/devices/{ulxd}", ulxd}
    assert all_gone.json() == direct("GET", "/faults").json() == {}
    assert client.get("/devices").status_code == 200
    assert dial(ulxd).ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]


def says(dial: Callable[[str], Line], source_id: str, question: str) -> str:
    (frame,) = dial(source_id).ask(question)
    return frame.split("{")[1].split("}")[0].strip()


@pytest.mark.parametrize("told", [True, False])
def test_two_receivers_swap_addresses(
    *,
    sim: Simulator,
    direct: Direct,
    client: Client,
    ulxd: str,
    axient: str,
    dial: Callable[[str], Line],
    told: bool,
) -> None:
    before = [receiver.address for receiver in sim.truth().receivers]
    inside = dial(ulxd)

    swapped = direct("POST", f"/receivers/{ulxd}/swap", {"with": axient, "told": told})

    assert inside.hung_up()
    assert swapped.json()["address"] == before[1]
    assert [receiver.address for receiver in sim.truth().receivers] == before[::-1]
    assert listed_addresses(client) == (before[::-1] if told else before)
    assert says(dial, axient, "< GET MODEL >") == "AD4D-A"  # dialled where it is now
    sim.swap(ulxd, axient)
    assert [receiver.address for receiver in sim.truth().receivers] == listed_addresses(client) == before


def listed_addresses(client: Client) -> list[str]:
    edges = client.get("/devices").json()["edges"]
    return [edge["node"]["communicationProtocol"]["address"] for edge in edges]


def test_a_receiver_moves_and_its_server_learns_it_later(
    *, sim: Simulator, direct: Direct, client: Client, ulxd: str, dial: Callable[[str], Line]
) -> None:
    before = sim.truth(ulxd).receivers[0].address

    moved = direct("POST", f"/receivers/{ulxd}/move", {"told": False}).json()

    assert moved["address"] not in {receiver.address for receiver in sim.truth().receivers[1:]} | {before}
    assert (listed_addresses(client)[0], moved["listed"]["address"]) == (before, before)
    assert says(dial, ulxd, "< GET DEVICE_ID >") == "RX 001"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((before, 2202), timeout=10)
    direct("PATCH", f"/receivers/{ulxd}", {"listed_address": None})
    assert listed_addresses(client)[0] == moved["address"]
    assert sim.move(ulxd) == listed_addresses(client)[0] != moved["address"]


@pytest.mark.parametrize("new_id", [None, "loan/1"])
def test_another_piece_comes_with_the_same_serial(
    *, sim: Simulator, direct: Direct, ulxd: str, dial: Callable[[str], Line], new_id: str | None
) -> None:
    before = sim.truth(ulxd).receivers[0]
    sim.set(ulxd, 1, name="Encore")
    inside = dial(ulxd)

    replaced = direct("POST", f"/receivers/{ulxd}/replace", new_id and {"source_id": new_id})

    after = replaced.json()
    assert replaced.status_code == 201
    assert inside.hung_up()
    assert (after["serial"], after["address"], after["name"]) == (before.serial, before.address, before.name)
    assert sim.source_ids[0] == after["source_id"] != ulxd
    assert new_id in {None, after["source_id"]}
    assert says(dial, after["source_id"], "< GET 1 CHAN_NAME >") == "Encore"
    assert direct("GET", f"/truth/{ulxd}").status_code == 404


def test_a_receiver_answers_as_another_model(
    sim: Simulator, direct: Direct, ulxd: str, dial: Callable[[str], Line]
) -> None:
    direct("PATCH", f"/receivers/{ulxd}", {"answers_as": "ULXD4D"})

    impostor = says(dial, ulxd, "< GET MODEL >")
    truth = sim.truth(ulxd).receivers[0]
    sim.patch(ulxd, answers_as=None)

    assert impostor == "ULXD4D"
    assert truth.heard is not None
    assert (truth.heard.model, truth.model, truth.listed.model) == ("ULXD4D", "ULXD4Q", "ULXD4Q")
    assert says(dial, ulxd, "< GET MODEL >") == "ULXD4Q"


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
