"""The list of devices as a System API server gives it: whole or in pages, and with what may be wrong in it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson

from core.domain.reading import DeviceReading, DeviceState
from pollers.simulator.dialect import Dialect, Listing
from pollers.simulator.receiver import Receiver
from pollers.simulator.values import Unknown, expect


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """What is wrong with the list, while every device still answers for itself.

    `shown`: how many devices it has, from the first; None for all of them. `malformed`: the source id of one
    whose entry has no state. `twice`: one that comes again as OFFLINE, at the end. `repeating`: each page is the
    first again, and promises more.
    """

    shown: int | None = None
    malformed: str | None = None
    twice: str | None = None
    repeating: bool = False

    def __post_init__(self) -> None:
        expect(
            self.shown is None or (type(self.shown) is int and self.shown >= 0), "shown is a number, or null"
        )
        for name in ("malformed", "twice"):
            value = getattr(self, name)
            expect(value is None or isinstance(value, str), f"{name} is a source id, or null")
        expect(isinstance(self.repeating, bool), "repeating is true or false")

    def with_changes(self, **changes: Any) -> "Oddities":
        known = {field.name for field in fields(self)}
        if unknown := changes.keys() - known:
            raise Unknown(f"a list has no {min(unknown)}; what it has: {', '.join(sorted(known))}")
        return replace(self, **changes)


class NoSuchCursor(LookupError):
    """The cursor is none that the list gave."""


def page(receivers: Sequence[Receiver], after: str, dialect: Dialect, oddities: Oddities) -> Any:
    """Return the list from a cursor on, as far as the dialect puts on one page. Raises `NoSuchCursor`."""
    entries = _entries(receivers, oddities)
    if dialect.listing is Listing.ARRAY:
        return [entry for _, entry in entries]
    if dialect.listing is Listing.ITEMS:
        return {"items": [entry for _, entry in entries]}
    cursors = [at for at, _ in entries]
    if after and after not in cursors:
        raise NoSuchCursor(after)
    begin = cursors.index(after) + 1 if after and not oddities.repeating else 0
    end = begin + dialect.page_size if dialect.page_size else len(entries)
    shown = cursors[begin:end]
    return {
        "pageInfo": {
            "hasNextPage": end < len(entries) or oddities.repeating,
            "hasPreviousPage": begin > 0,
            "startCursor": shown[0] if shown else "",
            "endCursor": shown[-1] if shown else "",
        },
        "edges": [
            {"cursor": at, "node": entry} for at, (_, entry) in zip(shown, entries[begin:end], strict=True)
        ],
    }


def _entries(receivers: Sequence[Receiver], oddities: Oddities) -> list[tuple[str, dict[str, Any]]]:
    """Return each entry behind its cursor."""
    entries = []
    again = []
    for receiver in receivers[: oddities.shown]:
        entry = node(receiver)
        if _is(receiver, oddities.twice):
            again.append((_cursor(receiver, nth=2), {**entry, "deviceState": DeviceState.OFFLINE}))
        if _is(receiver, oddities.malformed):
            del entry["deviceState"]
        entries.append((_cursor(receiver), entry))
    return entries + again


def _is(receiver: Receiver, source_id: str | None) -> bool:
    return source_id is not None and receiver.source_id.casefold() == source_id.casefold()


def _cursor(receiver: Receiver, *, nth: int = 1) -> str:
    return base64.b64encode(orjson.dumps({"f": "D", "a": receiver.source_id, "n": nth})).decode()


def node(receiver: Receiver) -> dict[str, Any]:
    """Return the device as the server lists it. A DISCOVERED one is little more than an address."""
    discovered = receiver.state is DeviceState.DISCOVERED
    hardware = {"deviceId": receiver.source_id}
    software: dict[str, Any] = {"model": receiver.model}
    if not discovered:
        hardware["serialNumber"] = receiver.serial
        software = {"firmwareVersion": receiver.firmware, "firmwareValid": True, "model": receiver.model}
    listed = {
        "compatibility": receiver.compatibility,
        "deviceState": receiver.state,
        "hardwareIdentity": hardware,
        "softwareIdentity": software,
        "communicationProtocol": {"name": "ESTA.DMP", "address": receiver.listed_address or receiver.address},
    }
    return listed if discovered else {**listed, "capabilities": receiver.capabilities}


def listed(receiver: Receiver) -> DeviceReading:
    """Return the device's entry as a perfect client reads it."""
    discovered = receiver.state is DeviceState.DISCOVERED
    return DeviceReading(
        source_id=receiver.source_id,
        state=receiver.state,
        model=receiver.model,
        serial=None if discovered else receiver.serial,
        firmware=None if discovered else receiver.firmware,
        address=receiver.listed_address or receiver.address,
        compatibility=receiver.compatibility,
        capabilities=frozenset() if discovered else frozenset(receiver.capabilities),
    )
