"""The product's settings on private services, started once a test run and shared by its workers."""

import atexit
import os
from contextlib import ExitStack
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from deploy import embedded


def _own_store(url: str, worker: str) -> str:
    """Return the address of this worker's own database in the store that all of them share."""
    number = int(worker.removeprefix("gw")) + 1
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


if "MICBOARD_TEST_RUN" not in os.environ:
    _run = ExitStack()
    atexit.register(_run.close)
    _services = embedded.services(
        database="DATABASE_URL" not in os.environ, store="REDIS_URL" not in os.environ
    )
    os.environ |= {
        "MICBOARD_TEST_RUN": "1",
        "MICBOARD_SECRET_KEY": "the tests keep no secrets",
        "MICBOARD_ALLOW_LOOPBACK": "1",
        **_run.enter_context(_services),
    }
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_URL"] = _own_store(os.environ["REDIS_URL"], _worker)

from core.settings import *  # noqa: E402, F403 - the addresses have to stand before they are read
from core.settings import CHANNEL_LAYERS  # noqa: E402 - as above

# Publish and subscribe know no database numbers, so each worker has its own names as well.
cast("dict[str, str]", CHANNEL_LAYERS["default"]["CONFIG"])["prefix"] = f"micboard-{_worker or 'alone'}"

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - WhiteNoise warns of a folder that nobody made
