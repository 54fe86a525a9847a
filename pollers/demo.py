"""The demo: a server of the simulator's, registered while nobody has registered a real one."""

import socket
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from django.conf import settings

from core.models import Server, ServerHealth
from pollers.simulator.credentials import credentials
from pollers.simulator.house import MODELS
from pollers.simulator.scenarios import SHOW

NAME = "demo"
DEVICES = len(MODELS)
SEED = 1
PORT, CONTROL_PORT = 10443, 10444
COMMAND_STRINGS_PORT = 2202
NETWORKS = tuple(IPv4Network(f"127.{second}.0.0/16") for second in range(20, 100))


class NoRoom(Exception):
    """Every loopback network that the demo may use is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How to start the simulator that the demo server stands for."""

    devices: int
    seed: int
    port: int
    control_port: int
    network: str
    data: str
    scenario: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ensure_demo(*, wanted: bool) -> Simulation | None:
    """Register the demo server where it is wanted and no other is there, else put it to sleep.

    The ports are free at this moment: a second demo on the same machine gets others.
    """
    others = Server.objects.exclude(name=NAME).exists()
    if not wanted or others:
        sleep()
        return None
    data = settings.DATA_DIR / "simulator"
    made = credentials(data)
    port = _free(PORT)
    server, _ = Server.objects.update_or_create(
        name=NAME,
        defaults={
            "url": f"https://127.0.0.1:{port}",
            "key_reference": f"file:{made.api_key_file}",
            "pins": [made.fingerprint],
            "enabled": True,
        },
    )
    ServerHealth.objects.get_or_create(server=server)
    return Simulation(
        devices=DEVICES,
        seed=SEED,
        port=port,
        control_port=_free(CONTROL_PORT, but=port),
        network=str(_free_network()),
        data=str(Path(data)),
        scenario=SHOW.name,
    )


def sleep() -> None:
    """Take the demo's receivers from the board; they come back when it is wanted again."""
    Server.objects.filter(name=NAME, enabled=True).update(enabled=False)


def _free(port: int, *, but: int | None = None) -> int:
    """Return this port where it is free, else any other."""
    if port != but and _is_free("127.0.0.1", port):
        return port
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        number: int = any_port.getsockname()[1]
    return number


def _free_network() -> IPv4Network:
    for network in NETWORKS:
        if _is_free(str(network[-2]), COMMAND_STRINGS_PORT):  # what a simulator holds for as long as it plays
            return network
    raise NoRoom(
        "All of the demo's loopback networks are in use: stop another demo, or start with --no-demo."
    )


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((address, port))
        except OSError:
            return False
    return True
