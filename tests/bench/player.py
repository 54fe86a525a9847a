"""Receivers and their server, played in a process of their own so that their CPU time is nobody else's.

Run as a program: `-m tests.bench.player SCENARIO MODEL…` plays until it is told to stop, and says where in JSON.
"""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import requests

from pollers.simulator import Simulator
from tests.bench.workbench import running

_PATIENCE_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Where receivers are played, and what their server is known by."""

    pid: int = 0
    url: str
    control_url: str
    api_key: str
    certificate: str
    fingerprint: str
    source_ids: Sequence[str]

    def direct(self, method: str, path: str, body: object = None) -> Any:
        """Say something to the control endpoint, and return what it answers."""
        answer = requests.request(method, f"{self.control_url}/{path}", json=body, timeout=_PATIENCE_S)
        answer.raise_for_status()
        return answer.json()

    def strike(self, at: str, kind: str) -> None:
        self.direct("PUT", "faults", {"at": at, "kind": kind})


@contextmanager
def playing(models: Sequence[str], *, scenario: str) -> Iterator[Played]:
    with running(sys.executable, "-m", "tests.bench.player", scenario, *models, sign=r"^\{.*\}$") as process:
        yield Played(**{**json.loads(process.sign), "pid": process.pid})


def main(scenario: str, models: Sequence[str]) -> None:
    stopping = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    with Simulator(models=models, scenario=scenario) as simulator:
        where = Played(
            url=simulator.url,
            control_url=simulator.control_url,
            api_key=simulator.api_key,
            certificate=str(simulator.certificate),
            fingerprint=simulator.fingerprint,
            source_ids=simulator.source_ids,
        )
        sys.stdout.write(json.dumps(asdict(where)) + "\n")
        sys.stdout.flush()
        signal.sigwait(stopping)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
