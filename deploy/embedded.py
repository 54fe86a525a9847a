"""Postgres and Valkey for as long as a block runs: private to it, quick, nothing of them kept."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy import postgres, valkey
from deploy.datafolder import DataFolder
from deploy.program import CannotStart, Program
from deploy.running import RunLock

_PREFIX = "micboard-embedded-"
_BEING_MADE_S = 60  # so long may a folder be without its lock


@contextmanager
def services(*, database: bool = True, store: bool = True) -> Iterator[dict[str, str]]:
    """Run private services and give MICBOARD_DATA, a folder of their own, DATABASE_URL and REDIS_URL.

    They end with the block, and with the calling process however it ends; a folder that a killed one
    left is removed by the next.
    """
    _remove_left_behind()
    with ExitStack() as stack:
        data = DataFolder(Path(tempfile.mkdtemp(prefix=_PREFIX)))
        stack.callback(shutil.rmtree, data.path, ignore_errors=True)
        data.make()
        lock = RunLock(data.run)
        stack.callback(lock.close)
        lock.take()
        sockets = data.sockets()
        found = {"MICBOARD_DATA": str(data.path)}
        if store:
            stack.enter_context(_running(valkey.program(data.valkey, sockets, throwaway=True), data, lock))
            found["REDIS_URL"] = valkey.url(sockets)
        if database:
            postgres.create(data.cluster)
            stack.enter_context(_running(postgres.program(data.cluster, sockets, throwaway=True), data, lock))
            found["DATABASE_URL"] = postgres.url(sockets)
        yield found


@contextmanager
def _running(program: Program, data: DataFolder, lock: RunLock) -> Iterator[None]:
    log = data.path / f"{program.name}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the caller, who then ends this
            pass_fds=(lock.descriptor,),
        ) as process,
    ):
        try:
            _await(program, process, log)
            yield
        finally:
            process.send_signal(program.stop_signal)
            try:
                process.wait(program.stop_within_s)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(program: Program, process: subprocess.Popen[bytes], log: Path) -> None:
    assert callable(program.ready)  # noqa: S101 - both services are probed, neither is known by a line
    deadline = time.monotonic() + program.ready_within_s
    while not program.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(f"{program.name} did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.02)


def _remove_left_behind() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime < _BEING_MADE_S:
                continue
            lock = RunLock(folder / "run")
        except OSError:  # somebody else's, or gone meanwhile
            continue
        if lock.take():
            shutil.rmtree(folder, ignore_errors=True)
        lock.close()
