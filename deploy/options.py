"""What the person chose for a run, and what follows from it: addresses, hosts, the processes' environment."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy import ports
from deploy.datafolder import DataFolder

LOOPBACK = "127.0.0.1"
ADMIN_PASSWORD = "MICBOARD_ADMIN_PASSWORD"  # noqa: S105 - the variable, for the one step that needs it


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    data: DataFolder
    bind: str
    port: int
    flower_port: int
    demo: bool

    @property
    def local_host(self) -> str:
        """Where this machine itself reaches the web process."""
        return LOOPBACK if self.bind == ports.ANY else self.bind

    @property
    def hosts(self) -> list[str]:
        """Where people reach the web process, this machine's own address first."""
        return [LOOPBACK, *ports.machine_addresses()] if self.bind == ports.ANY else [self.bind]

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that tell every process what was chosen, beside those that were given."""
        names = [*self.hosts, *([] if self.bind == LOOPBACK else [socket.gethostname()])]
        hosts = ["localhost", LOOPBACK, "[::1]", *names]
        origins = [f"http://{name}:{self.port}" for name in names]
        return {
            "MICBOARD_DATA": str(self.data.path),
            "MICBOARD_BIND": self.bind,
            "MICBOARD_PORT": str(self.port),
            "MICBOARD_FLOWER_PORT": str(self.flower_port),
            "MICBOARD_ALLOWED_HOSTS": _listed(given.get("MICBOARD_ALLOWED_HOSTS"), *hosts),
            "MICBOARD_TRUSTED_ORIGINS": _listed(given.get("MICBOARD_TRUSTED_ORIGINS"), *origins),
            "PATH": _listed(str(Path(sys.executable).parent), given.get("PATH"), separator=os.pathsep),
            "PYTHONUNBUFFERED": "1",
            # Workers accept JSON alone, so what Celery warns of for root cannot happen here.
            "PYTHONWARNINGS": _listed(
                given.get("PYTHONWARNINGS"), "ignore:You're running the worker with superuser"
            ),
        }


def _listed(*words: str | None, separator: str = ",") -> str:
    return separator.join(dict.fromkeys(word for word in words if word))
