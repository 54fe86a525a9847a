"""The doors of the emitter."""

from celery import shared_task
from celery.signals import worker_ready

from core import retention
from realtime import pacemaker, windows

worker_ready.connect(pacemaker.start)


@shared_task(name="realtime.emit", ignore_result=True)
def emit() -> None:
    windows.emit()


@shared_task(name="realtime.prune_windows", ignore_result=True)
def prune_windows() -> None:
    retention.prune_windows()
