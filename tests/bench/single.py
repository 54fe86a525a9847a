"""The feed as the guide's pages hear it, which ask for nothing: one frame for each changed channel."""

from argparse import Namespace
from typing import Any

from tests.bench.crowd import SINGLE, gathered
from tests.bench.delivered import delivered, windows
from tests.bench.house import House
from tests.bench.web import audience, daphne
from tests.bench.workbench import say

GRACE_S = 5.0


def run(options: Namespace) -> dict[str, Any]:
    say(f"making {options.channels} channels")
    house = House(options.channels)
    with daphne() as web:
        there = audience(web, options.clients, path=SINGLE, compressed=options.compressed)
        with gathered(there) as crowd:
            crowd.come_all()
            say(f"{options.clients} clients hear {options.changes} changed channels a second")
            before, cpu_s = crowd.count(), web.cpu_s
            sent = list(windows(house, options.changes, seconds=options.seconds))
            due = len(sent) * options.clients * options.changes
            crowd.wait(updates=before.updates + due, within_s=GRACE_S)
            after, cpu_s = crowd.count(), web.cpu_s - cpu_s
            heard = crowd.heard()
    return {
        "channels": options.channels,
        "clients": options.clients,
        "changes": options.changes,
        "windows": len(sent),
        **delivered(sent, heard, clients=options.clients, frames=options.changes),
        "closed": dict(after.closed),
        "clients_with_compression": after.compressed,
        "bytes_a_client_and_window": round((after.bytes - before.bytes) / options.clients / len(sent)),
        "cpu_s_per_1000": round(cpu_s / (after.updates - before.updates) * 1000, 4),
    }
