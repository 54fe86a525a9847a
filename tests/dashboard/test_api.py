"""REST as an integrator meets it: every answer is what `/openapi.json` says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.access import create_token
from core.models import ChangeRecord, Channel, Head, Location, Receiver, Token
from dashboard.api.document import openapi
from realtime import contract
from realtime.windows import emit
from tests.dashboard.stage import Placed, change, put
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll

Ask = Callable[..., Any]

THREE = [Placed(name="Pastor", slot=1), Placed(name="Worship", slot=2), Placed(name="Guest")]


def checked(template: str, response: Any, *, method: str = "get") -> Any:
    """Return the answer to a request of this address, once it is what the description says."""
    described = openapi()["paths"][template][method]["responses"][str(response.status_code)]
    if "$ref" in described:
        described = openapi()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    schema = described["content"]["application/json"]["schema"]
    told = json.loads(response.content)
    assert response["Content-Type"] == "application/json"
    Draft202012Validator({**schema, "components": openapi()["components"]}).validate(told)
    return told


@pytest.fixture
def secret(committed: None) -> str:
    del committed
    return create_token("integrator")[1]


@pytest.fixture
def ask(client: Client, secret: str) -> Ask:
    """Ask with a bearer token: `ask(template, query, status=…, **parts of the path)`."""

    def get(template: str, query: dict[str, Any] | None = None, *, status: int = 200, **parts: str) -> Any:
        response = client.get(
            template.format(**parts), query or {}, headers={"Authorization": f"Bearer {secret}"}
        )
        assert response.status_code == status, response.content
        return checked(template, response)

    return get


DEVICES = "/api/v1/devices/"
DEVICE = "/api/v1/devices/{device_id}/"
CHANGES = "/api/v1/devices/{device_id}/changes/"
ALERTS = "/api/v1/alerts/"
SERVERS = "/api/v1/servers/"
TICKETS = "/api/v1/tickets/"
READS = [DEVICES, DEVICE, CHANGES, ALERTS, SERVERS]


def test_the_description_is_what_openapi_asks_for() -> None:
    OpenAPIV31SpecValidator(openapi()).validate()


def test_every_example_is_what_its_schema_says() -> None:
    components = openapi()["components"]
    answers = [
        content
        for path in openapi()["paths"].values()
        for operation in path.values()
        for response in (*operation["responses"].values(), operation.get("requestBody", {}))
        for content in response.get("content", {}).values()
    ] + [response["content"]["application/json"] for response in components["responses"].values()]

    assert len(answers) == 14
    for content in answers:
        Draft202012Validator({**content["schema"], "components": components}).validate(content["example"])


def test_rows_are_described_once_for_feed_and_rest() -> None:
    feed, rest = contract.asyncapi()["components"], openapi()["components"]["schemas"]

    for name in ("Channel", "Alert", "State", "Instant"):
        assert rest[name] is feed["schemas"][name]
    update = dict(feed["messages"]["connection_update"]["payload"]["properties"])
    del update["type"]
    assert rest["Server"]["properties"] == update


def test_channels_are_told_with_the_window_at_which_this_is_so(ask: Ask) -> None:
    device_ids = put(THREE)

    told = ask(DEVICES)

    assert [row["device_id"] for row in told["devices"]] == device_ids
    assert (told["seq"], told["epoch"], told["next"]) == (1, Head.objects.get().epoch, None)
    assert ask(DEVICE, device_id=device_ids[0].lower()) == told["devices"][0]


def test_a_scope_narrows_what_is_told(ask: Ask) -> None:
    put(THREE)
    hall = Location.objects.create(slug="hall", title="Hall")
    Receiver.objects.filter(code=Channel.objects.get(alias="Guest").receiver.code).update(location=hall)
    emit()

    def names(*scopes: str) -> list[str]:
        return [row["name"] for row in ask(DEVICES, {"scope": scopes})["devices"]]

    assert names("group:stage-left") == ["Pastor", "Worship"]
    assert names("location:hall") == ["Guest"]
    assert names("location:hall", "device:pastor") == ["Pastor", "Guest"]
    assert names("group:nowhere") == []


def test_pages_of_channels_follow_each_other(ask: Ask) -> None:
    device_ids = put(THREE)

    first = ask(DEVICES, {"limit": 2})
    second = ask(DEVICES, {"limit": 2, "cursor": first["next"]})

    assert [row["device_id"] for row in (*first["devices"], *second["devices"])] == device_ids
    assert second["next"] is None


def test_the_history_of_a_channel_is_told_newest_first_a_page_at_a_time(ask: Ask) -> None:
    (device_id,) = put([Placed(name="Pastor")])
    for level in (84, 83, 82, 81):
        change(device_id, battery_level=level)
    # As if one poll had recorded all of them: the order has to hold within one moment, too.
    ChangeRecord.objects.filter(device_id=device_id).update(at=datetime(2026, 11, 22, 16, 41, tzinfo=UTC))

    pages, cursor = [], None
    while True:
        page = ask(CHANGES, {"limit": 2, **({"cursor": cursor} if cursor else {})}, device_id=device_id)
        pages.append([record["changes"].get("battery_level") for record in page["changes"]])
        if (cursor := page["next"]) is None:
            break

    assert pages == [[[82, 81], [83, 82]], [[84, 83], [85, 84]], [None]]  # the first told that it was added


def test_a_span_has_its_beginning_and_not_its_end(ask: Ask) -> None:
    (device_id,) = put([Placed(name="Pastor")])
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for hour, level in enumerate((84, 83, 82)):
        change(device_id, battery_level=level)
        latest = ChangeRecord.objects.filter(device_id=device_id).latest("id")
        ChangeRecord.objects.filter(pk=latest.pk).update(at=noon + timedelta(hours=hour))
    ChangeRecord.objects.filter(kind="added").delete()

    def hours(**span: str) -> list[str]:
        told = ask(CHANGES, {name.strip("_"): text for name, text in span.items()}, device_id=device_id)
        return [record["at"] for record in told["changes"]]

    one, two = "2026-11-22T13:00:00.000Z", "2026-11-22T14:00:00.000Z"
    assert hours(from_="2026-11-22T13:00:00Z") == [two, one]
    assert hours(from_="2026-11-22T14:00:00+01:00", to="2026-11-22T14:00:00Z") == [one]
    assert hours(to="0001-01-01T00:00:00+14:00") == hours(from_="9999-12-31T23:59:59-14:00") == []


def test_what_the_server_lists_what_is_lost_and_what_is_low_is_told_as_the_feed_tells_it(ask: Ask) -> None:
    lost, low = make_receivers(2, model="ULXD4D")
    record_poll(lost, answered(heard(1), heard(2)))
    record_poll(low, answered(heard(1, battery_minutes=22), heard(2)))
    for _ in range(3):
        record_poll(lost, silent())
    emit()

    (server,) = ask(SERVERS)["servers"]
    alerts = ask(ALERTS)["alerts"]
    record_poll(low, answered(heard(1), heard(2)))
    emit()
    resolved = ask(ALERTS, {"state": "resolved"})["alerts"]
    history = ask(CHANGES, device_id=low.code)["changes"]

    assert (server["server"], server["status"], server["latency_ms"]) == ("main", "connected", 9)
    assert [(alert["rule"], alert["state"]) for alert in alerts] == [
        ("receiver_offline", "open"),
        ("battery_low", "open"),
    ]
    assert alerts[0]["target"] == {"receiver_id": lost.code}
    assert [(alert["id"], alert["state"]) for alert in resolved] == [(alerts[1]["id"], "resolved")]
    assert [record["kind"] for record in history].count("alert") == 2
    assert [alert["rule"] for alert in ask(ALERTS, {"scope": f"device:{lost.code}-2"})["alerts"]] == [
        "receiver_offline"
    ]
    first = ask(ALERTS, {"state": ["open", "resolved"], "limit": 1})
    second = ask(ALERTS, {"state": ["open", "resolved"], "limit": 1, "cursor": first["next"]})
    assert [alert["id"] for page in (first, second) for alert in page["alerts"]] == [
        alert["id"] for alert in alerts
    ]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("template", "query", "sentence"),
    [
        (DEVICES, {"limit": "0"}, "limit is a whole number from 1 to 500, not '0'."),
        (DEVICES, {"limit": "5000000000000"}, "limit is a whole number from 1 to 500"),
        (DEVICES, {"limit": "²"}, "limit is a whole number from 1 to 500"),
        (DEVICES, {"scope": "room:1"}, "A scope is location:NAME, group:NAME or device:ID, not 'room:1'."),
        (DEVICES, {"cursor": "x"}, "This cursor was not given here: begin without one."),
        (DEVICES, {"cursor": "WzFd"}, "This cursor was not given here"),
        (DEVICES, {"cursor": "é"}, "This cursor was not given here"),
        (DEVICES, {"groups": "a"}, "There is no parameter 'groups' here; known: scope, limit, cursor."),
        (DEVICE, {"x": "1"}, "There is no parameter 'x' here; known: none."),
        (CHANGES, {"from": "yesterday"}, "from is a time with its offset, such as 2026-11-22T16:41:07Z"),
        (CHANGES, {"to": "2026-11-22T16:41:07"}, "to is a time with its offset"),
        (
            CHANGES,
            {"from": "2026-11-22T16:00:00Z", "to": "2026-11-22T16:00:00Z"},
            "from is not before to.",
        ),
        (CHANGES, {"cursor": "WyJ4IiwxXQ"}, "This cursor was not given here"),
        (ALERTS, {"state": "new"}, "state is open, acknowledged, resolved, not 'new'."),
        (ALERTS, {"cursor": "Wy0xXQ"}, "This cursor was not given here"),
        (SERVERS, {"limit": "1"}, "There is no parameter 'limit' here"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    ask: Ask, template: str, query: dict[str, str], sentence: str
) -> None:
    error = ask(template, query, status=400, device_id="SHURE001")["error"]

    assert error["code"] == "bad_request"
    assert error["message"].startswith(sentence)


@pytest.mark.parametrize("template", [DEVICE, CHANGES])
@pytest.mark.parametrize("device_id", ["SHURE999", "Pastor", "%00", "SHURE001-2"])
def test_a_channel_that_is_not_there_is_told_so(ask: Ask, template: str, device_id: str) -> None:
    put([Placed(name="Pastor")])

    assert ask(template, status=404, device_id=device_id)["error"]["code"] == "not_found"


@pytest.mark.parametrize("template", READS)
def test_nobody_is_told_anything_without_signing_in(operator: User, client: Client, template: str) -> None:
    address = template.format(device_id=put([Placed(name="Pastor")])[0])

    def status(token: str | None = None) -> int:
        response = client.get(address, headers={"Authorization": f"Bearer {token}"} if token else {})
        checked(template, response)
        if response.status_code == 401:
            assert response["WWW-Authenticate"] == "Bearer"
        return response.status_code

    assert status() == status("mic_guess") == 401
    good, secret = create_token("integrator")
    assert status(secret) == 200
    Token.objects.filter(pk=good.pk).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert status(secret) == 401
    client.force_login(operator)
    assert status() == 200
    assert status("mic_guess") == 401


@pytest.mark.parametrize("template", READS)
def test_it_can_only_be_read(client: Client, secret: str, template: str) -> None:
    address = template.format(device_id=put([Placed(name="Pastor")])[0])
    strict = Client(enforce_csrf_checks=True)
    bearer = {"Authorization": f"Bearer {secret}"}

    head = client.head(address, headers=bearer)
    posted = strict.post(address, {}, headers=bearer)

    assert (head.status_code, head.content) == (200, b"")
    assert checked(template, posted)["error"]["code"] == "method_not_allowed"
    assert (posted.status_code, posted["Allow"]) == (405, "GET, HEAD")


def test_a_ticket_and_why_there_is_none_are_as_described(client: Client, secret: str) -> None:
    bearer = {"Authorization": f"Bearer {secret}"}

    def status(body: str, kind: str = "application/json", headers: dict[str, str] = bearer) -> int:
        response = client.post(TICKETS, body, content_type=kind, headers=headers)
        checked(TICKETS, response, method="post")
        return response.status_code

    assert status("{}") == status('{"scope": ["group:stage-left"]}') == 201
    assert status("{") == status('{"scope": ["room:1"]}') == 400
    assert status("{}", headers={}) == 401
    assert status("{}", kind="text/plain") == 415


@pytest.mark.parametrize("address", ["/api/", "/api/v1/", "/api/v2/devices/", "/api/v1/devices"])
def test_an_address_that_is_none_is_told_in_json(client: Client, address: str) -> None:
    response = client.get(address)

    told = json.loads(response.content)
    assert (response.status_code, told["error"]["code"]) == (404, "not_found")
    assert ("end in a slash" in told["error"]["message"]) is not address.endswith("/")


@pytest.mark.parametrize(
    ("template", "statements"), [(DEVICES, 7), (DEVICE, 3), (CHANGES, 4), (ALERTS, 2), (SERVERS, 2)]
)
def test_three_channels_cost_no_more_statements_than_one(ask: Ask, template: str, statements: int) -> None:
    counted = []
    for number in (1, 2):
        put([Placed(name="Mic", values={"battery_level": 50 + number})] * number)
        change("SHURE001", battery_level=number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(template, device_id="SHURE001")
        counted.append(len(queries))

    assert counted == [statements, statements]


CHANGES_OF_OTHERS = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT r.id + n, r.at - n * interval '1 s', r.kind, r.channel_id + 1 + n % 500, r.device_id, r.rev, r.changes, r.state,
       r.seq
  FROM (SELECT * FROM core_changerecord WHERE kind = 'change' ORDER BY id DESC LIMIT 1) r, generate_series(1, 20000) n
"""


def test_a_page_of_history_is_read_from_an_index_of_its_channel(ask: Ask) -> None:
    (device_id,) = put([Placed(name="Pastor")])
    change(device_id, battery_level=84)

    with CaptureQueriesContext(connection) as queries:
        ask(CHANGES, {"from": "2020-01-01T00:00:00Z"}, device_id=device_id)
    (statement,) = (query["sql"] for query in queries if "core_changerecord" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(CHANGES_OF_OTHERS)
        cursor.execute("ANALYZE core_changerecord")  # or the planner would go by whatever it knew before
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Cond: ((channel_id = " in plan
    assert "(at >= " in plan


@pytest.mark.parametrize("address", ["/asyncapi.json", "/openapi.json"])
def test_the_descriptions_are_open_to_all(client: Client, address: str) -> None:
    response = client.get(address)

    document = {"/asyncapi.json": contract.asyncapi, "/openapi.json": openapi}[address]()
    assert response.status_code == 200
    assert json.loads(response.content) == document
