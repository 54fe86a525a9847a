"""What the feed weighs on the wire: all of Micboard on a show that is played, and then on one that stands still.

Two clients listen, one that offers compression and one that does not. Counted is what their connections carry; TCP
and IP come on top.
"""

import time
from argparse import Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from tests.bench.crowd import BATCH, Audience, Crowd, gathered
from tests.bench.showing import showing
from tests.bench.workbench import say
from tests.system.stack import Stack

KINDS = ("plain", "compressed")
POLLS_UNTIL_SETTLED = (
    3  # a receiver that stands still is told twice more: its levels, and that what was is over
)

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    with showing(options) as (stack, played), ExitStack() as listening:
        crowds = {kind: _listening(listening, stack, compressed=kind == "compressed") for kind in KINDS}
        figures = {}
        for scenario, name in (("show", "live"), ("quiet", "nothing_changed")):
            played.direct("POST", "show", {"scenario": scenario})
            time.sleep(POLLS_UNTIL_SETTLED * options.interval)
            say(f"{name}: listening for {options.seconds:g} s")
            figures[name] = _measured(stack, crowds, options.seconds)
        return {"channels": options.channels, "interval_s": options.interval, **figures}


def _listening(until: ExitStack, stack: Stack, *, compressed: bool) -> Crowd:
    there = Audience(clients=1, port=stack.port, path=BATCH, headers=[stack.bearer], compressed=compressed)
    crowd = until.enter_context(gathered(there))
    crowd.come_all()
    return crowd


def _measured(stack: Stack, crowds: Mapping[str, Crowd], seconds: float) -> Figures:
    changes = "SELECT count(*) FROM core_changerecord"
    polls = "SELECT coalesce(sum(claim_seq), 0) FROM core_claim"
    before = {kind: crowd.count() for kind, crowd in crowds.items()}
    ((changed,),), ((polled,),) = stack.sql(changes), stack.sql(polls)
    time.sleep(seconds)
    after = {kind: crowd.count() for kind, crowd in crowds.items()}
    ((changed_then,),), ((polled_then,),) = stack.sql(changes), stack.sql(polls)
    return {
        "polls_a_second": round(float(polled_then - polled) / seconds, 1),
        "changed_channels_a_second": round((changed_then - changed) / seconds, 1),
        "windows_a_second": round((after["plain"].updates - before["plain"].updates) / seconds, 2),
        "bytes_a_second": {
            kind: round((after[kind].bytes - before[kind].bytes) / seconds) for kind in crowds
        },
        "is_compressed": bool(after["compressed"].compressed),
    }
