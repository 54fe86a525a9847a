"""What a delivered window costs the process that serves it, beside its peers; and how windows reach a thousand clients.

The cost is measured in rounds, in each of which every kind serves the same clients with the same windows, alone: ours,
Node's `ws`, and the guide's consumers, once with a message for each window and once, as the guide's producer sends
them, with one for each device.
"""

import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels_redis.core import RedisChannelLayer
from django.conf import settings

from deploy.testbed import install_modules, require_node
from tests.bench.crowd import Audience, Crowd, gathered
from tests.bench.delivered import delivered, windows
from tests.bench.house import Emitted, House
from tests.bench.web import audience, daphne
from tests.bench.workbench import ROOT, Process, running, say
from tests.ports import free_port

NODE = ROOT / "tests" / "bench" / "peers" / "node"
GUIDE = "tests.bench.peers.guide:application"
CHANNEL = "bench-windows"
SETTLES_S = 2.0
GRACE_S = 5.0
_PATIENCE_S = 10  # for a window's frames; those of a message for each device would take minutes

Figures = dict[str, Any]
Broadcast = Callable[[Emitted], None]


def run(options: Namespace) -> Figures:
    say(f"making {options.channels} channels")
    house = House(options.channels)
    figures: Figures = {"channels": options.channels, "compressed": options.compressed}
    if options.part in {"all", "cost"}:
        figures["cost"] = _cost(house, options)
    if options.part in {"all", "delivery"}:
        figures["idle"] = _idle(options)
        figures["delivery"] = _delivery(house, options)
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Somebody who serves windows. `serve` runs it; `send` hands it one; it makes so many frames of each."""

    serve: Callable[[], AbstractContextManager[tuple[Process, Audience]]]
    send: Broadcast
    frames: int = 1
    windows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one round cost: CPU seconds for a thousand windows delivered, and how much was delivered."""

    cpu_s: float
    delivered: float
    bytes: float
    compressed: int


def _cost(house: House, options: Namespace) -> Figures:
    require_node()
    install_modules(NODE)
    guide = _Guide()
    peers = partial(_guide_served, options)
    one, each = {"windows": options.windows}, {"windows": options.guide_windows, "frames": options.channels}
    kinds = {
        "micboard": Kind(serve=partial(_served, options), send=_sent_already, **one),
        "node_ws": Kind(serve=partial(_node, options), send=_published, **one),
        "json_async": Kind(serve=partial(peers, "/async/"), send=guide.batch, **one),
        "json_sync": Kind(serve=partial(peers, "/sync/"), send=guide.batch, **one),
        "guide_async": Kind(serve=partial(peers, "/async/"), send=guide.devices, **each),
        "guide_sync": Kind(serve=partial(peers, "/sync/"), send=guide.devices, **each),
    }
    costs: dict[str, list[Cost]] = defaultdict(list)
    for number in range(1, options.rounds + 1):
        for name, kind in kinds.items():
            if kind.windows:
                costs[name].append(_round(kind, house, options))
        told = ", ".join(f"{name} {measured[-1].cpu_s:.3f} s" for name, measured in costs.items())
        say(f"round {number} of {options.rounds}, CPU of 1,000 windows: {told}")
    figures = {name: _figures(measured) for name, measured in costs.items()}
    own = figures["micboard"]["cpu_s_per_1000"]
    return {
        "clients": options.clients,
        "window_bytes": len(house.window(options.channels).window.text.encode()),
        "kinds": figures,
        "times_node_ws": round(own / figures["node_ws"]["cpu_s_per_1000"], 2),
        "times_less_than": {
            name: round(figures[name]["cpu_s_per_1000"] / own, 1)
            for name in figures
            if name not in {"micboard", "node_ws"}
        },
    }


def _figures(measured: list[Cost]) -> Figures:
    return {
        "cpu_s_per_1000": round(median(cost.cpu_s for cost in measured), 4),
        "delivered": round(median(cost.delivered for cost in measured), 4),
        "bytes_a_window": round(median(cost.bytes for cost in measured)),
        "clients_with_compression": measured[-1].compressed,
    }


def _round(kind: Kind, house: House, options: Namespace) -> Cost:
    """Serve the clients one kind's windows, each when the one before has reached all of them."""
    with kind.serve() as (process, there), gathered(there) as crowd:
        crowd.come_all()
        if kind.frames == 1:
            _send(
                kind, house, crowd, options
            )  # warm; what is not delivered in time would be in the way afterwards
        before, cpu_s = crowd.count(), process.cpu_s
        for _ in range(kind.windows):
            _send(kind, house, crowd, options)
        cpu_s, after = process.cpu_s - cpu_s, crowd.count()
    windows = (after.updates - before.updates) / kind.frames
    return Cost(
        cpu_s=cpu_s / max(windows, 1 / kind.frames) * 1000,
        delivered=windows / (kind.windows * options.clients),
        bytes=(after.bytes - before.bytes) / max(windows, 1 / kind.frames),
        compressed=after.compressed,
    )


def _send(kind: Kind, house: House, crowd: Crowd, options: Namespace) -> None:
    wanted = crowd.count().updates + kind.frames * options.clients
    kind.send(house.window(options.channels))
    crowd.wait(updates=wanted, within_s=_PATIENCE_S)


@contextmanager
def _served(options: Namespace) -> Iterator[tuple[Process, Audience]]:
    with daphne() as web:
        yield web.process, audience(web, options.clients, compressed=options.compressed)


@contextmanager
def _guide_served(options: Namespace, path: str) -> Iterator[tuple[Process, Audience]]:
    with daphne(GUIDE, {"MICBOARD_CHANNEL_LAYER": "core"}) as web:  # with the guide's own settings
        yield web.process, Audience(clients=options.clients, port=web.port, path=path)


@contextmanager
def _node(options: Namespace) -> Iterator[tuple[Process, Audience]]:
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
        config: Figures = settings.CHANNEL_LAYERS["default"]["CONFIG"]  # type: ignore[assignment]  # is one
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

    def _sent(self, *messages: Figures) -> None:
        async def send() -> None:
            layer = RedisChannelLayer(**self._config)
            for message in messages:
                await layer.group_send("devices", message)
            await layer.close_pools()

        async_to_sync(send)()


def _idle(options: Namespace) -> Figures:
    """Return what a connection that is idle takes in memory: of the web's process, for each of its clients."""
    with daphne() as web:
        with gathered(audience(web, 1)) as one:
            one.come()
        time.sleep(SETTLES_S)
        before = web.memory_kb
        there = audience(web, options.audience, compressed=options.compressed)
        with gathered(there) as crowd:
            crowd.come_all(at_once=20)
            time.sleep(SETTLES_S)
            grown = web.memory_kb - before
    say(f"{options.audience} idle clients: {grown / options.audience:.1f} KB each")
    return {"clients": options.audience, "memory_kb_each": round(grown / options.audience, 1)}


def _delivery(house: House, options: Namespace) -> Figures:
    """Have a thousand clients hear a window of the whole house a second."""
    with daphne() as web:
        there = audience(web, options.audience, compressed=options.compressed)
        with gathered(there) as crowd:
            crowd.come_all()
            say(f"{options.audience} clients hear a window of {options.channels} channels a second")
            before, cpu_s, theirs_s = crowd.count(), web.cpu_s, crowd.cpu_s
            sent = list(windows(house, options.channels, seconds=options.seconds))
            crowd.wait(updates=before.updates + len(sent) * options.audience, within_s=GRACE_S)
            after, cpu_s, theirs_s = crowd.count(), web.cpu_s - cpu_s, crowd.cpu_s - theirs_s
            heard = crowd.heard()
        return {
            "clients": options.audience,
            "windows": len(sent),
            **delivered(sent, heard, clients=options.audience),
            "closed": dict(after.closed),
            "clients_with_compression": after.compressed,
            "bytes_a_client_and_window": round(
                (after.bytes - before.bytes) / options.audience / max(1, len(sent))
            ),
            "cpu_s_per_1000": round(cpu_s / max(1, len(heard.seqs)) * 1000, 4),
            "cores_of_the_clients": round(theirs_s / options.seconds, 2),
            "most_memory_mb": web.most_memory_mb,
        }
