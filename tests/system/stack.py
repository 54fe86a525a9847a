"""The whole of Micboard as a person starts it, on a data folder of its own, beside a simulator of the test's."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

import psycopg
import requests

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
READY = "Micboard is ready"
READY_WITHIN_S = 90
PASSWORD = "a long one for the tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A Micboard that runs. `said` grows with every line that it prints."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    flower_port: int
    said: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def feed(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.data / "secrets" / "feed-token").read_text().strip()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def manage(self, *words: str) -> str:
        """Run a management command as a person would, and return what it prints."""
        ran = self.managed(*words)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def managed(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command, however it ends."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement on its database, beside everything else."""
        services = json.loads((self.data / "run" / "services.json").read_text())
        with psycopg.connect(services["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def signed_in(self) -> requests.Session:
        """Return a browser's session of the admin, without the browser."""
        session = requests.Session()
        session.trust_env = False
        page = session.get(f"{self.url}/sign-in/", timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        answer = session.post(
            f"{self.url}/sign-in/",
            data={"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
            headers={"Referer": f"{self.url}/sign-in/"},
            timeout=10,
        )
        assert answer.ok
        assert "sessionid" in session.cookies
        return session

    def _environment(self) -> dict[str, str]:
        return _plain_environment() | {"MICBOARD_DATA": str(self.data), "MICBOARD_ALLOW_LOOPBACK": "1"}


def _plain_environment() -> dict[str, str]:
    """Return what a person's shell has, without what the test run added for itself."""
    own = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in own and not name.startswith("MICBOARD_")
    }


@contextmanager
def running(data: Path) -> Iterator[Stack]:
    """Bring Micboard up without the demo, and down with Ctrl-C at the end."""
    port, flower_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "deploy", "up", "--no-demo", "--data", str(data), "--port", str(port)],
        cwd=ROOT,
        env={
            **_plain_environment(),
            "PYTHONPATH": str(ROOT),
            "MICBOARD_FLOWER_PORT": str(flower_port),
            "MICBOARD_ADMIN_PASSWORD": PASSWORD,
            "MICBOARD_ALLOW_LOOPBACK": "1",
            "PYTHONWARNINGS": "default",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    stack = Stack(process=process, data=data, port=port, flower_port=flower_port, said=[])
    reader = _until_ready(stack)
    try:
        yield stack
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            process.kill()
            reader.join(10)


def _until_ready(stack: Stack) -> Thread:
    """Wait for the block that says that it is ready; from then on a thread reads on."""
    said = stack.process.stdout
    assert said is not None
    for line in said:
        stack.said.append(line)
        if line.startswith(READY):
            break
    else:
        raise AssertionError(f"it ended before it was ready:\n{''.join(stack.said)}")
    thread = Thread(target=_read_on, args=(said, stack.said), daemon=True)
    thread.start()
    return thread


def _read_on(stream: IO[str], said: list[str]) -> None:
    with stream:
        said.extend(stream)
