"""A program that is kept running: its command, how it is stopped, and what tells that it is ready."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from signal import Signals


class CannotStart(Exception):
    """Micboard cannot come up; the message is one sentence for the person at the terminal."""


def tied(command: tuple[str, ...], signal: Signals = Signals.SIGKILL) -> tuple[str, ...]:
    """Return the command so that it gets this signal when the process that starts it is gone."""
    return ("setpriv", "--pdeathsig", signal.name.removeprefix("SIG"), "--", *command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One line of the Procfile, or one service.

    `ready` is a probe that answers within a second, or a pattern found in a line of its output.
    `deaths_allowed` bounds the attempts to start it; once it was ready it is restarted for ever.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool] | re.Pattern[str]
    wrapper: tuple[str, ...] = ()
    stop_signal: Signals = Signals.SIGTERM
    # With its runner it is killed: what keeps nothing has nothing to see to, and might wait for a service that is
    # gone too. A service gets its word instead.
    orphan_signal: Signals = Signals.SIGKILL
    stop_within_s: float = 10
    ready_within_s: float = 60
    deaths_allowed: int = 3

    @property
    def argv(self) -> tuple[str, ...]:
        # The kernel forgets whom a process is tied to when credentials change: so inside the wrapper.
        return (*self.wrapper, *tied(self.command, self.orphan_signal))
