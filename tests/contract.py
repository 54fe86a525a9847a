"""Holds every frame that a test sees against the contract that is published."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from realtime import contract

FEEDS = ("devices", "connections", "health")
TOLD = frozenset[str]().union(*map(contract.told, FEEDS))


def checked(frame: dict[str, Any]) -> dict[str, Any]:
    """Return a frame that the server sent, once it is what the contract says of its type."""
    kind = frame["type"]
    assert kind in TOLD, f"the contract knows of no {kind!r} from the server"
    if error := best_match(validator(kind).iter_errors(frame)):
        raise AssertionError(f"{kind} is not as the contract says, at {error.json_path}: {error.message}")
    return frame


def read(text: str | bytes) -> dict[str, Any]:
    """Return the frame in this text, once it is what the contract says."""
    return checked(json.loads(text))


@cache
def validator(message: str) -> Draft7Validator:
    return Draft7Validator(contract.schema_of(message))
