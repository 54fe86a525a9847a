"""A feed without a server: sockets that end in the test, on the real layer and database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from pytest_django.fixtures import Settings

from core.access import create_token
from realtime.asgi import application
from realtime.hub import Hub
from tests.contract import read

Layer = dict[str, Any]
UseLayer = Callable[[Layer], None]

# Both that the settings offer, on this test's own store and names.
_CONFIG: dict[str, Any] = settings.CHANNEL_LAYERS["default"]["CONFIG"]  # type: ignore[assignment]  # is one
LAYERS: dict[str, Layer] = {
    "pubsub": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": _CONFIG},
    "core": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {**_CONFIG, "capacity": 1000, "expiry": 300},
    },
}

Connect = Callable[..., Awaitable["Client"]]
FRAME_WITHIN_S = 10  # a heartbeat comes after 5 at the latest


class Socket(WebsocketCommunicator):
    """Without Channels' patch for tests, which keeps threads from giving their connections back to the pool."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


class Client:
    """An integrator's socket."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        self.socket = Socket(application, path, headers=headers)

    async def frame(self, *kinds: str, within_s: float = FRAME_WITHIN_S) -> dict[str, Any]:
        """Return the next frame, of these types where some are given."""
        passed_over = []
        try:
            async with asyncio.timeout(within_s):
                while True:
                    frame = read(await self.socket.receive_from(timeout=within_s))
                    if not kinds or frame["type"] in kinds:
                        return frame
                    passed_over.append(frame["type"])
        except TimeoutError:
            pytest.fail(f"no {' or '.join(kinds)} came within {within_s} s, but {passed_over}")

    async def closed(self) -> tuple[int, str]:
        """Return the code with which the server closes, and the reason that it gives in a frame before."""
        reason: str = (await self.frame("error"))["message"]
        message = await self.socket.receive_output(timeout=FRAME_WITHIN_S)  # type: ignore[no-untyped-call]  # untyped in Channels
        assert message["type"] == "websocket.close"
        return message["code"], reason

    async def say(self, text: str) -> None:
        await self.socket.send_to(text_data=text)


def in_thread(act: Callable[..., Any], *args: Any, **kwargs: Any) -> Awaitable[Any]:
    """Do something to the database beside the event loop, as the workers do."""
    done: Awaitable[Any] = database_sync_to_async(act, thread_sensitive=False)(*args, **kwargs)
    return done


@pytest.fixture
def use_layer(settings: Settings) -> UseLayer:
    """Have another channel layer in the place of the one that the settings chose."""

    def use(layer: Layer) -> None:
        settings.CHANNEL_LAYERS = {"default": layer}

    return use


@pytest.fixture
async def connect(committed: None) -> AsyncIterator[Connect]:
    del committed
    clients: list[Client] = []
    _, secret = await in_thread(create_token, "tests")

    async def connect_to(
        path: str = "/ws/devices/?mode=batch", headers: list[tuple[bytes, bytes]] | None = None
    ) -> Client:
        bearer = [(b"authorization", f"Bearer {secret}".encode())]
        client = Client(path, bearer if headers is None else headers)
        accepted, _ = await client.socket.connect(timeout=FRAME_WITHIN_S)
        assert accepted
        clients.append(client)
        return client

    yield connect_to
    for client in clients:
        await client.socket.disconnect()
    await Hub.of_this_loop().stop()
