"""Who serves windows in the benchmark of the feed: the product, Node's `ws`, and the guide's consumers."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels_redis.core import RedisChannelLayer
from django.conf import settings

from deploy.testbed import install_modules, require_node
from tests.bench.crowd import Audience
from tests.bench.house import Emitted
from tests.bench.web import audience, daphne
from tests.bench.workbench import ROOT, Process, running
from tests.ports import free_port

NODE = ROOT / "tests" / "bench" / "peers" / "node"
GUIDE = "tests.bench.peers.guide:application"
CHANNEL = "bench-windows"

Serving = Iterator[tuple[Process, Audience]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Somebody who serves windows. `serve` runs it; `send` hands it one; it makes so many frames of each."""

    serve: Callable[[], AbstractContextManager[tuple[Process, Audience]]]
    send: Callable[[Emitted], None]
    frames: int = 1
    windows: int


def kinds(options: Namespace) -> dict[str, Kind]:
    """Return each kind by its name: `json` hears a message for each window, `guide` one for each device."""
    require_node()
    install_modules(NODE)
    guide = _Guide()
    peers = partial(_guide_served, options, guide)
    one, each = {"windows": options.windows}, {"windows": options.guide_windows, "frames": options.channels}
    return {
        "micboard": Kind(serve=partial(_served, options), send=_sent_already, **one),
        "node_ws": Kind(serve=partial(_node, options), send=_published, **one),
        "json_async": Kind(serve=partial(peers, "/async/"), send=guide.batch, **one),
        "json_sync": Kind(serve=partial(peers, "/sync/"), send=guide.batch, **one),
        "guide_async": Kind(serve=partial(peers, "/async/"), send=guide.devices, **each),
        "guide_sync": Kind(serve=partial(peers, "/sync/"), send=guide.devices, **each),
    }


@contextmanager
def _served(options: Namespace) -> Serving:
    with daphne() as web:
        yield web.process, audience(web, options.clients, compressed=options.compressed)


@contextmanager
def _guide_served(options: Namespace, guide: "_Guide", path: str) -> Serving:
    with daphne(GUIDE, {"MICBOARD_CHANNEL_LAYER": "core"}) as web:  # with the guide's own settings
        yield web.process, Audience(clients=options.clients, port=web.port, path=path)
    guide.forget()


@contextmanager
def _node(options: Namespace) -> Serving:
    port = free_port()
    words = [str(port), settings.REDIS_URL, CHANNEL, *(["compressed"] if options.compressed else [])]
    with running("node", str(NODE / "broadcaster.js"), *words, sign=r"^ready$") as process:
        there = Audience(clients=options.clients, port=port, path="/", compressed=options.compressed)
        yield process, there


def _sent_already(_: Emitted) -> None:
    """The product's own emitter rang its bell."""


def _published(emitted: Emitted) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.publish(CHANNEL, emitted.window.text)


class _Guide:
    """The guide's producers, on the channel layer that the guide configures."""

    def __init__(self) -> None:
        config: dict[str, Any] = settings.CHANNEL_LAYERS["default"]["CONFIG"]  # type: ignore[assignment]  # is one
        self._config = {**config, "capacity": 1000, "expiry": 300}

    def batch(self, emitted: Emitted) -> None:
        """Send a window's updates in one message."""
        frame = emitted.window.frame
        self._sent({"type": "batch_update", "seq": emitted.seq, "updates": frame["updates"]})

    def devices(self, emitted: Emitted) -> None:
        """Send an update for each device."""
        names = ("device_id", "changes", "timestamp")
        self._sent(
            *(
                {"type": "device_update", "data": {name: update[name] for name in names}}
                for update in emitted.window.frame["updates"]
            )
        )

    def forget(self) -> None:
        """Empty the layer: what its clients had no time to fetch would fill the store, round after round."""

        async def flush() -> None:
            layer = RedisChannelLayer(**self._config)
            await layer.flush()
            await layer.close_pools()

        async_to_sync(flush)()

    def _sent(self, *messages: dict[str, Any]) -> None:
        async def send() -> None:
            layer = RedisChannelLayer(**self._config)
            for message in messages:
                await layer.group_send("devices", message)
            await layer.close_pools()

        async_to_sync(send)()
