"""The emitter's own clock: windows go on while beat is away, or the broker."""

import logging
import threading
from typing import Any

from django.conf import settings
from django.db import connection

from core.queues import REALTIME
from realtime.windows import emit

logger = logging.getLogger(__name__)

PATIENCE = 1.5  # windows without an emission; less, and a tick of beat that comes late is done twice

_OVERDUE = """
SELECT emitted_at IS NULL OR emitted_at < now() - make_interval(secs => %s) FROM core_head WHERE id = 1
"""


def start(sender: Any, **_: object) -> None:
    """Keep the pace in the worker that emits. Several of them may: the head row's lock makes that safe."""
    if REALTIME in sender.app.amqp.queues.consume_from:
        threading.Thread(target=keep_pace, name="pacemaker", daemon=True).start()


def keep_pace(stop: threading.Event | None = None) -> None:
    """Emit whenever nobody else did for too long, until told to stop."""
    stop = stop or threading.Event()
    window_s = settings.WINDOW_MS / 1000
    failing = False
    while not stop.wait(window_s / 2):
        try:
            if is_overdue():
                emit()
            failing = False
        except Exception as error:  # noqa: BLE001  a thread that ended would be missed only when beat is away
            if not failing:
                logger.warning("No window could be emitted, and it is tried again: %r", error)
            failing = True
        finally:
            connection.close()


def is_overdue() -> bool:
    """Say whether no window ran for longer than it may take; the clock is Postgres's."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [PATIENCE * settings.WINDOW_MS / 1000])
        (overdue,) = cursor.fetchone()
    return bool(overdue)
