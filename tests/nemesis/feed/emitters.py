"""Two emitters that lose bells, stand still and die: `emitters.py SEED PEACE`, until the file PEACE is there.

Each is forked, so that the next is there within milliseconds. It dies behind a statement, and so also right before its
commit; or between its commit and the bell. When there is peace two go on that do nothing of the kind.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import django

django.setup()

from channels.layers import get_channel_layer  # noqa: E402  needs Django set up
from django.db import InterfaceError, OperationalError, connection  # noqa: E402

from realtime.windows import emit  # noqa: E402

EMITTERS = 2
LONGEST_PAUSE_S = 0.5
DIES, STANDS_STILL = 1 / 150, 1 / 1000  # behind a statement, of which a window takes six to ten
BELL_LOST, BELL_TWICE, DIES_BEFORE_BELL = 0.1, 0.05, 0.03


class Emitter:
    def __init__(self, seed: str, peace: Path) -> None:
        self._chance = random.Random(seed)  # noqa: S311  repeatable, not secret
        self._peace = peace

    def run(self) -> None:
        parent = os.getppid()
        connection.execute_wrappers.append(self._at_statement)
        layer = get_channel_layer()
        layer.group_send = self._lossy(layer.group_send)
        while os.getppid() == parent:
            try:
                emit()
            except (OperationalError, InterfaceError):  # Postgres is away
                connection.close()
            time.sleep(self._chance.uniform(0.05, LONGEST_PAUSE_S))

    def _happens(self, probability: float) -> bool:
        return self._chance.random() < probability and not self._peace.exists()

    def _at_statement(self, execute: Callable[..., Any], *statement: Any) -> Any:
        done = execute(*statement)
        if self._happens(DIES):
            _die()
        if self._happens(STANDS_STILL):
            time.sleep(self._chance.uniform(0.3, 2))
        return done

    def _lossy(self, send: Callable[..., Any]) -> Callable[..., Any]:
        async def group_send(group: str, message: dict[str, Any]) -> None:
            if self._happens(DIES_BEFORE_BELL):
                _die()
            if self._happens(BELL_LOST):
                _say("a bell is lost")
                return
            await send(group, message)
            if self._happens(BELL_TWICE):
                await send(group, message)

        return group_send


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(seed: str, peace: Path) -> NoReturn:
    running: set[int] = set()
    started = 0
    _say("the emitters run")
    while True:
        while len(running) < EMITTERS:
            started += 1
            pid = os.fork()
            if pid == 0:
                Emitter(f"{seed} emitter {started}", peace).run()
                sys.exit()
            running.add(pid)
        pid, status = os.wait()
        running.remove(pid)
        _say(
            "an emitter died" if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else "an emitter FAILED"
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
