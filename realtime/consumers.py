"""The three feeds. A consumer is a socket's manners: who may come in, what it may say, how it leaves."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from core.access import Principal, Visible, visible
from core.domain.scopes import parse_all
from realtime.audience import Mode, View
from realtime.encoding import Frame
from realtime.entry import address_at_the_door, principal_at_the_door
from realtime.frames import error_frame
from realtime.guests import Guest
from realtime.hall import NOT_SIGNED_IN
from realtime.hub import Hub, Since
from realtime.outlet import Outlet, TooSlow, allow, outlet_for

LONGEST_MESSAGE = 4096  # bytes; a client has little to say
MOST_MESSAGES = 600  # a minute

BAD_REQUEST, TOO_MANY = 4400, 4429

Query = Mapping[str, list[str]]


class FeedConsumer(AsyncWebsocketConsumer):
    """What the feeds have in common. The hub sends; the consumer itself belongs to no group."""

    channel_layer_alias = "none"  # no channel and no receive loop for each socket: only the hub listens

    understands = 'This feed understands {"type": "ping"}.'

    outlet: Outlet | None = None
    principal: Principal

    def view(self, query: Query) -> View:
        """Return what is asked for. Raises `ValueError` with a sentence that says what is wrong with it."""
        raise NotImplementedError

    async def connect(self) -> None:
        principal = await principal_at_the_door(self.scope)
        # Accepted even when it is closed at once: Daphne turns a close before that into an HTTP 403 without a code.
        await self.accept()
        if principal is None or visible(principal) == Visible.nothing():
            await self._refuse(NOT_SIGNED_IN, "not_signed_in", "Sign in, or send Authorization: Bearer TOKEN")
            return
        self.principal = principal
        query = parse_qs(self.scope["query_string"].decode("latin1"))
        try:
            view, since = self.view(query), _since(query)
        except ValueError as error:
            await self._refuse(BAD_REQUEST, "bad_request", str(error))
            return
        hub = Hub.of_this_loop()
        await hub.ready()
        outlet = outlet_for(self.base_send)
        full = hub.hall.admit(outlet, Guest(principal=principal, address=address_at_the_door(self.scope)))
        if full is not None:
            outlet.close()
            await self._refuse(TOO_MANY, "too_many", full)
            return
        self.outlet = outlet
        allow(self.base_send, MOST_MESSAGES, then=self._end_flood)
        await hub.welcome(outlet, view, since)

    async def _refuse(self, code: int, word: str, sentence: str) -> None:
        """Close, and say why before: Daphne keeps the reason of a close to itself."""
        await self.send(error_frame(word, sentence).text)
        await self.close(code, sentence)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # not in `disconnect`, which a consumer that failed never comes to
            if self.outlet is not None:
                Hub.of_this_loop().hall.leave(self.outlet)
                self.outlet.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outlet is None:
            return
        try:
            if text_data is None:
                self._error("binary", f"Text frames only; these were {len(bytes_data or b'')} bytes.")
            elif len(text_data.encode()) > LONGEST_MESSAGE:
                self._error("too_long", f"At most {LONGEST_MESSAGE} bytes a message.")
            else:
                await self._answer(text_data)
        except TooSlow:
            Hub.of_this_loop().hall.let_go(self.outlet)

    def _end_flood(self) -> None:
        if self.outlet is not None:
            sentence = f"At most {MOST_MESSAGES} messages a minute."
            Hub.of_this_loop().hall.dismiss(self.outlet, TOO_MANY, "too_many", sentence)
            self.outlet.deafen()

    async def _answer(self, text: str) -> None:
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
            case {"type": str()}:
                await self._answer_more(message)
            case _:
                self._error("unknown_type", self.understands)

    async def _answer_more(self, message: Mapping[str, Any]) -> None:
        """Answer what only this feed understands."""
        del message
        self._error("unknown_type", self.understands)

    def _error(self, code: str, sentence: str) -> None:
        self._push(error_frame(code, sentence))

    def _reply(self, message: dict[str, Any]) -> None:
        self._push(Frame.of(message))

    def _push(self, frame: Frame) -> None:
        if self.outlet is not None:
            self.outlet.push(frame)


class DeviceConsumer(FeedConsumer):
    """`/ws/devices/`: by default the guide's messages, with `?mode=batch` one frame a window."""

    understands = 'This feed understands {"type": "ping"} and {"type": "subscribe", "scope": […]}.'

    mode = Mode.SINGLE

    def view(self, query: Query) -> View:
        match query.get("mode", ["single"]):
            case ["batch"]:
                self.mode = Mode.BATCH
            case ["single"]:
                self.mode = Mode.SINGLE
            case _:
                raise ValueError("mode is batch or single")
        return self._part(query.get("scope", []))

    def _part(self, texts: Iterable[str]) -> View:
        return View(self.mode, visible(self.principal).asking(parse_all(texts)))

    async def _answer_more(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"type": "subscribe", "scope": [*texts]} if all(isinstance(text, str) for text in texts):
                try:
                    view = self._part(texts)
                except ValueError as error:
                    self._error("bad_scope", str(error))
                    return
                if self.outlet is not None:
                    await Hub.of_this_loop().welcome(self.outlet, view)
            case {"type": "subscribe"}:
                self._error(
                    "bad_scope", "The scope is a list of texts, such as location:main-a; [] is everything."
                )
            case _:
                await super()._answer_more(message)


class ConnectionConsumer(FeedConsumer):
    """`/ws/connections/`: how each server answers."""

    def view(self, query: Query) -> View:
        del query
        return View(Mode.CONNECTIONS, visible(self.principal))


class HealthConsumer(FeedConsumer):
    """`/ws/health/`: each server's interface, and the parts of this system."""

    def view(self, query: Query) -> View:
        del query
        return View(Mode.HEALTH, visible(self.principal))


class UnknownFeedConsumer(FeedConsumer):
    def view(self, query: Query) -> View:
        del query
        raise ValueError("There is no such feed: /ws/devices/, /ws/connections/ or /ws/health/")


def _since(query: Query) -> Since | None:
    """Return where a client that comes back has been. Raises `ValueError` with a sentence."""
    match query.get("since"), query.get("epoch"):
        case None, None:
            return None
        case [since], [epoch] if since.isascii() and since.isdigit():
            return Since(epoch, int(since))
    raise ValueError("since is the last seq that you have seen, and comes with its epoch")
