"""The description of the REST addresses, with the feed's own rows in it."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from realtime.contract import Document, asyncapi

_FILE = Path(__file__).with_name("openapi.json")
_PLACE = "#/components/schemas/"


@cache
def openapi() -> Document:
    """Return the document. The schemas that it names and does not have are the feed's, so the two cannot differ."""
    document: Document = json.loads(_FILE.read_text())
    schemas = document["components"]["schemas"]
    missing = set(_named(document)) - set(schemas)
    while missing:
        schemas |= {name: asyncapi()["components"]["schemas"][name] for name in missing}
        missing = set(_named(schemas)) - set(schemas)
    return document


def _named(value: Any) -> Iterator[str]:
    """Return the schemas that are referred to anywhere in a document."""
    match value:
        case {"$ref": str(target)} if target.startswith(_PLACE):
            yield target.removeprefix(_PLACE).partition("/")[0]
        case dict():
            for part in value.values():
                yield from _named(part)
        case list():
            for part in value:
                yield from _named(part)
