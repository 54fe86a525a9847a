import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from deploy import embedded
from deploy.datafolder import CHECKOUT
from deploy.running import RunLock
from tests.deploy.processes import until

# Tells who it is and where its services are, and keeps them until its input ends.
CALLER = """
import json, os, sys
from deploy import embedded
with embedded.services() as services:
    print(json.dumps({"uid": os.geteuid(), **services}), flush=True)
    sys.stdin.read()
"""
# An ordinary user as far as Postgres is concerned, who may yet read this Python and this checkout.
ONLY = "-all,+dac_override"
NOBODY = 65534
ONLY_A_NUMBER = 54321  # no account has it: a container may be run as whom one likes


def as_user(number: int) -> tuple[str, ...]:
    return (
        *("setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"),
        *(f"--inh-caps={ONLY}", f"--ambient-caps={ONLY}", f"--bounding-set={ONLY}", "--"),
    )


def call(*prefix: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*prefix, sys.executable, "-B", "-c", CALLER),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answers(services: dict[str, str]) -> bool:
    with (
        psycopg.connect(services["DATABASE_URL"]) as database,
        redis.Redis.from_url(services["REDIS_URL"]) as store,
    ):
        return database.execute("SELECT true").fetchone() == (True,) and bool(store.ping())


def is_unused(folder: Path) -> bool:
    """Say whether no process has anything of this folder open."""
    lock = RunLock(folder / "run")
    try:
        return lock.take()
    finally:
        lock.close()


def test_services_live_as_long_as_the_block() -> None:
    with embedded.services() as services:
        assert answers(services)

    assert not Path(services["MICBOARD_DATA"]).exists()


def test_what_is_not_asked_for_is_not_started() -> None:
    with embedded.services(database=False) as services:
        assert set(services) == {"MICBOARD_DATA", "REDIS_URL"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("user", [NOBODY, ONLY_A_NUMBER])
def test_an_ordinary_user_has_them_too(user: int) -> None:
    with call(*as_user(user)) as caller:
        assert caller.stdout is not None
        services = json.loads(caller.stdout.readline())

        assert services["uid"] == user
        assert answers(services)
        caller.communicate()

    assert not Path(services["MICBOARD_DATA"]).exists()


def test_a_killed_caller_leaves_no_process_and_the_next_call_removes_its_folder() -> None:
    with call() as caller:
        assert caller.stdout is not None
        services = json.loads(caller.stdout.readline())
        caller.kill()
    folder = Path(services["MICBOARD_DATA"])

    until(lambda: is_unused(folder))
    an_hour_ago = time.time() - 3600
    os.utime(folder, (an_hour_ago, an_hour_ago))
    with embedded.services(database=False, store=False):
        assert not folder.exists()
