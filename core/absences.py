"""When Micboard itself was away: the history holds changes alone, and cannot tell "unchanged" from "nobody looked".

Every poll that ends, and every pulse of a worker that polls, is a sign that somebody watches. One row remembers the
last one. The sign that comes after a long silence writes down from when to when nobody watched: it is the one that
moves that row on, and no other can, whatever died meanwhile and however hard. So nothing has to be said at the end.
"""

from datetime import datetime

from django.db import connection

from core.domain.absences import Absence

WATCHING = "watching"  # the pulse of all who poll
NOTED_EVERY_S = 5  # polls do not queue for its row
AWAY_AFTER_S = 45  # the least age at which a value is stale; a restart takes less
MOST = 500  # of a part of the past: those that are longest


def note(polled: str = "NULL") -> str:
    """Return the call that is a sign of watching, for a statement of whoever does.

    `polled` is when a poll's own receiver had been polled before, in SQL.
    """
    return f"core_note_watching({NOTED_EVERY_S}, {AWAY_AFTER_S}, {polled})"


# The last one may go on still.
_BETWEEN = f"""
SELECT since, until FROM (
    SELECT since, until FROM core_absence WHERE since < %(until)s AND until > %(since)s
     UNION ALL
    SELECT greatest(at, (SELECT max(polled_at) FROM core_claim)), NULL
      FROM core_pulse WHERE part = '{WATCHING}' AND at < now() - interval '{AWAY_AFTER_S} s'
) absent
 WHERE since < %(until)s AND (until IS NOT NULL OR since < now() - interval '{AWAY_AFTER_S} s')
 ORDER BY coalesce(until, now()) - since DESC LIMIT {MOST}
"""  # noqa: S608  built from constants of this module


def between(since: datetime, until: datetime) -> list[Absence]:
    """Return when Micboard was away in this part of the past, in the order of time."""
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, {"since": since, "until": until})
        found = [Absence(since=since, until=until) for since, until in cursor.fetchall()]
    return sorted(found, key=lambda absence: absence.since)
