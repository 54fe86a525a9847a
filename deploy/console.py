"""What the person at the terminal sees: one line at a time, each under the name of who says it."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

RUNNER = "micboard"
_COLOURS = (36, 33, 32, 35, 34, 31, 96, 93)


class Console:
    def __init__(self, out: TextIO, names: Sequence[str]) -> None:
        self._out = out
        self._width = max(map(len, (RUNNER, *names)))
        self._colours: dict[str, int] = {}
        self._colourful = out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, name: str, line: str) -> None:
        prefix = f"{name:<{self._width}} | "
        if self._colourful:
            colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.write(f"{prefix}{line}\n")

    def write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:  # whoever read along has left; the work goes on
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.say(RUNNER, f"{what}: {time.monotonic() - began:.1f} s")
