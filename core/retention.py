"""Every table that grows is cut here: the history by days or bytes, whichever comes first; all else by age."""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from core import clock

DAYS_AHEAD = 3  # a retention task that fails for a weekend costs nothing


def ensure_partitions() -> list[str]:
    """Make the partitions of today and the days ahead, and return the names of the new ones."""
    with connection.cursor() as cursor:
        today = clock.today()
        days = (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1))
        return [name for day in days if (name := ensure_partition(cursor, day))]


def ensure_partition(cursor: CursorWrapper, day: date) -> str | None:
    """Make the partition of a day where it is not there, and return its name if it is new."""
    name = f"core_changerecord_{day:%Y%m%d}"
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    if cursor.fetchone() == (True,):
        return None
    start, end = f"{day} 00:00+00", f"{day + timedelta(days=1)} 00:00+00"
    with transaction.atomic():
        # Rows that fell into the default partition while nobody made their day move into it: Postgres refuses a
        # partition that would overlap them.
        cursor.execute(f"CREATE TABLE {name} (LIKE core_changerecord INCLUDING ALL)")
        cursor.execute(
            f"WITH late AS (DELETE FROM core_changerecord_default WHERE at >= %s AND at < %s RETURNING *) "  # noqa: S608  our own name
            f"INSERT INTO {name} SELECT * FROM late",
            [start, end],
        )
        cursor.execute(
            f"ALTER TABLE core_changerecord ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    return name


def drop_old_history() -> list[str]:
    """Drop whole days that are too old, then the oldest while the history is too large; return their names.

    Today's partition always stays.
    """
    with connection.cursor() as cursor:
        today = clock.today()
        sizes = _sizes(cursor)
        total = sum(sizes.values())
        sizes.pop("core_changerecord_default")
        oldest_kept = today - timedelta(days=settings.HISTORY_DAYS)
        dropped = []
        for name, size in sizes.items():
            kept = _day_of(name) >= oldest_kept and total <= settings.HISTORY_BYTES
            if kept or _day_of(name) >= today:
                break
            cursor.execute(f"DROP TABLE {name}")
            total -= size
            dropped.append(name)
        cursor.execute("DELETE FROM core_changerecord_default WHERE at < %s", [oldest_kept])
    return dropped


def history_bytes() -> int:
    """Return how much the history takes, with its indexes."""
    with connection.cursor() as cursor:
        return sum(_sizes(cursor).values())


def _sizes(cursor: CursorWrapper) -> dict[str, int]:
    """Return the bytes of each partition by its name, oldest first."""
    cursor.execute(
        "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'core_changerecord'::regclass ORDER BY c.relname"
    )
    return dict(cursor.fetchall())


# Newest first, a running sum of bytes: what lies beyond the limit goes, and what is too old.
_PRUNE_WINDOWS = """
DELETE FROM core_window WHERE id IN (
    SELECT id FROM (
        SELECT id, at, sum(octet_length(frame)) OVER (ORDER BY id DESC) AS bytes FROM core_window
    ) AS kept
    WHERE at < now() - make_interval(mins => %s) OR bytes > %s
)
"""


def prune_windows() -> int:
    """Delete windows that no client can resume from any more, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE_WINDOWS, [settings.WINDOWS_MINUTES, settings.WINDOWS_BYTES])
        return int(cursor.rowcount)


def prune_alerts() -> int:
    """Delete alerts that were over before the history begins, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_alert WHERE resolved_at < now() - make_interval(days => %s)",
            [settings.HISTORY_DAYS],
        )
        return int(cursor.rowcount)


def prune_mutes() -> int:
    """Delete mutes that were over before the history begins, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_mute WHERE until < now() - make_interval(days => %s)", [settings.HISTORY_DAYS]
        )
        return int(cursor.rowcount)


def prune_notices() -> int:
    """Delete what was told before the history begins, and return how much there was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_notice WHERE state <> 'waiting' AND created_at < now() - make_interval(days => %s)",
            [settings.HISTORY_DAYS],
        )
        return int(cursor.rowcount)


def prune_absences() -> int:
    """Delete absences that were over before the history begins, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_absence WHERE until < now() - make_interval(days => %s)",
            [settings.HISTORY_DAYS],
        )
        return int(cursor.rowcount)


def prune_sessions() -> int:
    """Delete sign-ins that are past their end, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE expire_date < now()")
        return int(cursor.rowcount)


def prune_tickets() -> int:
    """Delete tickets that nobody used in time, and return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_ticket WHERE expires_at < now()")
        return int(cursor.rowcount)


def _day_of(partition: str) -> date:
    return datetime.strptime(partition[-8:], "%Y%m%d").replace(tzinfo=UTC).date()
