"""A task that does nothing: what Celery costs by itself."""

from celery import shared_task

NAME = "bench.nothing"


@shared_task(name=NAME, ignore_result=True)
def nothing(**_: int) -> None:
    pass
