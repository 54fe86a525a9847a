"""The command, as an operator starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from django.conf import settings

from pollers.simulator import Simulator, credentials

Start = Callable[..., subprocess.Popen[str]]

NO_DATABASE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def network() -> str:
    """Return a loopback network that is free."""
    with Simulator(models=["AD4D"]) as sim:
        return str(sim.network)


@pytest.fixture
def start(data: Path, network: str) -> Iterator[Start]:
    with ExitStack() as running:

        def started(*options: str, **defaults: str) -> subprocess.Popen[str]:
            chosen = {"port": "0", "control-port": "0", "network": network, "data": str(data), **defaults}
            process = subprocess.Popen(
                [
                    *(sys.executable, "manage.py", "simulate_shure"),
                    *(part for name, value in chosen.items() for part in (f"--{name}", value)),
                    *options,
                ],
                cwd=settings.BASE_DIR,
                env={**os.environ, **NO_DATABASE, "DJANGO_SETTINGS_MODULE": "core.settings"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            running.enter_context(process)
            running.callback(process.kill)
            return process

        yield started


def ready_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_when_it_is_ready_and_ends_cleanly(
    start: Start, data: Path, number: signal.Signals
) -> None:
    process = start("--devices", "3", "--paused", "--no-etags", "--speed", "60")
    line = ready_line(process)
    url, control = re.findall(r"https?://[\d.:]+", line)

    listed = requests.get(
        f"{url}/api/v1/devices",
        headers={"x-api-key": credentials(data).api_key},
        verify=str(credentials(data).certificate),
        timeout=10,
    )
    show = requests.get(f"{control}/show", timeout=10)
    process.send_signal(number)

    assert re.fullmatch(
        r"Playing 3 receivers on 127\.\S+: System API \S+, control \S+, API key in \S+\n", line
    )
    assert len(listed.json()["edges"]) == 3
    assert "ETag" not in listed.headers
    assert (show.json()["paused"], show.json()["speed"]) == (True, 60)
    assert ended(process) == (0, "", "")


def test_a_taken_port_is_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        code, output, errors = ended(start(port=port))

    assert (code, output) == (1, "")
    assert errors == f"CommandError: Port {port} cannot be used (in use): choose another --port.\n"


def test_a_network_in_use_is_one_line(start: Start) -> None:
    with Simulator(models=["AD4D"]) as sim:
        code, output, errors = ended(start(network=str(sim.network)))

    assert (code, output) == (1, "")
    assert errors == (
        f"CommandError: Network {sim.network} cannot be used on port 2202 (in use): choose another --network.\n"
    )


def test_a_folder_that_cannot_be_written_is_one_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    code, output, errors = ended(start(data=str(tmp_path / "file" / "data")))

    assert (code, output) == (1, "")
    assert errors == f"CommandError: Cannot keep credentials in {tmp_path}/file/data: Not a directory\n"
