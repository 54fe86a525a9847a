import re
import shlex
from pathlib import Path

import pytest

from deploy.datafolder import CHECKOUT, DataFolder
from deploy.options import Options
from deploy.processes import commands, processes, simulator

PROCFILE = CHECKOUT / "Procfile"
OPTIONS = Options(data=DataFolder(Path("/d")), bind="127.0.0.1", port=8000, flower_port=5555, demo=True)


def test_a_procfile_is_a_name_and_a_command_a_line(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# a remark\nweb:  daphne -p ${PORT:-80} app:lication\n\nlow-level_2: x\nnothing:\n")

    assert commands(file) == {"web": "daphne -p ${PORT:-80} app:lication", "low-level_2": "x"}


def test_the_product_has_these_processes() -> None:
    names = [program.name for program in processes(PROCFILE, OPTIONS)]

    assert names == ["web", "beat", "poll", "suspect", "window", "flower"]


def test_every_command_replaces_its_shell() -> None:
    """A signal reaches the process itself, under any runner that reads the Procfile."""
    assert all(command.startswith("exec ") for command in commands(PROCFILE).values())


def test_every_queue_has_one_worker() -> None:
    queues = [
        queue
        for command in commands(PROCFILE).values()
        for found in re.findall(r"--queues (\S+)", command)
        for queue in found.split(",")
    ]

    assert sorted(queues) == [
        "default",
        "poll.critical",
        "poll.normal",
        "poll.offline",
        "poll.suspect",
        "realtime",
    ]


def test_no_command_line_holds_a_secret() -> None:
    for command in commands(PROCFILE).values():
        assert not re.search(r"password|secret|token|auth|_URL", command, re.IGNORECASE)


@pytest.mark.parametrize(
    ("line", "ready"),
    [
        ("INFO celery.apps.worker: poll@stage ready.", True),
        ("[2026-11-23 22:45:49,123: INFO/MainProcess] poll@stage.local ready.", True),
        ("INFO pollers.inventory: the show is ready.", False),
        ("poll@stage is not ready. Trying again.", False),
    ],
)
def test_a_worker_is_ready_when_it_says_so(line: str, *, ready: bool) -> None:
    (worker,) = (program for program in processes(PROCFILE, OPTIONS) if program.name == "poll")
    assert isinstance(worker.ready, re.Pattern)

    assert bool(worker.ready.search(line)) is ready


def test_the_simulator_gets_what_was_prepared_as_options() -> None:
    program = simulator({"devices": 4, "control_port": 10444, "network": "127.20.0.0/16", "data": "/a b"})

    _, manage, *words = program.command
    assert (Path(manage).name, shlex.join(words)) == (
        "manage.py",
        "simulate_shure --devices 4 --control-port 10444 --network 127.20.0.0/16 --data '/a b'",
    )
