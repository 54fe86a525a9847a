"""What a delivered window costs the process that serves it, beside its peers; and how windows reach a thousand clients.

The cost is measured in rounds, in each of which every kind serves the same clients with the same windows, alone: ours,
Node's `ws`, and the guide's consumers, once with a message for each window and once, as the guide's producer sends
them, with one for each device.
"""

import time
from argparse import Namespace
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.crowd import Crowd, gathered
from tests.bench.delivered import delivered, windows
from tests.bench.house import House
from tests.bench.kinds import Kind, kinds
from tests.bench.web import audience, daphne
from tests.bench.workbench import say

SETTLES_S = 2.0
GRACE_S = 5.0
_PATIENCE_S = 10  # for a window's frames; those of a message for each device would take minutes

Figures = dict[str, Any]


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
class Cost:
    """What one round cost: CPU seconds for a thousand windows delivered, and how much was delivered."""

    cpu_s: float
    delivered: float
    bytes: float
    compressed: int


def _cost(house: House, options: Namespace) -> Figures:
    serving = kinds(options)
    costs: dict[str, list[Cost]] = defaultdict(list)
    for number in range(1, options.rounds + 1):
        for name, kind in serving.items():
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
        if kind.frames == 1:  # what others would not deliver in time would be in the way
            _send(kind, house, crowd, options)  # warm
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
