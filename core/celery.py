"""The one Celery app; every process loads it, so that a task sent from anywhere is bound to it."""

import os
import sys

from celery import Celery
from celery.signals import task_failure, worker_init
from django.conf import settings
from django.db import OperationalError, connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
# Django's checks load every page, and `manage.py prepare` ran them before any process of Celery starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

TURN_S = 0.05  # ten times Python's own

app = Celery("micboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def trust_connections(**_: object) -> None:
    """Take the pool's connections as they are: to try each before its use costs a poll a sixth of its CPU."""
    settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] = False


@worker_init.connect
def let_threads_wait(**_: object) -> None:
    """Wake a thread less often only to see that it is not its turn: they are many, and none computes for long."""
    sys.setswitchinterval(TURN_S)


@task_failure.connect
def renew_connections(exception: BaseException | None = None, **_: object) -> None:
    """Replace those that are dead once one of them was: Postgres was away, and would fail a task for each."""
    if isinstance(exception, OperationalError):
        connection.close()
        connection.pool.check()  # type: ignore[attr-defined]  # of Django's Postgres backend
