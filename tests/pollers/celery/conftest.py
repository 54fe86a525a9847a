"""pytest-celery's setup of broker and worker, and a beat, as processes of this machine. There is no result backend."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from pytest_celery import (
    CeleryBrokerCluster,
    CeleryTestBroker,
    CeleryTestNode,
    CeleryTestSetup,
    CeleryTestWorker,
    CeleryWorkerCluster,
    celery_broker_cluster_config,
    celery_setup,
    celery_setup_app,
    celery_setup_config,
    celery_setup_name,
    celery_worker_cluster_config,
)

from core.celery import app as ours
from core.models import Receiver
from pollers import inventory
from pollers.simulator import Simulator
from tests.pollers.watching import register
from tests.processes import environment

from .nodes import BeatProcess, BrokerProcess, WorkerProcess, living

# pytest-celery's own fixtures, which a plugin of that name would bring with those of celery.contrib.
__all__ = [
    "celery_broker_cluster_config",
    "celery_setup",
    "celery_setup_app",
    "celery_setup_config",
    "celery_setup_name",
    "celery_worker_cluster_config",
]


class Setup(CeleryTestSetup):
    """Its app is configured as ours is, but for the broker."""

    @classmethod
    def create_setup_app(cls, celery_setup_config: dict[str, Any], celery_setup_app_name: str) -> Celery:
        app = Celery(celery_setup_app_name, set_as_current=False)
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.update(celery_setup_config)
        return app


@pytest.fixture
def celery_setup_cls() -> Iterator[type[Setup]]:
    """The class of the setup. A node that is restarted makes its app the current one: ours is it again afterwards."""
    yield Setup
    ours.set_current()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose path is short enough for sockets, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="micboard-celery-") as folder:
        yield Path(folder)


@pytest.fixture
def celery_broker_cluster(place: Path) -> Iterator[CeleryBrokerCluster]:
    with living(CeleryTestBroker(BrokerProcess(place))) as node:
        yield CeleryBrokerCluster(node)


@pytest.fixture
def celery_backend_cluster() -> None:
    """No result is kept anywhere."""


@pytest.fixture
def celery_backend_cluster_config() -> None:
    """As there is no backend, nothing is said of one."""


@pytest.fixture
def variables(celery_broker_cluster: CeleryBrokerCluster, committed: None) -> dict[str, str]:
    """The environment of what runs on this test's database and broker."""
    del committed
    return environment() | {"REDIS_URL": celery_broker_cluster[0].config()["url"]}


@pytest.fixture
def celery_worker_cluster(
    place: Path, variables: dict[str, str], celery_setup_app: Celery
) -> Iterator[CeleryWorkerCluster]:
    with living(CeleryTestWorker(WorkerProcess(place, variables), app=celery_setup_app)) as node:
        yield CeleryWorkerCluster(node)


@pytest.fixture
def celery_beat(place: Path, variables: dict[str, str]) -> Iterator[CeleryTestNode]:
    """A beat of ours. pytest-celery has no clusters of them."""
    with living(CeleryTestNode(BeatProcess(place, variables))) as node:
        yield node


@pytest.fixture
def receiver(rack: Simulator, place: Path, committed: None) -> Receiver:
    """The first receiver of the rack, which nobody asked yet."""
    del committed
    inventory.take(register(rack, place / "api-key"))
    return Receiver.objects.get(source_id=rack.source_ids[0])
