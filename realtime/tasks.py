"""The doors of the emitter, and of the outbox."""

from celery import shared_task
from celery.signals import worker_ready

from core import retention
from realtime import pacemaker, windows

NOTICES_EXPIRE_S = 15  # the next one is there by then

worker_ready.connect(pacemaker.start)


@shared_task(name="realtime.emit", ignore_result=True)
def emit() -> None:
    if any(window.frame["alerts"] for window in windows.emit()):
        deliver_notices.apply_async(expires=NOTICES_EXPIRE_S)


@shared_task(name="realtime.prune_windows", ignore_result=True)
def prune_windows() -> None:
    retention.prune_windows()


@shared_task(name="realtime.deliver_notices", ignore_result=True)
def deliver_notices() -> None:
    from realtime import notices  # noqa: PLC0415  Apprise takes a tenth of a second, and one worker in three needs it

    notices.deliver()
