"""pytest-celery's nodes as processes of this machine: the Procfile's lines, and a Valkey that keeps nothing."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from signal import Signals
from typing import Any, TypeVar

from pytest_celery import CeleryTestContainer, CeleryTestNode

from deploy import processes, valkey
from deploy.program import tied
from tests.deploy.processes import until

ROOT = Path(__file__).parents[3]
READY_WITHIN_S = 60

Node = TypeVar("Node", bound=CeleryTestNode)


@contextmanager
def living(node: Node) -> Iterator[Node]:
    """Enter when the node is ready, and end it with the block."""
    try:
        node.ready()
        yield node
    finally:
        node.teardown()


class ProcessNode(CeleryTestContainer):
    """A process in place of a container: what pytest-celery's nodes ask of one, answered by the machine itself."""

    def __init__(self, name: str, argv: tuple[str, ...], folder: Path, variables: Mapping[str, str]) -> None:
        self._name = name
        self._argv = argv
        self._variables = dict(variables)
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._heard_before = 0
        self.start()

    def start(self) -> None:
        self._heard_before = len(self.logs())
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._argv,
                cwd=ROOT,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    @property
    def id(self) -> str:
        return f"{self._name}-{self.process.pid}"

    @property
    def name(self) -> str:
        return self._name

    @property
    def status(self) -> str:
        return "running" if self.process.poll() is None else "exited"

    @property
    def celeryconfig(self) -> dict[str, Any]:
        return {}

    def logs(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def is_ready(self) -> bool:
        return self.ready_prompt is None or self.ready_prompt in self.logs()[self._heard_before :]

    def ready(self) -> bool:
        """Return when it is ready, since it was started the last time; an assertion says why it is not."""
        until(lambda: self.is_ready() or self.status == "exited", within_s=READY_WITHIN_S)
        assert self.status == "running", self.logs()
        return True

    def reload(self) -> None:
        """Nothing is kept here that the machine does not know."""

    def kill(self, signal: str | int | None = None) -> None:
        """Send a signal, SIGKILL unless another is named, and return when the process has ended."""
        self.process.send_signal(
            Signals[signal] if isinstance(signal, str) else Signals(signal or Signals.SIGKILL)
        )
        self.process.wait(READY_WITHIN_S)

    def restart(self, timeout: float = 10) -> None:
        self.stop(timeout)
        self.start()
        self.ready()

    def stop(self, timeout: float = 10) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def teardown(self) -> None:
        self.stop()


class BrokerProcess(ProcessNode):
    """`url` is how our settings name it, `host_url` how Celery does."""

    def __init__(self, folder: Path) -> None:
        program = valkey.program(folder, folder, throwaway=True)
        assert callable(program.ready)
        self._answers: Callable[[], bool] = program.ready
        self._socket = folder / valkey.SOCKET_NAME
        super().__init__("broker", program.argv, folder, os.environ)

    @property
    def celeryconfig(self) -> dict[str, Any]:
        return {
            "url": valkey.url(self._socket.parent),
            "host_url": f"redis+socket://{self._socket}?virtual_host=0",
        }

    def is_ready(self) -> bool:
        return self._answers()


class ProcfileNode(ProcessNode):
    """A line of the Procfile, on this broker and this test's database."""

    line: str

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        command = processes.commands(ROOT / "Procfile")[self.line]
        path = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])
        argv = tied(("/bin/sh", "-c", command))
        super().__init__(self.line, argv, folder, {**variables, "PATH": path})


class WorkerProcess(ProcfileNode):
    line = "poll"

    @property
    def ready_prompt(self) -> str:
        return " ready."

    @classmethod
    def version(cls) -> str:
        return version("celery")

    @classmethod
    def log_level(cls) -> str:
        return "INFO"

    @classmethod
    def worker_name(cls) -> str:
        return cls.line

    @classmethod
    def worker_queue(cls) -> str:
        """The first of the queues that its line names."""
        words = shlex.split(processes.commands(ROOT / "Procfile")[cls.line])
        return words[words.index("--queues") + 1].split(",")[0]


class BeatProcess(ProcfileNode):
    line = "beat"

    @property
    def ready_prompt(self) -> str:
        return "maxinterval ->"
