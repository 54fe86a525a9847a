"""The door of the emitter."""

from celery import shared_task

from realtime import windows


@shared_task(name="realtime.emit", ignore_result=True)
def emit() -> None:
    windows.emit()
