"""Which parts of the poller are alive: each shows itself every few seconds, in Postgres's time."""

from django.db import connection

BEAT = "beat"
EVERY_S = 3
SILENT_AFTER_S = 10  # three missed; a busy worker that shows itself late is not called silent


def show(part: str) -> None:
    """Note that this part is alive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_pulse (part, at) VALUES (%s, now()) ON CONFLICT (part) DO UPDATE SET at = now()",
            [part],
        )
