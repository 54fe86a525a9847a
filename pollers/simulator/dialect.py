"""How a System API server speaks where Shure's behaviour is not known for certain: each form can be played."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from pollers.simulator.values import Unknown, expect


class Listing(StrEnum):
    """The shape of the device list; the Relay connection is the one that was captured."""

    CONNECTION = "connection"
    ITEMS = "items"
    ARRAY = "array"


UNSUPPORTED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`etags`: answers carry one and If-None-Match is honoured; `weak_etags`: they say that they are weak.
    `unsupported`: the status for a capability that a device lacks, 404 or 405. `page_size`: devices in one answer
    of the connection shape, 0 for all.
    """

    etags: bool = True
    weak_etags: bool = False
    unsupported: int = HTTPStatus.NOT_FOUND
    listing: Listing = Listing.CONNECTION
    page_size: int = 0

    def __post_init__(self) -> None:
        for name in ("etags", "weak_etags"):
            expect(isinstance(getattr(self, name), bool), f"{name} is true or false")
        expect(self.unsupported in UNSUPPORTED, "unsupported is 404 or 405")
        expect(self.listing in set(Listing), f"listing is one of {', '.join(Listing)}")
        object.__setattr__(self, "listing", Listing(self.listing))  # it may come as plain text
        expect(
            type(self.page_size) is int and self.page_size >= 0,
            "page_size is 0 for all devices, or how many in one answer",
        )

    def with_changes(self, **changes: Any) -> "Dialect":
        known = {field.name for field in fields(self)}
        if unknown := changes.keys() - known:
            raise Unknown(f"a dialect has no {min(unknown)}; what it has: {', '.join(sorted(known))}")
        return replace(self, **changes)
