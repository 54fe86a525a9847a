"""What the feeds say and hear: AsyncAPI 3, with a JSON Schema for each message. `asyncapi.json` is all of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_FILE = Path(__file__).with_name("asyncapi.json")


@cache
def asyncapi() -> Document:
    """Return the document. It is one for the whole process: whoever changes it changes it for all."""
    document: Document = json.loads(_FILE.read_text())
    return document


@cache
def schema_of(message: str) -> Document:
    """Return the JSON Schema (draft 7) of a message, by its type. Raises `KeyError` where there is no such message."""
    components = asyncapi()["components"]
    if message not in components["messages"]:
        raise KeyError(message)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": f"#/components/messages/{message}/payload",
        "components": components,
    }


@cache
def told(feed: str) -> frozenset[str]:
    """Return the types of the messages that this feed (`devices`, `connections`, `health`) sends."""
    return _messages(f"tell_{feed}")


@cache
def understood(feed: str) -> frozenset[str]:
    """Return the types of the messages that this feed takes from its clients."""
    return _messages(f"hear_{feed}")


def _messages(operation: str) -> frozenset[str]:
    references = asyncapi()["operations"][operation]["messages"]
    return frozenset(reference["$ref"].rpartition("/")[2] for reference in references)
