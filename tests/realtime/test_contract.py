"""The contract is true: of the code, of its own examples, and by AsyncAPI's own rules."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from jsonschema import Draft7Validator

from core.domain.reading import Kind
from core.domain.scopes import LONGEST, MOST, parse
from core.domain.state import (
    WIRE_NAMES,
    AlertState,
    BatteryStatus,
    RfQuality,
    Rule,
    Severity,
    State,
    Status,
)
from core.domain.tiers import Tier
from realtime import contract, past
from realtime.consumers import LONGEST_MESSAGE, MOST_MESSAGES
from realtime.windows import LARGEST_WINDOW, emit
from tests.contract import TOLD, checked, validator
from tests.fleet import answered, heard, make_receivers, silent
from tests.polling import record_poll
from tests.realtime.conftest import Connect, in_thread

DOCUMENT = contract.asyncapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
MESSAGES = DOCUMENT["components"]["messages"]
RULES = Path(__file__).parents[1] / "js" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"

EXAMPLES = [
    pytest.param(name, example["payload"], id=f"{name}: {example['name']}")
    for name, message in MESSAGES.items()
    for example in message["examples"]
]


def test_the_document_is_what_asyncapi_asks_for() -> None:
    rules = json.loads(RULES.read_text())

    wrong = [f"{error.json_path}: {error.message}" for error in Draft7Validator(rules).iter_errors(DOCUMENT)]

    assert wrong == []


def references(value: Any) -> set[str]:
    """Return what is referred to anywhere in a document."""
    match value:
        case {"$ref": str(target)}:
            return {target}
        case dict():
            return set[str]().union(*map(references, value.values()))
        case list():
            return set[str]().union(*map(references, value))
        case _:
            return set()


def test_every_reference_leads_somewhere() -> None:
    for target in references(DOCUMENT):
        place: Any = DOCUMENT
        for part in target.removeprefix("#/").split("/"):
            assert part in place, target
            place = place[part]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_schema_is_one_and_leaves_nothing_open(name: str) -> None:
    Draft7Validator.check_schema(contract.schema_of(name))

    payload = MESSAGES[name]["payload"]
    assert payload["additionalProperties"] is False
    assert payload["properties"]["type"]["const"] == name


@pytest.mark.parametrize(("name", "payload"), EXAMPLES)
def test_every_example_is_what_its_schema_says(name: str, payload: dict[str, Any]) -> None:
    validator(name).validate(payload)


@pytest.mark.parametrize(("name", "payload"), EXAMPLES)
def test_one_field_more_or_one_less_is_noticed(name: str, payload: dict[str, Any]) -> None:
    required = MESSAGES[name]["payload"]["required"]

    assert not validator(name).is_valid({**payload, "surprise": 1})
    for field in required:
        assert not validator(name).is_valid({key: value for key, value in payload.items() if key != field})


def test_a_frame_that_the_contract_does_not_know_fails_a_test() -> None:
    with pytest.raises(AssertionError, match="knows of no 'reboot'"):
        checked({"type": "reboot"})
    with pytest.raises(AssertionError, match="knows of no 'ping'"):
        checked({"type": "ping"})
    with pytest.raises(AssertionError, match=r"pong is not as the contract says, at \$"):
        checked({"type": "pong", "id": []})


def test_there_is_no_schema_of_a_message_that_nobody_sends() -> None:
    with pytest.raises(KeyError):
        contract.schema_of("reboot")


def test_what_a_feed_tells_and_takes_is_all_that_there_is() -> None:
    understood = set[str]().union(*map(contract.understood, ("devices", "connections", "health")))

    assert TOLD | understood == set(MESSAGES)
    for feed in ("devices", "connections", "health"):
        channel = DOCUMENT["channels"][feed]
        assert channel["address"] == f"/ws/{feed}/"
        assert contract.told(feed) | contract.understood(feed) == set(channel["messages"])


@pytest.mark.parametrize(
    "words", [Kind, Status, State, BatteryStatus, RfQuality, Tier, Rule, Severity, AlertState]
)
def test_the_words_are_those_of_the_code(words: type[StrEnum]) -> None:
    schema = SCHEMAS[words.__name__]

    assert schema["enum"] == list(schema["x-meanings"])
    assert set(schema["enum"]) == set(words)


def test_the_states_stand_in_the_order_of_their_weight() -> None:
    assert SCHEMAS["State"]["enum"] == list(State)


def test_a_row_has_the_recorded_fields_and_says_which_channel_it_is_of() -> None:
    identity = {
        "device_id",
        "receiver_id",
        "channel",
        "kind",
        "rev",
        "model",
        "source_id",
        "server",
        "location",
        "groups",
        "colour",
        "interval_s",
        "seen_at",
    }

    assert set(SCHEMAS["Channel"]["properties"]) == identity | set(WIRE_NAMES.values())
    assert SCHEMAS["Channel"]["required"] == list(SCHEMAS["Channel"]["properties"])


def test_the_limits_are_those_of_the_code() -> None:
    limits = {limit["what"]: limit["limit"] for limit in DOCUMENT["x-limits"]}

    assert limits == {
        "A message from a client": f"{LONGEST_MESSAGE // 1024} KiB",
        "Messages of one client in a minute": str(MOST_MESSAGES),
        "Scopes of one client": str(MOST),
        "Sockets from one address": str(settings.SOCKETS_PER_ADDRESS),
        "Sockets of one user": str(settings.SOCKETS_PER_USER),
        "Sockets of one token": str(settings.SOCKETS_PER_TOKEN),
        "Sockets in all": f"{settings.SOCKETS:,}",
        "Updates in one window": f"{LARGEST_WINDOW:,}",
        "Windows that a client can resume": f"{settings.WINDOWS_MINUTES} minutes, {past.MOST // 2**20} MiB",
    }
    assert MESSAGES["batch_update"]["payload"]["properties"]["updates"]["maxItems"] == LARGEST_WINDOW
    assert SCHEMAS["Scope"]["maxLength"] == LONGEST
    assert MESSAGES["subscribe"]["payload"]["properties"]["scope"]["maxItems"] == MOST


@pytest.mark.parametrize(
    "text", ["location:main-a", "group:stage-left", "device:SHURE001", "device:", "room:1", "", "group"]
)
def test_a_scope_is_one_to_the_schema_where_it_is_one_to_the_parser(text: str) -> None:
    try:
        parse(text)
    except ValueError:
        understood = False
    else:
        understood = True

    assert Draft7Validator(SCHEMAS["Scope"]).is_valid(text) is understood


def test_an_alert_by_itself_says_what_an_alert_of_a_window_says() -> None:
    by_itself = MESSAGES["system_alert"]["payload"]

    assert by_itself["properties"].keys() == {"type", *SCHEMAS["Alert"]["properties"]}
    assert set(by_itself["required"]) == {"type", *SCHEMAS["Alert"]["required"]}


async def test_what_the_three_feeds_say_on_a_bad_evening_is_in_the_contract(connect: Connect) -> None:
    (receiver,) = await in_thread(make_receivers)
    await in_thread(record_poll, receiver, answered(*(heard(number) for number in range(1, 5))))
    await in_thread(emit)
    clients = [await connect(path) for path in ("/ws/devices/?mode=batch", "/ws/devices/", "/ws/health/")]

    low = (heard(number, battery_minutes=20 * number, transmitter_on=number != 4) for number in range(1, 5))
    await in_thread(record_poll, receiver, answered(*low))
    await in_thread(emit)
    for _ in range(3):
        await in_thread(record_poll, receiver, silent())
    await in_thread(emit)

    # Each is held against the contract as it is read.
    batch, single, health = clients
    window = await batch.frame("batch_update")
    lost = await batch.frame("batch_update")
    await single.frame("system_alert")
    await health.frame("system_health")
    assert [alert["rule"] for alert in window["alerts"]] == ["battery_low", "battery_low"]
    assert {update["changes"].get("state") for update in lost["updates"]} == {"offline"}
