"""Emitters that are killed: keeps two running, kills one at a time, and prints how often it did.

Run as a program: `emitters.py KILLS SEED`. Each emitter is forked, so that a new one is there within milliseconds.
"""

import os
import random
import signal
import sys
import time

import django

django.setup()

from realtime.windows import emit  # noqa: E402  needs Django set up

EMITTERS = 2
BETWEEN_WINDOWS_S = 0.02


def started() -> int:
    pid = os.fork()
    while pid == 0:
        emit()
        time.sleep(BETWEEN_WINDOWS_S)
    return pid


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def main(kills: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  repeatable, not secret
    running = [started() for _ in range(EMITTERS)]
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.2))
            victim = chance.randrange(EMITTERS)
            killed(running[victim])
            running[victim] = started()
    finally:
        for pid in running:
            killed(pid)
    print(kills)  # noqa: T201  the test reads it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
