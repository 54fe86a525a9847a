"""What can go wrong between a client and those that it asks: one class a fault, and the places where it is on.

A fault of a connection changes how bytes go out; a fault of an answer changes what the server says in HTTP.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import Flag, auto
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar

from pollers.simulator.connections import Connection, HangUp
from pollers.simulator.http import Response
from pollers.simulator.values import Unknown, Unplayable, expect

SERVER = "server"

LONGEST_MS = 60_000
HTML = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"
NOISE_BYTES = 512


class Place(Flag):
    """Where a fault may be."""

    RECEIVER = auto()
    SERVER = auto()
    RESOURCE = auto()
    HTTP = SERVER | RESOURCE
    ANYWHERE = RECEIVER | HTTP


@dataclass(frozen=True, slots=True)
class Fault:
    """Nothing wrong yet: what each fault changes one thing of."""

    kind: ClassVar[str]
    fits: ClassVar[Place]
    answers: ClassVar[bool] = True  # whether a question gets a whole answer

    def meet(self) -> None:
        """Do what happens as a connection is accepted. Raises `HangUp` when it ends there."""

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        await connection.write(data)

    def instead(self) -> Response | None:
        """Return what the server says instead of looking at the request."""
        return None

    def distorted(self, response: Response) -> Response:
        return response


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """Connections are accepted, questions are read, and nothing is ever answered."""

    kind = "hang"
    fits = Place.ANYWHERE
    answers = False

    async def deliver(self, _connection: Connection, _data: bytes, /) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Close(Fault):
    """Connections are closed as soon as they are accepted; of one resource, when it is asked for."""

    kind = "close"
    fits = Place.ANYWHERE
    answers = False

    def meet(self) -> None:
        raise HangUp

    async def deliver(self, _connection: Connection, _data: bytes, /) -> None:
        raise HangUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Fault):
    """An answer ends in its middle, or after so many bytes, and the connection with it."""

    kind = "cut"
    fits = Place.ANYWHERE
    answers = False
    after: int | None = None

    def __post_init__(self) -> None:
        expect(
            self.after is None or (_is_count(self.after) and self.after >= 0), "after is a number of bytes"
        )

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        await connection.write(data[: len(data) // 2 if self.after is None else self.after])
        raise HangUp


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Nothing listens: connections are refused, and those that were open are gone."""

    kind = "refuse"
    fits = Place.RECEIVER | Place.SERVER
    answers = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip(Fault):
    """A byte every so many milliseconds, status line and headers too."""

    kind = "drip"
    fits = Place.ANYWHERE
    ms: int

    def __post_init__(self) -> None:
        _expect_ms(self.ms)

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        for at in range(len(data)):
            await connection.write(data[at : at + 1])
            await connection.pause(self.ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise(Fault):
    """Every answer is replaced by bytes that mean nothing, the same for the same seed."""

    kind = "noise"
    fits = Place.ANYWHERE
    answers = False
    seed: int = 1

    def __post_init__(self) -> None:
        _expect_seed(self.seed)

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        await connection.write(_noise(self.seed, len(data)))


@dataclass(frozen=True, slots=True)
class Shred(Fault):
    """A byte a write: nothing is lost, everything comes in pieces."""

    kind = "shred"
    fits = Place.ANYWHERE

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        for at in range(len(data)):
            await connection.write(data[at : at + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Glue(Fault):
    """All that is said within so many milliseconds comes at once."""

    kind = "glue"
    fits = Place.RECEIVER
    ms: int = 100

    def __post_init__(self) -> None:
        _expect_ms(self.ms)

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        connection.gather(data, seconds=self.ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Fault):
    """Every answer comes whole, so many milliseconds late."""

    kind = "slow"
    fits = Place.ANYWHERE
    ms: int

    def __post_init__(self) -> None:
        _expect_ms(self.ms)

    async def deliver(self, connection: Connection, data: bytes, /) -> None:
        await connection.pause(self.ms / 1000)
        await connection.write(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Fault):
    """Every request is answered with this status; `retry_after` is sent as it is, whatever it is."""

    kind = "status"
    fits = Place.HTTP
    status: int
    retry_after: str | None = None

    def __post_init__(self) -> None:
        expect(_is_count(self.status) and self.status in range(400, 600), "status is 400 to 599")
        expect(self.retry_after is None or isinstance(self.retry_after, str), "retry_after is text")

    def instead(self) -> Response:
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        title = "Request Unauthorized." if self.status == HTTPStatus.UNAUTHORIZED else ""
        return Response.problem(self.status, title=title, headers=headers)


@dataclass(frozen=True, slots=True)
class Html(Fault):
    """200 with somebody else's page, as a proxy in between gives it."""

    kind = "html"
    fits = Place.HTTP

    def instead(self) -> Response:
        return Response(status=HTTPStatus.OK, body=HTML, content_type="text/html")


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """JSON that ends in its middle, of the length that its header says: only a parser notices."""

    kind = "truncated"
    fits = Place.HTTP

    def distorted(self, response: Response) -> Response:
        return replace(response, body=response.body[: len(response.body) // 2], etag=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrambled(Fault):
    """200 with a body that means nothing, the same for the same seed."""

    kind = "scrambled"
    fits = Place.HTTP
    seed: int = 1

    def __post_init__(self) -> None:
        _expect_seed(self.seed)

    def instead(self) -> Response:
        return Response(status=HTTPStatus.OK, body=_noise(self.seed, NOISE_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Etag(Fault):
    """An ETag that lies: the last that was given stays, whatever changes. Or `value`, sent as it is."""

    kind = "etag"
    fits = Place.HTTP
    value: str | None = None

    def __post_init__(self) -> None:
        expect(self.value is None or isinstance(self.value, str), "value is text")


@dataclass(frozen=True, slots=True)
class NotModified(Fault):
    """304, whether or not it was asked for on a condition."""

    kind = "not_modified"
    fits = Place.HTTP

    def instead(self) -> Response:
        return Response(status=HTTPStatus.NOT_MODIFIED)


KINDS: Mapping[str, type[Fault]] = MappingProxyType(
    {
        fault.kind: fault
        for fault in (
            Hang,
            Close,
            Cut,
            Refuse,
            Drip,
            Noise,
            Shred,
            Glue,
            Slow,
            Status,
            Html,
            Truncated,
            Scrambled,
            Etag,
            NotModified,
        )
    }
)


def fault_of(kind: object, settings: Mapping[str, Any]) -> Fault:
    """Return a fault by its name, with its settings; raise `Unknown` or `Unplayable` where there is no such one."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise Unknown(f"there is no fault {kind}; what there is: {', '.join(KINDS)}")
    known = [field.name for field in fields(KINDS[kind])]
    if unknown := settings.keys() - set(known):
        raise Unplayable(f"{kind} has no {min(unknown)}; what it has: {', '.join(known) or 'nothing to set'}")
    try:
        return KINDS[kind](**settings)
    except TypeError:
        raise Unplayable(f"{kind} needs {', '.join(known)}") from None


class Faults:
    """What is wrong now, and where: the server, a receiver by its source id, a resource by its path below the
    base ("/devices/{id}/name" for every device, or one device's own).
    """

    def __init__(self) -> None:
        self._at: dict[str, Fault] = {}

    def put(self, at: str, place: Place, fault: Fault) -> None:
        if not fault.fits & place:
            where = ", ".join(str(each.name).lower() for each in fault.fits)
            raise Unplayable(f"{fault.kind} is no fault of this place; where it fits: {where}")
        self._at[at] = fault

    def drop(self, at: str) -> None:
        self._at.pop(at, None)

    def at(self, place: str) -> Fault | None:
        return self._at.get(place)

    def of_request(self, *paths: str) -> Fault | None:
        """Return the fault of the first of these paths that has one, or the server's."""
        return next((self._at[path] for path in paths if path in self._at), self._at.get(SERVER))

    def places(self) -> tuple[str, ...]:
        return tuple(self._at)

    def told(self) -> dict[str, dict[str, Any]]:
        return {at: {"kind": fault.kind, **asdict(fault)} for at, fault in self._at.items()}


def _noise(seed: int, size: int) -> bytes:
    return hashlib.shake_256(str(seed).encode()).digest(size)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _expect_ms(ms: Any) -> None:
    expect(_is_count(ms) and 1 <= ms <= LONGEST_MS, f"ms is a whole number from 1 to {LONGEST_MS}")


def _expect_seed(seed: Any) -> None:
    expect(_is_count(seed), "seed is a whole number")
