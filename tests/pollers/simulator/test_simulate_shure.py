"""The command, as an operator starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.core.management.base import CommandParser

from core.domain.reading import Kind
from pollers.demo import DEVICES, SEED, Simulation
from pollers.management.commands import simulate_shure
from pollers.simulator import SCENARIOS, Simulator, credentials
from pollers.simulator.families import BY_MODEL
from pollers.simulator.house import MODELS

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
    process = start("--devices", "3", "--paused", "--no-etags", "--speed", "60", "--scenario", "quiet")
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

    assert re.fullmatch(r"Playing 3 devices on 127\.\S+: System API \S+, control \S+, API key in \S+\n", line)
    assert len(listed.json()["edges"]) == 3
    assert "ETag" not in listed.headers
    assert show.json() == {"second": 0, "paused": True, "speed": 60, "scenario": "quiet"}
    assert ended(process) == (0, "", "")


def parser() -> CommandParser:
    return simulate_shure.Command().create_parser("manage.py", "simulate_shure")


def test_help_says_what_each_scenario_is() -> None:
    told = parser().format_help().splitlines()

    for scenario in SCENARIOS.values():
        assert f"  {scenario.name:<15} {scenario.sentence}" in told


def test_what_the_demo_prepares_are_options_of_the_command() -> None:
    simulation = Simulation(
        devices=DEVICES,
        seed=1,
        port=10443,
        control_port=10444,
        network="127.20.0.0/16",
        data="/a b",
        scenario="show",
    ).as_json()

    options = vars(
        parser().parse_args(
            [
                word
                for name, value in simulation.items()
                for word in (f"--{name.replace('_', '-')}", str(value))
            ]
        )
    )

    assert {name: options[name] for name in simulation} == simulation | {"data": Path("/a b")}


def test_the_demo_is_a_house_of_twelve_with_something_of_every_kind() -> None:
    channels = Counter(BY_MODEL[model].kind for model in MODELS for _ in range(BY_MODEL[model].models[model]))

    assert DEVICES == 12
    assert {BY_MODEL[model].name for model in MODELS} == {
        "ULX-D",
        "QLX-D",
        "SLX-D",
        "Axient Digital",
        "charger",
    }
    assert channels == {Kind.MICROPHONE: 29, Kind.BAY: 10}


def test_in_the_demo_no_two_microphones_have_a_frequency_or_a_name_in_common() -> None:
    with Simulator(devices=DEVICES, seed=SEED, paused=True) as sim:
        microphones = [
            channel.reading
            for receiver in sim.truth().receivers
            for channel in receiver.channels
            if channel.reading.kind is Kind.MICROPHONE
        ]

    assert len({microphone.frequency_khz for microphone in microphones}) == 29
    assert len({microphone.name for microphone in microphones}) == 29


def test_a_scenario_that_is_none_is_refused_with_those_that_are(start: Start) -> None:
    code, output, errors = ended(start("--scenario", "opera"))

    assert (code, output) == (2, "")
    assert "invalid choice: 'opera'" in errors
    assert "charger-night" in errors


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
