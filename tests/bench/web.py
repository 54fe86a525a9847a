"""The Procfile's Daphne, with the limits on sockets out of the way of a crowd that comes from one address."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from core.access import create_token
from deploy.processes import commands
from tests.bench.crowd import BATCH, Audience
from tests.bench.workbench import ROOT, Process, memory_kb, serving
from tests.ports import free_port

PRODUCT = "realtime.asgi:application"
_MANY = "100000"
_LIMITS = {
    "MICBOARD_SOCKETS": _MANY,
    "MICBOARD_SOCKETS_PER_ADDRESS": _MANY,
    "MICBOARD_SOCKETS_PER_USER": _MANY,
    "MICBOARD_SOCKETS_PER_TOKEN": _MANY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    process: Process
    port: int

    @property
    def cpu_s(self) -> float:
        return self.process.cpu_s

    @property
    def memory_kb(self) -> int:
        return memory_kb(self.process.pid)

    @property
    def most_memory_mb(self) -> float:
        return round(memory_kb(self.process.pid, "VmHWM") / 1024, 1)


@contextmanager
def daphne(application: str = PRODUCT, variables: Mapping[str, str] | None = None) -> Iterator[Web]:
    """Run the product, or another application as the product is run."""
    port = free_port()
    command = commands(ROOT / "Procfile")["web"].replace(PRODUCT, application)
    named = {"MICBOARD_PORT": str(port), **_LIMITS, **(variables or {})}
    with serving("/bin/sh", "-c", command, port=port, variables=named) as process:
        yield Web(process=process, port=port)


def bearer(name: str = "benchmark") -> dict[str, str]:
    """Return the header of a new token."""
    _, secret = create_token(name)
    return {"Authorization": f"Bearer {secret}"}


def audience(web: Web, clients: int, *, path: str = BATCH, compressed: bool = False) -> Audience:
    """Return clients of the product, signed in with one token."""
    return Audience(clients=clients, port=web.port, path=path, headers=[bearer()], compressed=compressed)
