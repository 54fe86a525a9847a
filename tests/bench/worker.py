"""How many polls one worker of the Procfile does for each second of CPU, and how many a second, beside Celery alone.

Its queue is full, and of what it polls nothing changed.
"""

from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any

from tests.bench.line import ALONE, FULL, Cost, racked, working
from tests.bench.workbench import say


def run(options: Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        alone, full = racked(stack, ALONE, options), racked(stack, FULL, options)
        line = stack.enter_context(working())
        kinds: dict[str, Callable[[], Cost]] = {
            "one_resource": lambda: line.polls(alone),
            "ulxd4q": lambda: line.polls(full),
            "celery_alone": lambda: line.nothings(len(alone)),
        }
        for measure in kinds.values():
            measure()  # warm
        costs: dict[str, list[Cost]] = defaultdict(list)
        for number in range(1, options.rounds + 1):
            for kind, measure in kinds.items():
                costs[kind].append(measure())
            told = ", ".join(f"{kind} {costs[kind][-1].a_second:.0f}/s" for kind in kinds)
            say(f"round {number} of {options.rounds}: {told}")
    figures = {kind: _figures(measured) for kind, measured in costs.items()}
    most = figures["celery_alone"]["a_second_and_core"]
    for kind in ("one_resource", "ulxd4q"):
        figures[kind]["of_celery_alone"] = round(figures[kind]["a_second_and_core"] / most, 3)
    return figures


def _figures(measured: list[Cost]) -> dict[str, float]:
    cpu_ms = median(cost.cpu_ms for cost in measured)
    return {
        "cpu_ms": round(cpu_ms, 3),
        "a_second_and_core": round(1000 / cpu_ms, 1),
        "a_second": round(median(cost.a_second for cost in measured), 1),
    }
