import base64
import json
import socket
import ssl
from urllib.parse import quote
from uuid import UUID

import pytest
import requests

from pollers.simulator import Listing, Simulator

from .conftest import Client

CAPTURED_CAPABILITIES = [
    "audio-channels",
    "audio-channels-v2",
    "audio-network",
    "control-network",
    "dante-audio-network",
    "factory-reset",
    "hosted-firmware",
    "identify",
    "name",
    "reboot",
    "uptime",
]


def channel_path(client: Client, source_id: str, number: int, resource: str) -> str:
    listed = client.get(f"/devices/{source_id}/audio-channels").json()
    return f"/devices/{source_id}/audio-channels/{quote(listed[number - 1]['id'], safe='')}/{resource}"


def test_the_list_is_the_captured_connection(sim: Simulator, client: Client, ulxd: str) -> None:
    listed = client.get("/devices").json()

    assert listed["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": listed["edges"][0]["cursor"],
        "endCursor": listed["edges"][-1]["cursor"],
    }
    assert listed["edges"][0]["node"] == {
        "compatibility": "COMPATIBLE_LATEST",
        "deviceState": "ONLINE",
        "hardwareIdentity": {"deviceId": ulxd, "serialNumber": sim.truth(ulxd).receivers[0].serial},
        "softwareIdentity": {"firmwareVersion": "2.7.6.0", "firmwareValid": True, "model": "ULXD4Q"},
        "communicationProtocol": {"name": "ESTA.DMP", "address": sim.truth(ulxd).receivers[0].address},
        "capabilities": CAPTURED_CAPABILITIES,
    }
    assert [edge["node"]["softwareIdentity"]["model"] for edge in listed["edges"]] == ["ULXD4Q", "AD4D"]


def test_ids_are_of_shures_form(sim: Simulator) -> None:
    forms = {(source_id[:2], source_id[8:]) for source_id in sim.source_ids}

    assert forms == {("dd", "-0000-11dd-a000-000eddcccccc")}
    assert all(int(source_id[2:8], 16) for source_id in sim.source_ids)


def test_an_id_is_the_same_in_capitals(client: Client, ulxd: str) -> None:
    assert client.get(f"/devices/{ulxd.upper()}").json() == client.get(f"/devices/{ulxd}").json()


def test_a_discovered_device_is_little_more_than_an_address(
    sim: Simulator, client: Client, ulxd: str
) -> None:
    sim.patch(ulxd, state="DISCOVERED")

    node = client.get(f"/devices/{ulxd}").json()

    assert node == {
        "compatibility": "COMPATIBLE_LATEST",
        "deviceState": "DISCOVERED",
        "hardwareIdentity": {"deviceId": ulxd},
        "softwareIdentity": {"model": "ULXD4Q"},
        "communicationProtocol": {"name": "ESTA.DMP", "address": sim.truth(ulxd).receivers[0].address},
    }
    assert client.get(f"/devices/{ulxd}/name").status_code == 404


@pytest.mark.parametrize("key", [None, "", "wrong"])
def test_without_the_key_the_body_is_the_captured_one(client: Client, key: str | None) -> None:
    refused = client.ask("GET", "/devices", headers={"x-api-key": key})

    body = refused.json()
    trace = body.pop("traceId")

    assert refused.status_code == 401
    assert body == {"type": "", "title": "Request Unauthorized.", "status": 401, "detail": "", "instance": ""}
    assert str(UUID(trace)) == trace


def test_a_json_type_without_a_body_is_rejected(client: Client) -> None:
    rejected = client.get("/devices", Content_Type="application/json")

    assert rejected.status_code == 400
    assert rejected.json()["detail"] == "Body cannot be empty when content-type is set to 'application/json'"


def test_an_unchanged_answer_is_a_304_without_a_body(client: Client, ulxd: str) -> None:
    etag = client.get(f"/devices/{ulxd}").headers["ETag"]

    again = client.get(f"/devices/{ulxd}", If_None_Match=etag)

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize("condition", ["*", "W/{}", '"other", {}'])
def test_every_form_of_the_condition_is_understood(client: Client, ulxd: str, condition: str) -> None:
    etag = client.get(f"/devices/{ulxd}").headers["ETag"]

    again = client.get(f"/devices/{ulxd}", If_None_Match=condition.format(etag))

    assert again.status_code == 304


def test_a_weak_etag_is_as_good(sim: Simulator, client: Client, ulxd: str) -> None:
    strong = client.get(f"/devices/{ulxd}").headers["ETag"]
    sim.speak(weak_etags=True)

    weak = client.get(f"/devices/{ulxd}").headers["ETag"]

    assert weak == f"W/{strong}"
    assert [client.get(f"/devices/{ulxd}", If_None_Match=etag).status_code for etag in (weak, strong)] == [
        304,
        304,
    ]


def test_a_change_has_another_etag_and_going_back_has_the_first(
    sim: Simulator, client: Client, ulxd: str
) -> None:
    def etag() -> str:
        return client.get(f"/devices/{ulxd}").headers["ETag"]

    first = etag()
    sim.patch(ulxd, state="OFFLINE")
    changed = client.get(f"/devices/{ulxd}", If_None_Match=first)
    sim.patch(ulxd, state="ONLINE")

    assert (changed.status_code, changed.json()["deviceState"]) == (200, "OFFLINE")
    assert changed.headers["ETag"] != first
    assert etag() == first


def test_the_list_has_an_etag_too(sim: Simulator, client: Client, ulxd: str) -> None:
    first = client.get("/devices").headers["ETag"]
    unchanged = client.get("/devices", If_None_Match=first).status_code

    sim.patch(ulxd, firmware="2.8.0.0")

    assert unchanged == 304
    assert client.get("/devices", If_None_Match=first).status_code == 200


def test_a_server_without_etags_answers_in_full(sim: Simulator, client: Client, ulxd: str) -> None:
    etag = client.get(f"/devices/{ulxd}").headers["ETag"]
    sim.speak(etags=False)

    again = client.get(f"/devices/{ulxd}", If_None_Match=etag)

    assert again.status_code == 200
    assert "ETag" not in again.headers


def test_names_are_kept_apart_from_the_node(sim: Simulator, client: Client, ulxd: str) -> None:
    sim.patch(ulxd, name="ADTQ A")

    assert client.get(f"/devices/{ulxd}/name").json() == {"name": "ADTQ A"}
    assert "ADTQ A" not in client.get(f"/devices/{ulxd}").text


def test_audio_channels_have_the_captured_form(client: Client, ulxd: str) -> None:
    channels = client.get(f"/devices/{ulxd}/audio-channels").json()

    assert [{**channel, "id": json.loads(base64.b64decode(channel["id"]))} for channel in channels] == [
        {
            "id": {"t": "AudioChannel", "c": "ULXD4Q", "v": 131088, "s": "CH", "i": index},
            "role": "SOURCE",
            "group": "GENERIC",
            "capabilities": ["activity", "gain", "name"],
        }
        for index in range(4)
    ]


@pytest.mark.parametrize(
    ("peak_dbfs", "level"), [(-48, "LOW"), (-41, "LOW"), (-40, "GOOD"), (-7, "GOOD"), (-6, "CLIPPING")]
)
def test_activity_is_one_of_three_words(
    *, sim: Simulator, client: Client, axient: str, peak_dbfs: int, level: str
) -> None:
    path = channel_path(client, axient, 2, "activity")

    sim.set(axient, 2, audio_peak_dbfs=peak_dbfs)

    assert client.get(path).json() == {"audioLevel": level}


def test_a_channel_tells_its_name_and_its_gain(sim: Simulator, client: Client, ulxd: str) -> None:
    sim.set(ulxd, 2, name="Encore", gain_db=-6)

    told = [client.get(channel_path(client, ulxd, 2, resource)).json() for resource in ("name", "gain")]

    assert told == [{"name": "Encore"}, {"gain": -6}]


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT", "DELETE"])
def test_nothing_of_a_device_is_changed_from_here(client: Client, ulxd: str, method: str) -> None:
    assert client.ask(method, f"/devices/{ulxd}/name", json={"name": "Mine"}).status_code == 405


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("resource", ["audio-mute", "battery-level", "battery-health"])
def test_what_a_device_is_not_capable_of_it_does_not_answer(
    *, sim: Simulator, client: Client, ulxd: str, status: int, resource: str
) -> None:
    sim.speak(unsupported=status)

    assert client.get(f"/devices/{ulxd}/{resource}").status_code == status


def test_a_channel_without_a_mute_does_not_answer_for_one(client: Client, ulxd: str) -> None:
    assert client.get(channel_path(client, ulxd, 1, "mute")).status_code == 404


def test_what_a_device_is_capable_of_it_answers(sim: Simulator, client: Client, ulxd: str) -> None:
    sim.patch(ulxd, capabilities=["audio-mute", "battery-level", "battery-health", "identify"])
    sim.set(ulxd, 1, battery_type="LION", transmitter_on=True, battery_percent=87, battery_minutes=385)
    sim.set(ulxd, 1, battery_calculating=False, battery_health_percent=96, battery_cycles=42)

    answers = {
        resource: client.get(f"/devices/{ulxd}/{resource}").json()
        for resource in ("audio-mute", "battery-level", "battery-health", "identify")
    }

    assert answers == {
        "audio-mute": {"muted": False},
        "battery-level": {
            "percentage": 87,
            "status": {"currentState": "DISCHARGING", "targetState": "EMPTY", "timeToTargetState": "PT385M"},
        },
        "battery-health": {"percentage": 96, "cycleCount": 42},
        "identify": {"identifying": False},
    }


@pytest.mark.parametrize("model", ["ULXD4", "QLXD4", "SLXD4D", "AD4Q", "SBC840"])
def test_no_receiver_or_charger_tells_a_battery_here(sim: Simulator, client: Client, model: str) -> None:
    source_id = sim.add(model)

    asked = [client.get(f"/devices/{source_id}/battery-{what}").status_code for what in ("level", "health")]

    assert asked == [404, 404]


def test_a_device_that_its_server_alone_knows_tells_all_that_it_has(sim: Simulator, client: Client) -> None:
    unit = sim.add("ADTQ", name="ADTQ A")
    sim.set(unit, 1, battery_state="charging", battery_percent=50, audio_peak_dbfs=-3)

    told = {
        resource: client.get(f"/devices/{unit}/{resource}").json()
        for resource in ("name", "battery-level", "identify")
    }

    assert told == {
        "name": {"name": "ADTQ A"},
        "battery-level": {
            "percentage": 50,
            "status": {"currentState": "CHARGING", "targetState": "FULL", "timeToTargetState": "PT75M"},
        },
        "identify": {"identifying": False},
    }
    assert client.get(channel_path(client, unit, 1, "activity")).json() == {"audioLevel": "CLIPPING"}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((sim.truth(unit).receivers[0].address, 2202), timeout=10)


def test_a_charger_has_no_audio(sim: Simulator, client: Client) -> None:
    assert client.get(f"/devices/{sim.add('SBC220')}/audio-channels").status_code == 404


def test_discovery_addresses_are_replaced_added_and_removed(client: Client) -> None:
    path = "/config/discovery/ips"

    statuses = [
        client.ask("PUT", path, json={"ips": ["172.21.1.100", "172.21.1.101"]}).status_code,
        client.ask("PATCH", f"{path}/add", json={"ips": ["172.21.1.101", "172.21.1.102"]}).status_code,
        client.ask("PATCH", f"{path}/remove", json={"ips": ["172.21.1.100"]}).status_code,
        client.ask("POST", f"{path}/remove", json={"ips": ["172.21.1.101"]}).status_code,
    ]

    assert statuses == [202, 202, 202, 405]
    assert client.get(path).json() == {"ips": ["172.21.1.101", "172.21.1.102"]}


@pytest.mark.parametrize(
    "path",
    [
        "/devices/dd000000-0000-11dd-a000-000eddcccccc",
        "/devices/dd000000-0000-11dd-a000-000eddcccccc/name",
        "/channels",
        "/health",
        "/devices/models",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_channel_id_of_another_device_is_not_found(client: Client, ulxd: str, axient: str) -> None:
    foreign = channel_path(client, axient, 1, "activity").replace(axient, ulxd)

    assert client.get(foreign).status_code == 404


@pytest.mark.parametrize("listing", [Listing.ARRAY, Listing.ITEMS])
def test_the_list_has_other_forms(sim: Simulator, client: Client, listing: Listing) -> None:
    nodes = [edge["node"] for edge in client.get("/devices").json()["edges"]]

    sim.speak(listing=listing)

    assert client.get("/devices").json() == (nodes if listing is Listing.ARRAY else {"items": nodes})


def test_one_connection_answers_many_requests(sim: Simulator, client: Client, ulxd: str) -> None:
    for _ in range(5):
        client.get(f"/devices/{ulxd}")

    connections = sim.counts().connections

    assert (connections.opened, connections.open) == (1, 1)


def spoken(sim: Simulator, request: bytes) -> bytes:
    """Return everything that the server says to these bytes until it hangs up."""
    context = ssl.create_default_context(cafile=str(sim.certificate))
    host, port = "127.0.0.1", int(sim.url.rpartition(":")[2])
    with (
        socket.create_connection((host, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        secured.sendall(request)
        answer = b""
        while data := secured.recv(65536):
            answer += data
        return answer


def test_requests_sent_together_are_answered_in_turn(sim: Simulator) -> None:
    key = f"x-api-key: {sim.api_key}\r\n"
    first = f"GET /api/v1/config/discovery/ips HTTP/1.1\r\n{key}\r\n"
    last = f"GET /api/v1/nothing HTTP/1.1\r\n{key}Connection: close\r\n\r\n"

    answer = spoken(sim, (first + last).encode())

    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'{"ips":[]}HTTP/1.1 404 Not Found\r\n' in answer


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: lots\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_ends_the_connection(sim: Simulator, request_bytes: bytes, status: int) -> None:
    answer = spoken(sim, request_bytes)

    assert int(answer.split()[1]) == status
    assert b"Connection: close" in answer


def test_the_certificate_stands_strict_verification(sim: Simulator) -> None:
    context = ssl.create_default_context(cafile=str(sim.certificate))
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    with (
        socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2])), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        version = secured.version()

    assert version == "TLSv1.3"


def test_a_stranger_is_not_trusted(sim: Simulator) -> None:
    session = requests.Session()
    session.trust_env = False

    with pytest.raises(requests.exceptions.SSLError), session:
        session.get(f"{sim.url}/api/v1/devices", timeout=10)
