import os
import shutil
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from deploy import postgres
from deploy.program import CannotStart
from deploy.supervisor import Supervisor
from tests.deploy.processes import Start, kill, owners, until_so, working_in

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cluster = tmp_path_factory.mktemp("made") / "cluster"
    postgres.create(cluster)
    return cluster


@pytest.fixture
def cluster(place: Path, made: Path) -> Path:
    return shutil.copytree(made, place / "cluster")


def ask(place: Path, question: str) -> object:
    with psycopg.connect(postgres.url(place), autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def owner_and_mode(folder: Path) -> tuple[int, int]:
    facts = folder.stat()
    return facts.st_uid, stat.S_IMODE(facts.st_mode)


async def test_it_serves_its_database_at_its_address_alone(start: Start, place: Path, cluster: Path) -> None:
    await start(postgres.program(cluster, place))

    assert ask(place, "SELECT current_user || ' of ' || current_database()") == "micboard of micboard"
    assert ask(place, "SHOW listen_addresses") == ""
    assert ask(place, "SHOW server_encoding") == "UTF8"
    assert ask(place, "SHOW fsync") == "on"


async def test_it_ends_in_order_while_clients_are_connected(
    supervisor: Supervisor, start: Start, place: Path, cluster: Path
) -> None:
    await start(postgres.program(cluster, place))
    with psycopg.connect(postgres.url(place)):
        await supervisor.stop()

    assert working_in(cluster) == []
    assert not (cluster / "postmaster.pid").exists()


@pytest.mark.parametrize("whom", ["the postmaster", "all of its processes"])
async def test_killed_it_comes_back_with_what_was_committed(
    start: Start, place: Path, cluster: Path, whom: str
) -> None:
    await start(postgres.program(cluster, place))
    ask(place, "CREATE TABLE kept AS SELECT 7 AS number")
    processes = working_in(cluster)

    kill(*(processes[:1] if whom == "the postmaster" else processes))

    await until_so(lambda: _answers(place, after=processes[0], cluster=cluster))
    assert ask(place, "SELECT number FROM kept") == 7


def _answers(place: Path, *, after: int, cluster: Path) -> bool:
    lock = cluster / "postmaster.pid"
    if not lock.exists() or int(lock.read_text().split()[0]) == after:
        return False
    try:
        return ask(place, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


async def test_the_lock_of_a_process_id_that_is_somebody_elses_now_is_no_hindrance(
    start: Start, place: Path, cluster: Path
) -> None:
    (cluster / "postmaster.pid").write_text(f"1\n{cluster}\n1700000000\n5432\n{place}\n\n")

    await start(postgres.program(cluster, place))

    assert ask(place, "SELECT 1") == 1


def test_the_lock_stays_while_backends_of_a_killed_postmaster_work(place: Path, cluster: Path) -> None:
    lock = cluster / "postmaster.pid"
    lock.write_text(f"1\n{cluster}\n1700000000\n5432\n{place}\n\n")
    with subprocess.Popen(("/bin/sleep", "60"), cwd=cluster) as backend:
        postgres.program(cluster, place)
        backend.kill()

    assert lock.exists()


def test_a_cluster_that_is_there_is_left_as_it_is(place: Path, cluster: Path) -> None:
    before = sorted((file, file.stat().st_mtime_ns) for file in cluster.rglob("*"))

    postgres.create(cluster)

    assert sorted((file, file.stat().st_mtime_ns) for file in cluster.rglob("*")) == before
    assert list(place.iterdir()) == [cluster]


async def test_a_cluster_that_was_not_finished_is_made_anew(start: Start, place: Path) -> None:
    (place / "cluster.unfinished").mkdir()
    (place / "cluster.unfinished" / "PG_VERSION").write_text("18\n")

    postgres.create(place / "cluster")

    await start(postgres.program(place / "cluster", place))
    assert ask(place, "SELECT 1") == 1


def test_a_cluster_that_cannot_be_made_is_told_in_one_line(place: Path) -> None:
    (place / "cluster.unfinished").write_text("a file is in its way")

    with pytest.raises(CannotStart, match=r"\Ainitdb could not make \S+/cluster\.unfinished: [^\n]+\Z"):
        postgres.create(place / "cluster")


@as_root
async def test_root_finds_the_files_to_be_its_own_still(start: Start, place: Path, cluster: Path) -> None:
    await start(postgres.program(cluster, place))

    assert owners(cluster) == {0}
    assert (owner_and_mode(cluster), owner_and_mode(place)) == ((0, 0o700), (0, 0o700))


@as_root
async def test_where_the_kernel_forbids_namespaces_it_runs_as_nobody(
    start: Start, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = place / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(refusing.parent), prepend=":")
    postgres.create(place / "cluster")

    await start(postgres.program(place / "cluster", place))

    assert ask(place, "SELECT 1") == 1
    assert owners(place / "cluster") == {65534}
    assert owner_and_mode(place) == (0, 0o700), "a parent folder was opened"
