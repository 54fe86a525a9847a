"""The bodies of the System API as they travel, and the check that an answer is one of them.

Only what is used is checked. What is marked `| None` or not required was seen missing, or may be: a device that was
only discovered tells next to nothing.
"""

from collections.abc import Callable, Hashable
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    NotRequired,
    TypedDict,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pollers.shure.errors import Malformed

T = TypeVar("T")


class HardwareIdentity(TypedDict):
    deviceId: str
    serialNumber: NotRequired[str | None]


class SoftwareIdentity(TypedDict, total=False):
    firmwareVersion: str | None
    model: str | None


class CommunicationProtocol(TypedDict, total=False):
    address: str | None


class Node(TypedDict):
    """One device."""

    deviceState: str
    hardwareIdentity: HardwareIdentity
    compatibility: NotRequired[str | None]
    softwareIdentity: NotRequired[SoftwareIdentity | None]
    communicationProtocol: NotRequired[CommunicationProtocol | None]
    capabilities: NotRequired[list[str] | None]


class PageInfo(TypedDict, total=False):
    hasNextPage: bool | None
    endCursor: str | None


class Connection(TypedDict):
    """A page of a list in the manner of Relay.

    Edges are checked one by one, when each is decoded: one bad entry does not spoil the rest.
    """

    edges: list[object]
    pageInfo: NotRequired[PageInfo | None]


class Items(TypedDict):
    items: list[object]
    pageInfo: NotRequired[PageInfo | None]


class Name(TypedDict):
    name: str


class BatteryStatus(TypedDict, total=False):
    currentState: str | None
    targetState: str | None
    timeToTargetState: str | None


class BatteryLevel(TypedDict):
    percentage: int | None
    status: NotRequired[BatteryStatus | None]


class BatteryHealth(TypedDict):
    percentage: int | None
    cycleCount: NotRequired[int | None]


class DiscoveryIps(TypedDict):
    ips: list[str]


class AudioChannel(TypedDict):
    id: str
    capabilities: NotRequired[list[str] | None]


class AudioActivity(TypedDict):
    audioLevel: str | None


def shaped(kind: type[T], value: object) -> T:
    """Return the value as what it is. Raises `Malformed` with the place that has another shape.

    Keys that the shape does not have are let through: a newer server may say more.
    """
    _check(cast("Hashable", kind))(value, "")
    return value  # type: ignore[return-value]  # that is what was checked


_Check = Callable[[object, str], None]
_WORDS = {str: "a string", int: "a whole number", bool: "true or false"}


@cache
def _check(kind: Any) -> _Check:
    if kind is object:
        return lambda _value, _at: None
    if is_typeddict(kind):
        return _mapping(kind)
    if get_origin(kind) is list:
        return _list(get_args(kind)[0])
    if isinstance(kind, UnionType):
        return _nullable(kind)
    return _plain(kind)


def _mapping(kind: Any) -> _Check:
    members = {name: _check(hint) for name, hint in get_type_hints(kind).items()}
    required = kind.__required_keys__

    def check(value: object, at: str) -> None:
        if not isinstance(value, dict):
            raise _misshapen(at, "an object")
        for name, member in members.items():
            if name in value:
                member(value[name], f"{at}.{name}")
            elif name in required:
                raise _misshapen(f"{at}.{name}", "there")

    return check


def _list(kind: Any) -> _Check:
    element = _check(kind)

    def check(value: object, at: str) -> None:
        if not isinstance(value, list):
            raise _misshapen(at, "a list")
        for index, each in enumerate(value):
            element(each, f"{at}[{index}]")

    return check


def _nullable(kind: Any) -> _Check:
    (told,) = (each for each in get_args(kind) if each is not NoneType)
    check_told = _check(told)

    def check(value: object, at: str) -> None:
        if value is not None:
            check_told(value, at)

    return check


def _plain(kind: Any) -> _Check:
    def check(value: object, at: str) -> None:
        # By type() and not isinstance(): true is no percentage, though Python's bool is an int.
        if type(value) is not kind:
            raise _misshapen(at, _WORDS[kind])

    return check


def _misshapen(at: str, expected: str) -> Malformed:
    return Malformed(f"{at.removeprefix('.') or 'The answer'} is not {expected}.")
