"""The whole of Micboard, as one command runs it."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL

import pytest
import requests

from deploy.datafolder import CHECKOUT
from tests.deploy.processes import is_alive, until

pytestmark = pytest.mark.xdist_group("up")

READY_WITHIN_S = 90
NEWS = re.compile(
    r"^(?P<name>\S+) +\| (?:ready in \S+ s \(process (?P<pid>\d+)\)|.+; it starts again in \S+ s)$",
    re.MULTILINE,
)
GIVEN = re.compile(r"MICBOARD_|PYTEST_|DATABASE_URL$|REDIS_URL$|DJANGO_SETTINGS_MODULE$")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A place to run Micboard in, with ports of its own."""

    data: Path
    port: int
    flower_port: int

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not GIVEN.match(name)}
        chosen = {"MICBOARD_DATA": str(self.data), "MICBOARD_FLOWER_PORT": str(self.flower_port)}
        return {**clean, **chosen, "PYTHONPATH": str(CHECKOUT)}

    def command(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-P", "-m", "deploy", *words)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @contextmanager
    def up(self, *options: str) -> Iterator["Up"]:
        """Run Micboard, and enter when it is ready."""
        log = self.data.with_suffix(".log")
        with (
            log.open("w") as output,
            subprocess.Popen(
                self.command("up", "--port", str(self.port), *options),
                cwd="/",
                env=self.environment,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            run = Up(process=process, log=log, data=self.data)
            try:
                until(
                    lambda: "Ctrl-C stops everything." in run.said() or process.poll(),
                    within_s=READY_WITHIN_S,
                )
                assert process.poll() is None, run.said()
                yield run
            finally:
                process.send_signal(SIGINT)
                process.wait(60)


@dataclass(frozen=True, kw_only=True)
class Up:
    """Micboard while it runs."""

    process: "subprocess.Popen[bytes]"
    log: Path
    data: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def block(self) -> str:
        return self.said()[self.said().index("Micboard is ready") :].partition("Ctrl-C")[0]

    def is_whole(self, *, without: int | None = None) -> bool:
        """Whether the last that was said of every program is that it is ready, and none is the process left out."""
        pids = [news["pid"] for news in self._last_news().values()]
        return all(pids) and str(without) not in pids

    def pid(self, program: str) -> int:
        """Return the process that this program was when it was last ready."""
        return int(self._last_news()[program]["pid"])

    def _last_news(self) -> dict[str, re.Match[str]]:
        return {news["name"]: news for news in NEWS.finditer(self.said())}

    @property
    def inner_pid(self) -> int:
        pid: int = json.loads((self.data / "run" / "runner.json").read_text())["supervisor_pid"]
        return pid

    def processes(self) -> dict[int, str]:
        """Return the command lines of all that belongs to this run: they inherit its lock."""
        lock = str(self.data / "run" / "lock")
        found = {}
        for descriptor in Path("/proc").glob("[0-9]*/fd/[0-9]*"):
            try:
                if str(descriptor.readlink()) == lock:
                    process = descriptor.parent.parent
                    found[int(process.name)] = process.joinpath("cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return new_machine(tmp_path_factory.mktemp("machine"))


def new_machine(folder: Path) -> Machine:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return Machine(data=folder / "data", port=one.getsockname()[1], flower_port=other.getsockname()[1])


@pytest.fixture(scope="module")
def run(machine: Machine) -> Iterator[Up]:
    with machine.up() as run:
        yield run


@pytest.fixture
def up(run: Up) -> Up:
    """The run, once it is over what the test before did to it."""
    until(run.is_whole, within_s=60)
    return run


def test_when_all_is_ready_it_says_where_and_how(up: Up, machine: Machine) -> None:
    board = f"http://127.0.0.1:{machine.port}/"
    secrets = machine.data / "secrets"

    assert up.block.startswith("Micboard is ready")
    for line in (
        f"  Board    {board}\n",
        f"  Admin    {board}admin/\n",
        f"  Flower   http://127.0.0.1:{machine.flower_port}/\n",
        f"  Feed     ws://127.0.0.1:{machine.port}/ws/devices/\n",
        f"sign in as admin, password in {secrets / 'admin-password'}\n",
        f"sign in as ops, password in {secrets / 'flower-password'}\n",
        f"token in {secrets / 'feed-token'}\n",
    ):
        assert line in up.block
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}


def test_the_board_answers_and_wants_a_sign_in(up: Up, machine: Machine) -> None:
    del up

    answer = requests.get(f"http://127.0.0.1:{machine.port}/", timeout=10)

    assert answer.status_code == 200
    assert "/sign-in/" in answer.url


def test_flower_wants_a_sign_in_of_its_own(up: Up, machine: Machine) -> None:
    del up
    url = f"http://127.0.0.1:{machine.flower_port}/api/workers"
    password = (machine.data / "secrets" / "flower-password").read_text()

    refused = requests.get(url, timeout=10)
    let_in = requests.get(url, auth=("ops", password), timeout=10)

    assert (refused.status_code, let_in.status_code) == (401, 200)


def test_the_feed_line_receives_the_channels_and_an_update(up: Up) -> None:
    line = up.block[up.block.index("See the feed from another terminal:") :].partition("\n\n")[2]

    shown = subprocess.run(
        ("/bin/sh",), input=line, capture_output=True, text=True, check=True, timeout=120
    ).stdout

    first, *others = shown.splitlines()
    assert re.fullmatch(r"initial_data \d+ devices", first)
    assert any(re.fullmatch(r"batch_update \d+ updates", other) for other in others), shown


@pytest.mark.parametrize("through", ["./micboard manage", "manage.py"])
def test_management_commands_find_the_services(up: Up, machine: Machine, through: str) -> None:
    del up
    prefix = (
        machine.command("manage")
        if through == "./micboard manage"
        else (sys.executable, CHECKOUT / "manage.py")
    )
    tables = "from django.db import connection; print(*connection.introspection.table_names())"

    done = subprocess.run(
        (*prefix, "shell", "--no-imports", "-c", tables),
        env=machine.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "core_receiver" in done.stdout.split(), done.stderr


def test_a_second_run_on_the_same_data_says_so_and_touches_nothing(up: Up, machine: Machine) -> None:
    before = up.processes()

    second = machine.call("up", "--port", str(machine.port))

    assert second.returncode == 1
    assert second.stderr == (
        f"micboard: Micboard already runs on {machine.data}: process {up.process.pid}, "
        f"http://127.0.0.1:{machine.port}/\n"
    )
    assert all(map(is_alive, before))


def test_a_taken_port_is_told_before_anything_starts(up: Up, machine: Machine, tmp_path: Path) -> None:
    del up

    other = machine.call("up", "--port", str(machine.port), "--data", str(tmp_path / "other"))

    assert other.returncode == 1
    assert re.fullmatch(
        rf"micboard: Port {machine.port} for the board is taken by python\S* \(process \d+\): "
        r"choose another with --port or MICBOARD_PORT\.\n",
        other.stderr,
    )
    assert not (tmp_path / "other" / "postgres").exists()


@pytest.mark.parametrize(
    "name", ["web", "beat", "poll", "suspect", "window", "flower", "simulator", "valkey", "postgres"]
)
def test_any_process_that_is_killed_is_back(up: Up, name: str) -> None:
    victim = up.pid(name)

    os.kill(victim, SIGKILL)

    until(lambda: up.is_whole(without=victim), within_s=60)
    assert is_alive(up.pid(name))


def test_no_secret_stands_where_everybody_can_read(up: Up, machine: Machine) -> None:
    secrets = [file.read_text().strip() for file in (machine.data / "secrets").iterdir()]

    assert len(secrets) >= 4
    for secret in secrets:
        assert secret not in " ".join(up.processes().values())
        assert secret not in up.said()


def test_killed_as_a_whole_it_recovers_at_once_and_told_to_stop_it_leaves_nothing(tmp_path: Path) -> None:
    machine = new_machine(tmp_path)
    with machine.up("--no-demo") as first:
        os.kill(first.inner_pid, SIGKILL)
        first.process.kill()
        first.process.wait()

    with machine.up("--no-demo") as second:
        run = second.processes()
        second.process.send_signal(SIGINT)

        assert second.process.wait(60) == 0
        assert not any(map(is_alive, run))
    assert not any("simulate_shure" in command for command in run.values())
    assert sorted(file.name for file in (machine.data / "run").iterdir()) == ["lock"]


def test_without_a_run_management_commands_say_what_to_do(tmp_path: Path) -> None:
    machine = new_machine(tmp_path)

    called = machine.call("manage", "check")

    assert called.returncode == 1
    assert called.stderr == (
        f"micboard: Nothing runs on {machine.data}: "
        "start ./micboard up first, name the folder of the one that runs with MICBOARD_DATA, "
        "or set DATABASE_URL and REDIS_URL.\n"
    )
