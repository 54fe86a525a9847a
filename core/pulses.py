"""Which parts of the poller are alive: each shows itself every few seconds, in Postgres's time."""

from django.db import connection

from core import absences
from core.domain.tiers import Tier
from core.queues import queue_of

BEAT = "beat"
EVERY_S = 3
SILENT_AFTER_S = 10  # three missed; a busy worker that shows itself late is not called silent

# Whoever polls these would poll, even where nobody is to be polled; who asks suspects again alone keeps up no board.
_WATCHING = frozenset(queue_of(tier, failing=False) for tier in Tier)


def show(part: str) -> None:
    """Note that this part is alive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_pulse (part, at) VALUES (%s, now()) ON CONFLICT (part) DO UPDATE SET at = now()",
            [part],
        )
        if part in _WATCHING:
            cursor.execute(f"SELECT {absences.note()}")
