"""How a System API server speaks where Shure's behaviour is not known for certain: each form can be played."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from pollers.simulator.values import Unknown, Unplayable


class Listing(StrEnum):
    """The shape of the device list; the Relay connection is the one that was captured."""

    CONNECTION = "connection"
    ITEMS = "items"
    ARRAY = "array"


PROBLEM_TYPES = ("application/json", "application/problem+json")
UNSUPPORTED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`etags`: answers carry one and If-None-Match is honoured. `unsupported`: the status for a capability that
    a device lacks, 404 or 405. `page_size`: devices in one answer of the connection shape, 0 for all.
    """

    etags: bool = True
    unsupported: int = HTTPStatus.NOT_FOUND
    problem_type: str = PROBLEM_TYPES[0]
    listing: Listing = Listing.CONNECTION
    page_size: int = 0

    def __post_init__(self) -> None:
        if self.unsupported not in UNSUPPORTED:
            raise Unplayable("unsupported is 404 or 405")
        if self.problem_type not in PROBLEM_TYPES:
            raise Unplayable(f"problem_type is one of {', '.join(PROBLEM_TYPES)}")
        if self.listing not in set(Listing):
            raise Unplayable(f"listing is one of {', '.join(Listing)}")
        if self.page_size < 0:
            raise Unplayable("page_size is 0 for all devices, or how many in one answer")

    def with_changes(self, **changes: Any) -> "Dialect":
        known = {field.name for field in fields(self)}
        if unknown := changes.keys() - known:
            raise Unknown(f"a dialect has no {min(unknown)}; what it has: {', '.join(sorted(known))}")
        return replace(self, **changes)
