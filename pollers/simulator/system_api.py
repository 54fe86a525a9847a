"""The System API server: what Shure's middleware answers over HTTPS about the receivers of the rack."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson

from core.domain.reading import ChannelReading, DeviceState
from pollers.simulator.connections import Connection
from pollers.simulator.counts import Counts
from pollers.simulator.dialect import Dialect, Listing
from pollers.simulator.http import JSON, Request, Response, serve
from pollers.simulator.receivers import Rack, Receiver
from pollers.simulator.values import Unknown, Unplayable

BASE = ("api", "v1")

GOOD_FROM_DBFS = -40
CLIPPING_FROM_DBFS = -6
CHANNEL_ID_VERSION = 131_088


class Problem(Exception):
    """A request that is refused, with what its body says."""

    def __init__(self, status: int, *, title: str = "", detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
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
    pattern: str
    resource: Resource
    source_id: str | None = None
    channel_id: str | None = None


class SystemApi:
    """One server: the rack that it lists, the key that it asks for, the dialect that it speaks."""

    def __init__(self, rack: Rack, counts: Counts, *, api_key: str, dialect: Dialect) -> None:
        self.rack = rack
        self.counts = counts
        self.dialect = dialect
        self.discovery_ips: list[str] = []
        self._key = api_key.encode()
        self._pages: dict[str, Tagged] = {}
        self._paged: tuple[int, Dialect] | None = None

    async def converse(self, connection: Connection) -> None:
        self.counts.connections.opens()
        try:
            await serve(connection, self.answer)
        finally:
            self.counts.connections.closes()

    async def answer(self, request: Request) -> Response:
        route = _route(request.segments)
        try:
            self._admit(request)
            response = self._answer(request, route)
        except Problem as problem:
            response = self._refusal(problem)
        self.counts.request(
            "unknown" if route is None else f"{request.method} {route.pattern}",
            response.status,
            conditional="if-none-match" in request.headers,
        )
        return response

    def _admit(self, request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), self._key):
            raise Problem(HTTPStatus.UNAUTHORIZED, title="Request Unauthorized.")
        if not request.body and request.headers.get("content-type", "").startswith(JSON):
            detail = "Body cannot be empty when content-type is set to 'application/json'"
            raise Problem(HTTPStatus.BAD_REQUEST, detail=detail)

    def _answer(self, request: Request, route: Route | None) -> Response:
        if route is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        subject = self._subject(route)
        handler = route.resource.methods.get(request.method)
        if handler is None:
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            answered = handler(self, *subject, request)
        except (Unknown, Unplayable) as error:
            raise Problem(HTTPStatus.BAD_REQUEST, detail=str(error)) from error
        if isinstance(answered, Response):
            return answered
        tagged = answered if isinstance(answered, Tagged) else _tagged(answered)
        if not self.dialect.etags:
            return Response(status=HTTPStatus.OK, body=tagged.body)
        if _matches(request.headers.get("if-none-match"), tagged.etag):
            return Response(status=HTTPStatus.NOT_MODIFIED, etag=tagged.etag)
        return Response(status=HTTPStatus.OK, body=tagged.body, etag=tagged.etag)

    def _subject(self, route: Route) -> tuple[Receiver | int, ...]:
        """Return what the path names, or refuse: not there, or without that capability."""
        if route.source_id is None:
            return ()
        receiver = self.rack.receivers.get(route.source_id.lower())
        if receiver is None:
            raise Problem(HTTPStatus.NOT_FOUND)
        needed, needed_of_channel = route.resource.capability, route.resource.channel_capability
        if needed is not None and needed not in _capabilities(receiver):
            raise Problem(self.dialect.unsupported)
        if route.channel_id is None:
            return (receiver,)
        numbers = {channel_id(receiver, number): number for number in range(1, len(receiver.microphones) + 1)}
        if route.channel_id not in numbers:
            raise Problem(HTTPStatus.NOT_FOUND)
        if needed_of_channel not in receiver.channel_capabilities:
            raise Problem(self.dialect.unsupported)
        return receiver, numbers[route.channel_id]

    def _refusal(self, problem: Problem) -> Response:
        body = {
            "type": "",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": "",
            "traceId": str(uuid4()),
        }
        return Response(
            status=problem.status, body=orjson.dumps(body), content_type=self.dialect.problem_type
        )

    # The server's own resources ---------------------------------------------------------------------------

    def devices(self, request: Request) -> Tagged:
        """Return the list, a page of it from the `after` cursor on. Pages are kept while nothing changes."""
        if self._paged != (self.rack.inventory_version, self.dialect):
            self._paged = self.rack.inventory_version, self.dialect
            self._pages.clear()
        after = request.query.get("after", "")
        if after not in self._pages:
            self._pages[after] = _tagged(self._page(after))
        return self._pages[after]

    def _page(self, after: str) -> Any:
        receivers = list(self.rack.receivers.values())
        if self.dialect.listing is Listing.ARRAY:
            return [node(receiver) for receiver in receivers]
        if self.dialect.listing is Listing.ITEMS:
            return {"items": [node(receiver) for receiver in receivers]}
        cursors = [cursor(receiver) for receiver in receivers]
        if after and after not in cursors:
            raise Problem(HTTPStatus.BAD_REQUEST, detail="no such cursor")
        begin = cursors.index(after) + 1 if after else 0
        end = begin + self.dialect.page_size if self.dialect.page_size else len(receivers)
        shown = cursors[begin:end]
        return {
            "pageInfo": {
                "hasNextPage": end < len(receivers),
                "hasPreviousPage": begin > 0,
                "startCursor": shown[0] if shown else "",
                "endCursor": shown[-1] if shown else "",
            },
            "edges": [
                {"cursor": at, "node": node(receiver)}
                for at, receiver in zip(shown, receivers[begin:end], strict=True)
            ],
        }

    def discovery(self, _request: Request) -> dict[str, list[str]]:
        return {"ips": self.discovery_ips}

    def replace_discovery(self, request: Request) -> Response:
        self.discovery_ips = list(dict.fromkeys(_addresses(request)))
        return Response(status=HTTPStatus.ACCEPTED)

    def add_discovery(self, request: Request) -> Response:
        self.discovery_ips = list(dict.fromkeys([*self.discovery_ips, *_addresses(request)]))
        return Response(status=HTTPStatus.ACCEPTED)

    def remove_discovery(self, request: Request) -> Response:
        removed = set(_addresses(request))
        self.discovery_ips = [address for address in self.discovery_ips if address not in removed]
        return Response(status=HTTPStatus.ACCEPTED)

    # Of a device ------------------------------------------------------------------------------------------

    def device(self, receiver: Receiver, _request: Request) -> dict[str, Any]:
        return node(receiver)

    def name(self, receiver: Receiver, _request: Request) -> dict[str, str]:
        return {"name": receiver.name}

    def set_name(self, receiver: Receiver, request: Request) -> Response:
        self.rack.patch(receiver.source_id, {"name": _field(request, "name")})
        return DONE

    def identify(self, receiver: Receiver, _request: Request) -> dict[str, bool]:
        return {"identifying": receiver.identifying}

    def start_identify(self, receiver: Receiver, _request: Request) -> Response:
        receiver.identifying = True
        return DONE

    def stop_identify(self, receiver: Receiver, _request: Request) -> Response:
        receiver.identifying = False
        return DONE

    def audio_mute(self, receiver: Receiver, _request: Request) -> dict[str, bool]:
        return {"muted": receiver.audio_muted}

    def set_audio_mute(self, receiver: Receiver, request: Request) -> Response:
        muted = _field(request, "muted")
        if not isinstance(muted, bool):
            raise Unplayable("muted is true or false")
        receiver.audio_muted = muted
        return DONE

    def battery_level(self, receiver: Receiver, _request: Request) -> dict[str, Any]:
        """Return the battery of the first channel: a device with this capability has one."""
        channel = self._readings(receiver)[0]
        left = channel.battery_minutes
        return {
            "percentage": channel.battery_percent,
            "status": {
                "currentState": "CALCULATING" if channel.battery_calculating else "DISCHARGING",
                "targetState": "EMPTY",
                "timeToTargetState": None if left is None else f"PT{left}M",
            },
        }

    def battery_health(self, receiver: Receiver, _request: Request) -> dict[str, int | None]:
        channel = self._readings(receiver)[0]
        return {"percentage": channel.battery_health_percent, "cycleCount": channel.battery_cycles}

    def audio_channels(self, receiver: Receiver, _request: Request) -> list[dict[str, Any]]:
        return [
            {
                "id": channel_id(receiver, mic.number),
                "role": "SOURCE",
                "group": "GENERIC",
                "capabilities": receiver.channel_capabilities,
            }
            for mic in receiver.microphones
        ]

    # Of an audio channel ----------------------------------------------------------------------------------

    def activity(self, receiver: Receiver, number: int, _request: Request) -> dict[str, str]:
        return {"audioLevel": audio_level(self._readings(receiver)[number - 1])}

    def channel_name(self, receiver: Receiver, number: int, _request: Request) -> dict[str, str | None]:
        return {"name": self._readings(receiver)[number - 1].name}

    def set_channel_name(self, receiver: Receiver, number: int, request: Request) -> Response:
        self.rack.hold(receiver.source_id, number, {"name": _field(request, "name")})
        return DONE

    def gain(self, receiver: Receiver, number: int, _request: Request) -> dict[str, int | None]:
        return {"gain": self._readings(receiver)[number - 1].gain_db}

    def set_gain(self, receiver: Receiver, number: int, request: Request) -> Response:
        self.rack.hold(receiver.source_id, number, {"gain_db": _field(request, "gain")})
        return DONE

    def mute(self, receiver: Receiver, number: int, _request: Request) -> dict[str, bool]:
        return {"muted": bool(self._readings(receiver)[number - 1].muted)}

    def set_mute(self, receiver: Receiver, number: int, request: Request) -> Response:
        self.rack.hold(receiver.source_id, number, {"muted": _field(request, "muted")})
        return DONE

    def _readings(self, receiver: Receiver) -> tuple[ChannelReading, ...]:
        return self.rack.readings(receiver, monotonic())


DONE = Response(status=HTTPStatus.NO_CONTENT)

SERVER_RESOURCES = {
    "devices": Resource(methods={"GET": SystemApi.devices}),
    "config/discovery/ips": Resource(
        methods={"GET": SystemApi.discovery, "PUT": SystemApi.replace_discovery}
    ),
    "config/discovery/ips/add": Resource(methods={"PATCH": SystemApi.add_discovery}),
    "config/discovery/ips/remove": Resource(methods={"PATCH": SystemApi.remove_discovery}),
}
DEVICE_RESOURCES = {
    "": Resource(methods={"GET": SystemApi.device}),
    "name": Resource(capability="name", methods={"GET": SystemApi.name, "PATCH": SystemApi.set_name}),
    "identify": Resource(capability="identify", methods={"GET": SystemApi.identify}),
    "identify/start": Resource(capability="identify", methods={"POST": SystemApi.start_identify}),
    "identify/stop": Resource(capability="identify", methods={"POST": SystemApi.stop_identify}),
    "audio-mute": Resource(
        capability="audio-mute", methods={"GET": SystemApi.audio_mute, "PATCH": SystemApi.set_audio_mute}
    ),
    "battery-level": Resource(capability="battery-level", methods={"GET": SystemApi.battery_level}),
    "battery-health": Resource(capability="battery-health", methods={"GET": SystemApi.battery_health}),
    "audio-channels": Resource(capability="audio-channels", methods={"GET": SystemApi.audio_channels}),
}
_CHANNEL_METHODS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "activity": {"GET": SystemApi.activity},
    "name": {"GET": SystemApi.channel_name, "PATCH": SystemApi.set_channel_name},
    "gain": {"GET": SystemApi.gain, "PATCH": SystemApi.set_gain},
    "mute": {"GET": SystemApi.mute, "PATCH": SystemApi.set_mute},
}
CHANNEL_RESOURCES = {
    name: Resource(capability="audio-channels", channel_capability=name, methods=methods)
    for name, methods in _CHANNEL_METHODS.items()
}


def _route(segments: tuple[str, ...]) -> Route | None:
    if segments[:2] != BASE:
        return None
    match segments[2:]:
        case "devices", source_id, "audio-channels", channel, name if name in CHANNEL_RESOURCES:
            return Route(
                pattern=f"/devices/{{id}}/audio-channels/{{ch}}/{name}",
                resource=CHANNEL_RESOURCES[name],
                source_id=source_id,
                channel_id=channel,
            )
        case "devices", source_id, *rest if (path := "/".join(rest)) in DEVICE_RESOURCES:
            return Route(
                pattern="/".join(["/devices/{id}", *rest]),
                resource=DEVICE_RESOURCES[path],
                source_id=source_id,
            )
        case rest if (path := "/".join(rest)) in SERVER_RESOURCES:
            return Route(pattern=f"/{path}", resource=SERVER_RESOURCES[path])
    return None


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
        "communicationProtocol": {"name": "ESTA.DMP", "address": receiver.address},
    }
    return listed if discovered else {**listed, "capabilities": receiver.capabilities}


def _capabilities(receiver: Receiver) -> tuple[str, ...]:
    return () if receiver.state is DeviceState.DISCOVERED else receiver.capabilities


def cursor(receiver: Receiver) -> str:
    return base64.b64encode(orjson.dumps({"f": "D", "a": receiver.source_id})).decode()


def channel_id(receiver: Receiver, number: int) -> str:
    identity = {"t": "AudioChannel", "c": receiver.model, "v": CHANNEL_ID_VERSION, "s": "CH", "i": number - 1}
    return base64.b64encode(orjson.dumps(identity)).decode()


def audio_level(channel: ChannelReading) -> str:
    """Return the activity in the API's three words, from the peak."""
    peak = channel.audio_peak_dbfs
    if peak is None or peak < GOOD_FROM_DBFS:
        return "LOW"
    return "CLIPPING" if peak >= CLIPPING_FROM_DBFS else "GOOD"


def _tagged(content: Any) -> Tagged:
    body = orjson.dumps(content)
    return Tagged(body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"')


def _matches(condition: str | None, etag: str) -> bool:
    if condition is None:
        return False
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in condition.split(","))


def _field(request: Request, name: str) -> Any:
    try:
        return orjson.loads(request.body)[name]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, detail=f"the body is JSON with {name}") from error


def _addresses(request: Request) -> list[str]:
    addresses = _field(request, "ips")
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise Problem(HTTPStatus.BAD_REQUEST, detail="ips is a list of addresses")
    return addresses
