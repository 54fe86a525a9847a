"""The commands behind `./micboard`, which sees to Python and what is installed before they are called."""

import argparse
import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from deploy import flower, running
from deploy.datafolder import DataFolder
from deploy.options import LOOPBACK, Options
from deploy.orphans import guarded
from deploy.prepared import MANAGE
from deploy.program import CannotStart
from deploy.suite import suite
from deploy.up import up


def main(command: str, arguments: Sequence[str]) -> int:
    try:
        match command:
            case "up":
                options = up_options(arguments)
                return guarded(lambda: up(options))
            case "manage":
                manage(arguments)
            case "test":
                return suite(arguments)
            case "bench":
                become(sys.executable, "-P", "-m", "tests.bench", *arguments)
            case _:
                sys.stderr.write(f"micboard: there is no command {command!r}: see ./micboard --help\n")
                return 2
    except CannotStart as error:
        sys.stderr.write(f"micboard: {error}\n")
        return 1


def up_options(arguments: Sequence[str]) -> Options:
    """Read the options of `up`; a variable gives the default of the option beside it."""
    given = os.environ
    parser = argparse.ArgumentParser(
        prog="./micboard up", description="Run Micboard until Ctrl-C: database, broker, web, poller, Flower."
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="no simulated receivers, even while no server is configured"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=given.get("MICBOARD_PORT", "8000"),
        help="of the board (MICBOARD_PORT; 8000)",
    )
    parser.add_argument(
        "--bind",
        type=_address,
        default=given.get("MICBOARD_BIND", LOOPBACK),
        metavar="ADDRESS",
        help="open the board to a network: an IPv4 address of this machine, or 0.0.0.0 for all of them "
        "(MICBOARD_BIND; 127.0.0.1)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=DataFolder.chosen().path,
        metavar="FOLDER",
        help="where everything is kept (MICBOARD_DATA; .micboard in the checkout)",
    )
    chosen = parser.parse_args(arguments)
    try:
        flower_port = _port(given.get("MICBOARD_FLOWER_PORT", str(flower.PORT)))
    except argparse.ArgumentTypeError as error:
        parser.error(f"MICBOARD_FLOWER_PORT: {error}")
    return Options(
        data=DataFolder(chosen.data.absolute()),
        bind=chosen.bind,
        port=chosen.port,
        flower_port=flower_port,
        demo=not chosen.no_demo,
    )


def manage(arguments: Sequence[str]) -> NoReturn:
    """Become `manage.py` on the services of the run, or on those that the variables name."""
    data = DataFolder.chosen()
    named = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    if not named and not running.recorded(data.run):
        raise CannotStart(
            f"Nothing runs on {data.path}: start ./micboard up first, name the folder of the one that runs with "
            "MICBOARD_DATA, or set DATABASE_URL and REDIS_URL."
        )
    become(*MANAGE, *arguments)


def become(*argv: str) -> NoReturn:
    os.execv(argv[0], argv)  # noqa: S606 - no shell, by intent: these are our own words


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word) < 2**16):
        raise argparse.ArgumentTypeError(f"{word!r} is no port: 1 to 65535")
    return int(word)


def _address(word: str) -> str:
    try:
        return str(ipaddress.IPv4Address(word))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{word!r} is no IPv4 address") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
