"""What an address asks for, read strictly: whatever cannot be meant is told in a sentence."""

import base64
from collections.abc import Collection
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, QueryDict

from core.access import Visible
from core.domain import scopes
from dashboard.api.answers import bad_request

DEFAULT_LIMIT = 100
GREATEST_LIMIT = 500


def query_of(request: HttpRequest, allowed: Collection[str]) -> QueryDict:
    """Return the query. A parameter that is not known here is likelier a slip than a wish for everything."""
    for name in request.GET:
        if name not in allowed:
            known = ", ".join(allowed) or "none"
            raise bad_request(f"There is no parameter {name!r} here; known: {known}.")
    return request.GET


def limit(query: QueryDict) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= GREATEST_LIMIT):
        raise bad_request(f"limit is a whole number from 1 to {GREATEST_LIMIT}, not {text!r}.")
    return int(text)


def moment(query: QueryDict, name: str) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise bad_request(
            f"{name} is a time with its offset, such as 2026-11-22T16:41:07Z, not {text!r}. "
            "In an address + is written %2B."
        )
    return at


def narrowed(may_see: Visible, query: QueryDict) -> Visible:
    """Return what somebody may see of the scopes that they ask for."""
    try:
        return may_see.asking(scopes.parse_all(query.getlist("scope")))
    except ValueError as error:
        raise bad_request(str(error)) from error


def words(query: QueryDict, name: str, known: Collection[str]) -> list[str]:
    """Return the words that were chosen; none: no choice was made."""
    chosen = query.getlist(name)
    for word in chosen:
        if word not in known:
            raise bad_request(f"{name} is {', '.join(known)}, not {word!r}.")
    return chosen


# A cursor says where a page ended, in what its list is ordered by. What is in it is ours alone.


def cursor_at(*place: str | int | datetime) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place_of(query: QueryDict, *kinds: type) -> tuple[Any, ...] | None:
    """Return the place that the cursor in a query names, in these kinds, or None where there is no cursor."""
    text = query.get("cursor")
    if text is None:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(_part(kind, part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError) as error:
        raise bad_request("This cursor was not given here: begin without one.") from error


def _part(kind: type, part: Any) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(part)
    if not isinstance(part, kind) or (isinstance(part, int) and not 0 <= part < 2**63):
        raise ValueError(part)
    return part
