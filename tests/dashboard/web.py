"""The web process of the tests: Daphne on their database, at an address that survives its death."""

import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO

from tests.processes import environment

ROOT = Path(__file__).parents[2]


class Web:
    """Daphne. `log` collects what it says; `variables` are its environment's besides."""

    def __init__(self, *, static: Path, log: Path, **variables: str) -> None:
        self._environment = {
            **environment(),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "MICBOARD_STATIC": str(static),
            **variables,
        }
        self._log = log
        self._port = 0  # any that is free; from then on the same
        self._process: subprocess.Popen[bytes]
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and return once it listens."""
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(
            [*command, "realtime.asgi:application"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        said = self._process.stderr
        assert said is not None
        for line in said:
            self._write(line)
            if b"Listening on TCP address" in line:
                self._port = int(line.rsplit(b":", 1)[1])
                break
        else:
            raise AssertionError(f"Daphne ended before it listened: {self._log.read_text()}")
        Thread(target=self._drain, args=(said,), daemon=True).start()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and return once it has."""
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _drain(self, said: IO[bytes]) -> None:
        with said:
            for line in said:
                self._write(line)

    def _write(self, line: bytes) -> None:
        with self._log.open("ab") as log:
            log.write(line)
