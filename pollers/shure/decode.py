"""From the wire to readings. Pure; every function raises `Malformed` where the wire makes no sense."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from core.domain.reading import (
    Activity,
    AudioChannelReading,
    BatteryHealthReading,
    BatteryReading,
    ChannelReading,
    DeviceReading,
    DeviceState,
    ReceiverReading,
)
from pollers.shure import readouts, wire
from pollers.shure.errors import Malformed
from pollers.shure.families import Family, Subject
from pollers.shure.hearing import Said

LONGEST_ID = 255

_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?")
_PERCENT = range(101)
_CHARGING = {"CHARGING": True, "DISCHARGING": False, "EMPTY": False}

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a device list: its entries, not looked into yet, and the cursor behind which more come.

    `cut_off`: it says that more come, and not where.
    """

    entries: list[object]
    more_after: str | None = None
    cut_off: bool = False


def page(value: object) -> Page:
    """Return a page of a list in any of its three forms: as Relay has it, as `items`, or bare."""
    if isinstance(value, list):
        return Page(entries=value)
    told: wire.Items | wire.Connection
    if isinstance(value, dict) and "items" in value:
        told = items = wire.shaped(wire.Items, value)
        entries = items["items"]
    else:
        told = connection = wire.shaped(wire.Connection, value)
        entries = connection["edges"]
    info = told.get("pageInfo") or {}
    more, cursor = bool(info.get("hasNextPage")), info.get("endCursor")
    return Page(
        entries=entries,
        more_after=cursor if more else None,
        cut_off=more and cursor is None,
    )


def entry(value: object) -> DeviceReading:
    """Return the device of one entry of a list, which is the device itself or an edge around it."""
    return device(value["node"] if isinstance(value, dict) and "node" in value else value)


def device(value: object) -> DeviceReading:
    node = wire.shaped(wire.Node, value)
    software = node.get("softwareIdentity") or {}
    return DeviceReading(
        source_id=identifier(node["hardwareIdentity"]["deviceId"]),
        state=_word(DeviceState, node["deviceState"]),
        model=_told(software.get("model")),
        serial=_told(node["hardwareIdentity"].get("serialNumber")),
        firmware=_told(software.get("firmwareVersion")),
        address=_told((node.get("communicationProtocol") or {}).get("address")),
        compatibility=_told(node.get("compatibility")),
        capabilities=frozenset(map(readouts.storable, node.get("capabilities") or ())),
    )


def identifier(told: str) -> str:
    """Return an id that can be kept and be one segment of a path."""
    if not 0 < len(told) <= LONGEST_ID:
        raise Malformed(f"An id has 1 to {LONGEST_ID} characters.")
    if readouts.storable(told) != told or not told.strip() or told in {".", ".."}:
        raise Malformed("An id has characters that cannot be kept or asked for.")
    return told


def name(value: object) -> str:
    return readouts.storable(wire.shaped(wire.Name, value)["name"])


def battery_level(value: object) -> BatteryReading:
    level = wire.shaped(wire.BatteryLevel, value)
    status = level.get("status") or {}
    state = status.get("currentState")
    minutes = _minutes(status.get("timeToTargetState"))
    target = status.get("targetState")
    return BatteryReading(
        percent=_percent(level["percentage"]),
        minutes=minutes if target == "EMPTY" else None,
        minutes_to_full=minutes if target == "FULL" else None,
        charging=_CHARGING.get(state or ""),
        calculating=state == "CALCULATING",
    )


def battery_health(value: object) -> BatteryHealthReading:
    health = wire.shaped(wire.BatteryHealth, value)
    return BatteryHealthReading(percent=_percent(health["percentage"]), cycles=health.get("cycleCount"))


def discovery_ips(value: object) -> list[str]:
    return list(map(readouts.storable, wire.shaped(wire.DiscoveryIps, value)["ips"]))


def audio_channels(value: object) -> tuple[AudioChannelReading, ...]:
    return tuple(
        AudioChannelReading(
            source_id=identifier(channel["id"]),
            capabilities=frozenset(map(readouts.storable, channel.get("capabilities") or ())),
        )
        for channel in wire.shaped(list[wire.AudioChannel], value)
    )


def activity(value: object) -> Activity | None:
    level = wire.shaped(wire.AudioActivity, value)["audioLevel"]
    return None if level is None else _word(Activity, level)


def receiver(family: Family, said: Said) -> ReceiverReading:
    """Return what a receiver said in one session; what it did not say is None."""
    return ReceiverReading(
        **_fields(family.device_subjects, None, said),
        channels=tuple(
            ChannelReading(number=number, kind=family.kind, **_fields(family.subjects, number, said))
            for number in range(1, family.channels + 1)
        ),
    )


def _fields(subjects: Mapping[str, Subject], channel: int | None, said: Said) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for subject, told in subjects.items():
        raw = said.get((channel, subject))
        if raw is None:
            continue
        for field, readout in told.fields.items():
            try:
                value = readout(raw)
            except Malformed as error:
                place = "The receiver" if channel is None else f"Channel {channel}"
                raise Malformed(f"{place} says {subject} {raw[:60]!r}: {error.detail}") from None
            # A later subject that does not know leaves what an earlier one told.
            if value is not None:
                fields[field] = value
    return fields


def _told(text: str | None) -> str | None:
    return readouts.storable(text) or None if text is not None else None


def _word(kind: type[E], told: str) -> E:
    try:
        return kind(told)
    except ValueError:
        raise Malformed(f"{told[:40]!r} is no {kind.__name__} that is known.") from None


def _percent(told: int | None) -> int | None:
    if told is not None and told not in _PERCENT:
        raise Malformed("A percentage is between 0 and 100.")
    return told


def _minutes(duration: str | None) -> int | None:
    """Return the whole minutes of an ISO 8601 duration of days, hours, minutes and seconds."""
    if duration is None:
        return None
    parts = _DURATION.fullmatch(duration)
    if parts is None or not any(parts.groups()):
        raise Malformed(f"{duration[:40]!r} is no duration.")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return (days * 24 + hours) * 60 + minutes + seconds // 60
