"""The three feeds. A consumer is a socket's manners: who may come in, what it may say, how it leaves."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from core.access import Visible, visible
from realtime.entry import principal_at_the_door
from realtime.frames import Frame, error_frame
from realtime.hub import NOT_SIGNED_IN, Hub, Socket
from realtime.outlet import Outlet, outlet_for

LONGEST_MESSAGE = 4096  # bytes; a client has little to say

BAD_REQUEST = 4400

Join = Callable[[Socket], None]


class FeedConsumer(AsyncWebsocketConsumer):
    """What the feeds have in common. The hub sends; the consumer itself belongs to no group."""

    channel_layer_alias = "none"  # no channel and no receive loop for each socket: only the hub listens

    outlet: Outlet | None = None

    def way_in(self, hub: Hub, query: Mapping[str, list[str]]) -> Join | str:
        """Return how this feed joins the hub, or a sentence that says what is wrong with the request."""
        raise NotImplementedError

    async def connect(self) -> None:
        principal = await principal_at_the_door(self.scope)
        # Accepted even when it is closed at once: Daphne turns a close before that into an HTTP 403 without a code.
        await self.accept()
        if principal is None or visible(principal) == Visible.nothing():
            await self._refuse(NOT_SIGNED_IN, "not_signed_in", "Sign in, or send Authorization: Bearer TOKEN")
            return
        hub = Hub.of_this_loop()
        join = self.way_in(hub, parse_qs(self.scope["query_string"].decode("latin1")))
        if isinstance(join, str):
            await self._refuse(BAD_REQUEST, "bad_request", join)
            return
        await hub.ready()
        self.outlet = outlet_for(self.base_send)
        hub.admit(self.outlet, principal)
        join(self.outlet)

    async def _refuse(self, code: int, word: str, sentence: str) -> None:
        """Close, and say why before: Daphne keeps the reason of a close to itself."""
        await self.send(error_frame(word, sentence).text)
        await self.close(code, sentence)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # not in `disconnect`, which a consumer that failed never comes to
            if self.outlet is not None:
                Hub.of_this_loop().leave(self.outlet)
                self.outlet.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outlet is None:
            return
        if text_data is None:
            self._error("binary", f"Text frames only; these were {len(bytes_data or b'')} bytes.")
        elif len(text_data.encode()) > LONGEST_MESSAGE:
            self._error("too_long", f"At most {LONGEST_MESSAGE} bytes a message.")
        else:
            self._answer(text_data)

    def _answer(self, text: str) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._error("malformed", "That is no JSON.")
            return
        match message:
            case {"type": "ping", "id": str() | int() | float() | None as told}:
                self._reply({"type": "pong", "id": told})
            case {"type": "ping", "id": _}:
                self._error("bad_id", "The id of a ping is a string or a number.")
            case {"type": "ping"}:
                self._reply({"type": "pong"})
            case _:
                self._error("unknown_type", 'This feed understands {"type": "ping"}.')

    def _error(self, code: str, sentence: str) -> None:
        self._push(error_frame(code, sentence))

    def _reply(self, message: dict[str, Any]) -> None:
        self._push(Frame.of(message))

    def _push(self, frame: Frame) -> None:
        if self.outlet is not None:
            self.outlet.push(frame)


class DeviceConsumer(FeedConsumer):
    """`/ws/devices/`: by default the guide's messages, with `?mode=batch` one frame a window."""

    def way_in(self, hub: Hub, query: Mapping[str, list[str]]) -> Join | str:
        match query.get("mode", ["single"]):
            case ["batch"]:
                return hub.join_batch
            case ["single"]:
                return hub.join_single
            case _:
                return "mode is batch or single"


class ConnectionConsumer(FeedConsumer):
    """`/ws/connections/`: how each server answers."""

    def way_in(self, hub: Hub, query: Mapping[str, list[str]]) -> Join | str:
        del query
        return hub.join_connections


class HealthConsumer(FeedConsumer):
    """`/ws/health/`: each server's interface, and the parts of this system."""

    def way_in(self, hub: Hub, query: Mapping[str, list[str]]) -> Join | str:
        del query
        return hub.join_health


class UnknownFeedConsumer(FeedConsumer):
    def way_in(self, hub: Hub, query: Mapping[str, list[str]]) -> Join | str:
        del hub, query
        return "There is no such feed: /ws/devices/, /ws/connections/ or /ws/health/"
