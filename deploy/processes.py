"""The product's processes as programs: the Procfile's, each with its sign of being ready, and the demo's."""

import http.client
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.options import LOOPBACK, Options
from deploy.prepared import MANAGE
from deploy.program import Program

_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")
_PROBE_TIMEOUT_S = 1
_LONGEST_POLL_S = 8  # a worker that is told to stop finishes what it polls
_STOP_S = 10  # ending costs a second of CPU, which a busy machine takes a while to give
_BEAT_READY = re.compile(r"\bmaxinterval ->")  # of its banner, which comes when its schedule is read
_WORKER_READY = re.compile(r"@\S+ ready\.$")


def commands(procfile: Path) -> dict[str, str]:
    """Return the Procfile's shell commands by name, in its order."""
    found = map(_LINE.fullmatch, procfile.read_text().splitlines())
    return {line["name"]: line["command"] for line in found if line}


def processes(procfile: Path, options: Options) -> list[Program]:
    """Return the Procfile's processes. What it does not name web, beat or flower is a worker."""
    known: dict[str, tuple[Callable[[], bool] | re.Pattern[str], float]] = {
        "web": (lambda: _is_healthy(options.local_host, options.port), _STOP_S),
        "beat": (_BEAT_READY, _STOP_S),
        "flower": (lambda: _listens(LOOPBACK, options.flower_port), _STOP_S),
    }
    worker = (_WORKER_READY, _LONGEST_POLL_S + _STOP_S / 2)
    programs = []
    for name, command in commands(procfile).items():
        ready, stop_within_s = known.get(name, worker)
        shell = ("/bin/sh", "-c", command)
        programs.append(Program(name=name, command=shell, ready=ready, stop_within_s=stop_within_s))
    return programs


def simulator(settings: Mapping[str, str | int]) -> Program:
    """Return the player of receivers for the demo, with the options that `prepare` chose."""
    flags = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return Program(
        name="simulator",
        command=(*MANAGE, "simulate_shure", *flags),
        ready=lambda: _listens(LOOPBACK, int(settings["control_port"])),
    )


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_PROBE_TIMEOUT_S).close()
    except OSError:
        return False
    return True
