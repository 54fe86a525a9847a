"""The System API server: what Shure's middleware answers over HTTPS about the receivers of the rack."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote, unquote

import orjson

from core.domain.reading import ChannelReading
from pollers.simulator import listing, server_words
from pollers.simulator.connections import Connection
from pollers.simulator.counts import NO_ANSWER, Counts
from pollers.simulator.dialect import Dialect
from pollers.simulator.faults import SERVER, Etag, Faults
from pollers.simulator.http import JSON, Request, Response, serve
from pollers.simulator.listing import NoSuchCursor, Oddities, node
from pollers.simulator.rack import Rack
from pollers.simulator.receiver import Receiver

BASE = ("api", "v1")

CHANNEL_ID_VERSION = 131_088


class Problem(Exception):
    """A request that is refused, with what its body says."""

    def __init__(self, status: int, *, title: str = "", detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Tagged:
    """A body with its strong ETag."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a path answers, by method, and the capability that the device, or its channel, needs for it.

    A handler takes the server, what the path names (nothing, a receiver, a receiver and a channel's number),
    and the request; it returns a body for JSON, a `Tagged`, or a `Response` for what is not 200.
    """

    methods: Mapping[str, Callable[..., Any]]
    capability: str | None = None
    channel_capability: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a path leads. `path` is the path itself below the base, percent-encoded and without case, `pattern`
    that of all devices.
    """

    path: str
    pattern: str
    resource: Resource
    source_id: str | None = None
    channel_id: str | None = None


class SystemApi:
    """One server: the rack that it lists, the key that it asks for, the dialect that it speaks, and its faults."""

    def __init__(self, rack: Rack, counts: Counts, *, api_key: str, dialect: Dialect, faults: Faults) -> None:
        self.rack = rack
        self.counts = counts
        self.dialect = dialect
        self.oddities = Oddities()
        self.discovery_ips: list[str] = []
        self._faults = faults
        self._key = api_key.encode()
        self._pages: dict[str, Tagged] = {}
        self._paged: tuple[int, Dialect, Oddities] | None = None
        self._given: dict[str, str] = {}  # the last ETag of each path, which one that lies goes on giving

    async def converse(self, connection: Connection) -> None:
        self.counts.connections.opens(connection)
        try:
            if fault := self._faults.at(SERVER):
                fault.meet()
            await serve(connection, self.answer)
        finally:
            self.counts.connections.closes(connection)

    async def answer(self, request: Request) -> Response:
        route = _route(request.segments)
        paths = () if route is None else (route.path, route.pattern)
        fault = self._faults.of_request(*paths)
        if fault is None:
            response = self._response(request, route)
        else:
            frozen = fault if isinstance(fault, Etag) else None
            honest = fault.instead() or self._response(request, route, etag=frozen)
            response = replace(fault.distorted(honest), delivery=fault)
        self.counts.request(
            "unknown" if route is None else f"{request.method} {route.pattern}",
            response.status if fault is None or fault.answers else NO_ANSWER,
            conditional="if-none-match" in request.headers,
        )
        return response

    def _response(self, request: Request, route: Route | None, *, etag: Etag | None = None) -> Response:
        try:
            self._admit(request)
            return self._answer(request, route, etag)
        except Problem as problem:
            return Response.problem(problem.status, title=problem.title, detail=problem.detail)

    def _admit(self, request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), self._key):
            raise Problem(HTTPStatus.UNAUTHORIZED, title="Request Unauthorized.")
        if not request.body and request.headers.get("content-type", "").startswith(JSON):
            detail = "Body cannot be empty when content-type is set to 'application/json'"
            raise Problem(HTTPStatus.BAD_REQUEST, detail=detail)

    def _answer(self, request: Request, route: Route | None, frozen: Etag | None) -> Response:
        if route is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        subject = self._subject(route)
        handler = route.resource.methods.get(request.method)
        if handler is None:
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED)
        answered = handler(self, *subject, request)
        if isinstance(answered, Response):
            return answered
        tagged = answered if isinstance(answered, Tagged) else _tagged(answered)
        if not self.dialect.etags and frozen is None:
            return Response(status=HTTPStatus.OK, body=tagged.body)
        etag = self._etag(route.path, tagged.etag, frozen)
        if _matches(request.headers.get("if-none-match"), etag):
            return Response(status=HTTPStatus.NOT_MODIFIED, etag=etag)
        return Response(status=HTTPStatus.OK, body=tagged.body, etag=etag)

    def _etag(self, path: str, true: str, frozen: Etag | None) -> str:
        etag = f"W/{true}" if self.dialect.weak_etags else true
        if frozen is None:
            self._given[path] = etag
            return etag
        return self._given.setdefault(path, etag) if frozen.value is None else frozen.value

    def _subject(self, route: Route) -> tuple[Receiver | int, ...]:
        """Return what the path names, or refuse: not there, or without that capability."""
        if route.source_id is None:
            return ()
        receiver = self.rack.receivers.get(route.source_id.casefold())
        if receiver is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        needed, needed_of_channel = route.resource.capability, route.resource.channel_capability
        if needed is not None and needed not in receiver.known_capabilities:
            raise Problem(self.dialect.unsupported)
        if route.channel_id is None:
            return (receiver,)
        numbers = {channel_id(receiver, number): number for number in range(1, len(receiver.players) + 1)}
        if route.channel_id not in numbers:
            raise Problem(HTTPStatus.NOT_FOUND)
        if needed_of_channel not in receiver.channel_capabilities:
            raise Problem(self.dialect.unsupported)
        return receiver, numbers[route.channel_id]

    # The server's own resources ---------------------------------------------------------------------------

    def devices(self, request: Request) -> Tagged:
        """Return the list, a page of it from the `after` cursor on. Pages are kept while nothing changes."""
        listed = self.rack.inventory_version, self.dialect, self.oddities
        if self._paged != listed:
            self._paged = listed
            self._pages.clear()
        after = request.query.get("after", "")
        if after not in self._pages:
            receivers = list(self.rack.receivers.values())
            try:
                content = listing.page(receivers, after, self.dialect, self.oddities)
            except NoSuchCursor:
                raise Problem(HTTPStatus.BAD_REQUEST, detail="no such cursor") from None
            self._pages[after] = _tagged(content)
        return self._pages[after]

    def discovery(self, _request: Request) -> dict[str, list[str]]:
        return {"ips": self.discovery_ips}

    def replace_discovery(self, request: Request) -> Response:
        self.discovery_ips = _addresses(request)
        return ACCEPTED

    def add_discovery(self, request: Request) -> Response:
        self.discovery_ips = list(dict.fromkeys([*self.discovery_ips, *_addresses(request)]))
        return ACCEPTED

    def remove_discovery(self, request: Request) -> Response:
        removed = set(_addresses(request))
        self.discovery_ips = [address for address in self.discovery_ips if address not in removed]
        return ACCEPTED

    # Of a device ------------------------------------------------------------------------------------------

    def device(self, receiver: Receiver, _request: Request) -> dict[str, Any]:
        return node(receiver)

    def name(self, receiver: Receiver, _request: Request) -> dict[str, str]:
        return {"name": receiver.name}

    def identify(self, _receiver: Receiver, _request: Request) -> dict[str, bool]:
        return {"identifying": False}

    def audio_mute(self, _receiver: Receiver, _request: Request) -> dict[str, bool]:
        return {"muted": False}

    def battery_level(self, receiver: Receiver, _request: Request) -> dict[str, Any]:
        """Return the battery of the first channel: a device with this capability has one."""
        return server_words.battery_level(self._readings(receiver)[0])

    def battery_health(self, receiver: Receiver, _request: Request) -> dict[str, int | None]:
        return server_words.battery_health(self._readings(receiver)[0])

    def audio_channels(self, receiver: Receiver, _request: Request) -> list[dict[str, Any]]:
        return [
            {
                "id": channel_id(receiver, player.number),
                "role": "SOURCE",
                "group": "GENERIC",
                "capabilities": receiver.channel_capabilities,
            }
            for player in receiver.players
        ]

    # Of an audio channel ----------------------------------------------------------------------------------

    def activity(self, receiver: Receiver, number: int, _request: Request) -> dict[str, str]:
        return {"audioLevel": server_words.activity(self._readings(receiver)[number - 1])}

    def channel_name(self, receiver: Receiver, number: int, _request: Request) -> dict[str, str | None]:
        return {"name": self._readings(receiver)[number - 1].name}

    def gain(self, receiver: Receiver, number: int, _request: Request) -> dict[str, int | None]:
        return {"gain": self._readings(receiver)[number - 1].gain_db}

    def mute(self, receiver: Receiver, number: int, _request: Request) -> dict[str, bool]:
        return {"muted": bool(self._readings(receiver)[number - 1].muted)}

    def _readings(self, receiver: Receiver) -> tuple[ChannelReading, ...]:
        return self.rack.readings(receiver, monotonic())


ACCEPTED = Response(status=HTTPStatus.ACCEPTED)

SERVER_RESOURCES = {
    "devices": Resource(methods={"GET": SystemApi.devices}),
    "config/discovery/ips": Resource(
        methods={"GET": SystemApi.discovery, "PUT": SystemApi.replace_discovery}
    ),
    "config/discovery/ips/add": Resource(methods={"PATCH": SystemApi.add_discovery}),
    "config/discovery/ips/remove": Resource(methods={"PATCH": SystemApi.remove_discovery}),
}
_DEVICE_METHODS: Mapping[str, Callable[..., Any]] = {
    "name": SystemApi.name,
    "identify": SystemApi.identify,
    "audio-mute": SystemApi.audio_mute,
    "battery-level": SystemApi.battery_level,
    "battery-health": SystemApi.battery_health,
    "audio-channels": SystemApi.audio_channels,
}
DEVICE_RESOURCES = {
    "": Resource(methods={"GET": SystemApi.device}),
    **{name: Resource(capability=name, methods={"GET": get}) for name, get in _DEVICE_METHODS.items()},
}
_CHANNEL_METHODS: Mapping[str, Callable[..., Any]] = {
    "activity": SystemApi.activity,
    "name": SystemApi.channel_name,
    "gain": SystemApi.gain,
    "mute": SystemApi.mute,
}
CHANNEL_RESOURCES = {
    name: Resource(capability="audio-channels", channel_capability=name, methods={"GET": get})
    for name, get in _CHANNEL_METHODS.items()
}


def resource_at(path: str) -> str | None:
    """Return a path below the base, or the pattern of one, in the form in which faults are kept; None if it leads
    nowhere. What is in an id is percent-encoded.
    """
    route = _route((*BASE, *(unquote(segment) for segment in path.split("/") if segment)))
    return None if route is None else route.path


def _route(segments: tuple[str, ...]) -> Route | None:
    if segments[: len(BASE)] != BASE:
        return None
    below = segments[len(BASE) :]
    path = "".join(f"/{quote(segment.casefold(), safe='{}')}" for segment in below)
    match below:
        case "devices", source_id, "audio-channels", channel, name if name in CHANNEL_RESOURCES:
            return Route(
                path=path,
                pattern=f"/devices/{{id}}/audio-channels/{{ch}}/{name}",
                resource=CHANNEL_RESOURCES[name],
                source_id=source_id,
                channel_id=channel,
            )
        case "devices", source_id, *rest if (own := "/".join(rest)) in DEVICE_RESOURCES:
            return Route(
                path=path,
                pattern="/".join(["/devices/{id}", *rest]),
                resource=DEVICE_RESOURCES[own],
                source_id=source_id,
            )
        case rest if (own := "/".join(rest)) in SERVER_RESOURCES:
            return Route(path=path, pattern=f"/{own}", resource=SERVER_RESOURCES[own])
    return None


def channel_id(receiver: Receiver, number: int) -> str:
    identity = {"t": "AudioChannel", "c": receiver.model, "v": CHANNEL_ID_VERSION, "s": "CH", "i": number - 1}
    return base64.b64encode(orjson.dumps(identity)).decode()


def _tagged(content: Any) -> Tagged:
    body = orjson.dumps(content)
    return Tagged(body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"')


def _matches(condition: str | None, etag: str) -> bool:
    if condition is None:
        return False
    strong = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") in {strong, "*"} for tag in condition.split(","))


def _addresses(request: Request) -> list[str]:
    try:
        addresses = orjson.loads(request.body)["ips"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, detail="the body is JSON with ips") from error
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise Problem(HTTPStatus.BAD_REQUEST, detail="ips is a list of addresses")
    return addresses
