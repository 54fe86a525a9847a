"""One run a data folder: who holds it, where it answers, and how a command finds its services.

Every process of a run inherits the lock, so it is free only when the last one of them is gone, however
the run ended. The record beside it says who runs; it goes as soon as that one begins to stop.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


class RunLock:
    """A lock on a folder that lasts as long as any process that inherits its `descriptor`."""

    def __init__(self, folder: Path) -> None:
        self.descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self.descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Who keeps a data folder's processes running: the process that was called, and its supervisor."""

    pid: int
    supervisor_pid: int
    address: str

    @classmethod
    def of_this_process(cls, address: str) -> "Run":
        return cls(pid=os.getppid(), supervisor_pid=os.getpid(), address=address)

    @property
    def is_alive(self) -> bool:
        return _is_alive(self.pid) and _is_alive(self.supervisor_pid)


def record(folder: Path, run: Run) -> None:
    """Say who runs."""
    _write(folder / "runner.json", asdict(run))


def publish(folder: Path, variables: Mapping[str, str]) -> None:
    """Leave what commands beside this run need, as its services' addresses, where the product's settings look."""
    _write(folder / "services.json", variables)


def forget(folder: Path) -> None:
    (folder / "runner.json").unlink(missing_ok=True)
    (folder / "services.json").unlink(missing_ok=True)


def recorded(folder: Path) -> Run | None:
    """Return the run that is alive in this folder."""
    try:
        run = Run(**json.loads((folder / "runner.json").read_text()))
    except FileNotFoundError:
        return None
    return run if run.is_alive else None


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}  # ended, and nobody has asked how yet


def _write(path: Path, facts: Mapping[str, object]) -> None:
    fresh = path.with_suffix(".fresh")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(facts))
    fresh.rename(path)
