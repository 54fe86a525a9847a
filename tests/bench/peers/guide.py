"""What the feed is measured against: the guide's consumers, each with its group, JSON encoded for each client.

They hear what the guide's producers send: an update for each device, or the updates of a window in one message.
"""

from collections.abc import Mapping
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer, JsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

INITIAL_DATA: Mapping[str, Any] = {"type": "initial_data", "devices": []}


class DeviceConsumer(JsonWebsocketConsumer):
    groups = ["devices"]

    def connect(self) -> None:
        self.accept()
        self.send_json(INITIAL_DATA)

    def device_update(self, event: Mapping[str, Any]) -> None:
        self.send_json(event["data"])

    def batch_update(self, event: Mapping[str, Any]) -> None:
        self.send_json(event)


class AsyncDeviceConsumer(AsyncJsonWebsocketConsumer):
    """The same without a thread for each message."""

    groups = ["devices"]

    async def connect(self) -> None:
        await self.accept()
        await self.send_json(INITIAL_DATA)

    async def device_update(self, event: Mapping[str, Any]) -> None:
        await self.send_json(event["data"])

    async def batch_update(self, event: Mapping[str, Any]) -> None:
        await self.send_json(event)


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [path("sync/", DeviceConsumer.as_asgi()), path("async/", AsyncDeviceConsumer.as_asgi())]
        ),
    }
)
