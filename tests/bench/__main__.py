"""The command line of the benchmarks: progress goes to standard error, one line of JSON to standard output."""

import json
import os
import sys
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module

from tests.bench.workbench import services

OWN_STACK = {"fleet", "torture", "watching", "wire"}  # bring a whole Micboard along


def parser() -> ArgumentParser:
    whole = ArgumentParser(
        prog="./micboard bench", description="Measure Micboard on this machine, on services of its own."
    )
    names = whole.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    _add_polling(names)
    _add_feed(names)
    _add_replay(names)
    _add_torture(names)
    return whole


def _add_polling(names: "_SubParsersAction[ArgumentParser]") -> None:
    schedule = names.add_parser("schedule", help="beat with 10,000 receivers, beside the stock scheduler")
    schedule.add_argument("--devices", type=int, default=10_000, help="receivers (10000)")
    schedule.add_argument("--seconds", type=float, default=60, help="of each of the two measurements (60)")
    schedule.add_argument("--edits", type=float, default=10, help="changes of a tier a second (10)")
    schedule.add_argument(
        "--stopped", type=float, default=600, help="seconds that beat was away before it starts (600)"
    )

    poll = names.add_parser("poll", help="CPU and statements of one poll, beside a bare requests loop")
    poll.add_argument("--rounds", type=int, default=10, help="of every kind, in turn (10)")
    poll.add_argument("--receivers", type=int, default=120, help="polls of one round (120)")
    poll.add_argument("--servers", type=int, default=6, help="whose receivers they are (6)")

    worker = names.add_parser("worker", help="polls a second and core of one worker, beside Celery alone")
    worker.add_argument("--rounds", type=int, default=10, help="of every kind, in turn (10)")
    worker.add_argument("--receivers", type=int, default=240, help="polls of one round (240)")
    worker.add_argument("--servers", type=int, default=6, help="whose receivers they are (6)")

    fleet = names.add_parser("fleet", help="all of Micboard on a played fleet: how late polls start")
    fleet.add_argument("--devices", type=int, default=500, help="receivers of a mid-size house (500)")
    fleet.add_argument("--minutes", type=float, default=10, help="of each measurement (10)")
    kind = fleet.add_mutually_exclusive_group()
    kind.add_argument("--field", action="store_true", help="the 209 devices of one campus, on one server")
    kind.add_argument(
        "--dead",
        action="store_true",
        help="200 that are well, alone, then beside dead ones and a dead server",
    )
    fleet.add_argument(
        "--silent", type=int, default=100, help="with --dead: receivers that accept and never answer (100)"
    )
    fleet.add_argument(
        "--behind",
        type=int,
        default=50,
        help="with --dead: receivers that are well, behind the dead server (50)",
    )


def _add_feed(names: "_SubParsersAction[ArgumentParser]") -> None:
    feed = names.add_parser(
        "feed", help="CPU of a delivered window, beside its peers; a thousand clients of it"
    )
    feed.add_argument("--channels", type=int, default=500, help="that change in each window (500)")
    feed.add_argument("--part", choices=("all", "cost", "delivery"), default="all", help="of it (all)")
    feed.add_argument("--rounds", type=int, default=5, help="of the cost, in each every kind once (5)")
    feed.add_argument("--clients", type=int, default=500, help="of the cost (500)")
    feed.add_argument("--windows", type=int, default=20, help="of each kind and round (20)")
    feed.add_argument(
        "--guide-windows",
        type=int,
        default=1,
        help="of each round where a message is sent for each device; 0 leaves that out (1)",
    )
    feed.add_argument("--audience", type=int, default=1000, help="clients of the delivery (1000)")
    feed.add_argument("--seconds", type=float, default=60, help="of the delivery, a window each (60)")
    feed.add_argument("--compressed", action="store_true", help="clients offer compression, as browsers do")

    storm = names.add_parser("storm", help="a thousand clients at once: how soon each has its snapshot")
    storm.add_argument("--channels", type=int, default=500, help="on the board (500)")
    storm.add_argument("--clients", type=int, default=1000, help="that come at once (1000)")
    storm.add_argument("--rounds", type=int, default=5, help="each with a fresh web process (5)")
    storm.add_argument("--sessions", action="store_true", help="sign in as browsers do, not with tokens")
    storm.add_argument("--compressed", action="store_true", help="clients offer compression, as browsers do")

    single = names.add_parser(
        "single", help="a frame for each changed channel, to clients that ask for nothing"
    )
    single.add_argument("--channels", type=int, default=500, help="on the board (500)")
    single.add_argument("--changes", type=int, default=50, help="in each window (50)")
    single.add_argument("--clients", type=int, default=200, help="that listen (200)")
    single.add_argument("--seconds", type=float, default=60, help="with a window each (60)")
    single.add_argument("--compressed", action="store_true", help="clients offer compression, as browsers do")

    emit = names.add_parser("emit", help="changes from a poll's commit to a client: how many, and how late")
    emit.add_argument("--channels", type=int, default=1000, help="that change (1000)")
    emit.add_argument("--writers", type=int, default=4, help="processes that record (4)")
    emit.add_argument(
        "--rate", type=float, default=2500, help="changes a second, after as many as may be (2500)"
    )
    emit.add_argument("--seconds", type=float, default=30, help="of each of the two measurements (30)")

    wire = names.add_parser(
        "wire", help="bytes a second to one client, of a show and of nothing that changes"
    )
    wire.add_argument("--channels", type=int, default=200, help="that are live (200)")
    wire.add_argument("--interval", type=float, default=10, help="seconds between polls of a receiver (10)")
    wire.add_argument("--seconds", type=float, default=60, help="of each of the two measurements (60)")

    watching = names.add_parser(
        "watching", help="what the wall of a show costs a browser, for as long as it is open"
    )
    watching.add_argument("--channels", type=int, default=200, help="that are live (200)")
    watching.add_argument(
        "--interval", type=float, default=10, help="seconds between polls of a receiver (10)"
    )
    watching.add_argument("--seconds", type=float, default=600, help="that it is watched (600)")


def _add_replay(names: "_SubParsersAction[ArgumentParser]") -> None:
    replay = names.add_parser(
        "replay", help="the wall as it was, out of a long history: which part takes how long"
    )
    replay.add_argument("--channels", type=int, default=1000, help="on the board (1000)")
    replay.add_argument("--days", type=int, default=7, help="of history (7)")
    replay.add_argument("--changes", type=int, default=48, help="of each channel a day (48)")
    replay.add_argument("--moments", type=int, default=20, help="that are looked at (20)")


def _add_torture(names: "_SubParsersAction[ArgumentParser]") -> None:
    torture = names.add_parser(
        "torture", help="the feed while everything behind it is killed: ends with 1 where a promise is broken"
    )
    torture.add_argument("--minutes", type=float, default=5, help="of harm (5)")
    torture.add_argument("--seed", type=int, default=1, help="of every choice (1)")
    torture.add_argument("--clients", type=int, default=30, help="that come and go (30)")


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    with nullcontext() if options.benchmark in OWN_STACK else services():
        # Only now: its models want settings, and those want the services' addresses.
        figures = import_module(f"tests.bench.{options.benchmark}").run(options)
    cores = len(os.sched_getaffinity(0))
    sys.stdout.write(json.dumps({"benchmark": options.benchmark, "cores": cores, **figures}) + "\n")
    return int(figures.get("breaches", 0) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
