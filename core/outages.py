"""Servers that are down: one alert each, raised and resolved by what the polls wrote of their health."""

from django.db.backends.utils import CursorWrapper

from core import notices

# A server that was never asked has no failure yet. One that was disabled or deleted is nobody's trouble any more.
_TELL = """
WITH down AS (
    SELECT s.id, s.name, h.detail
      FROM core_server s JOIN core_serverhealth h ON h.server_id = s.id
     WHERE s.enabled AND h.status = 'disconnected' AND h.failures > 0
),
opened AS (
    INSERT INTO core_alert (server_id, target, rule, severity, state, message, since, changed_at, muted_until)
    SELECT down.id, jsonb_build_object('server', down.name), 'server_down', 'warning', 'open',
           rtrim('No answer from the server ' || down.name || '. ' || down.detail), now(), now(),
           core_muted_until(down.id, NULL, NULL)
      FROM down
     WHERE NOT EXISTS (SELECT FROM core_alert a WHERE a.server_id = down.id AND a.state <> 'resolved')
    RETURNING id, target, core_alert_told(core_alert) AS told
),
resolved AS (
    UPDATE core_alert a SET state = 'resolved', resolved_at = now(), changed_at = now()
     WHERE a.server_id IS NOT NULL AND a.state <> 'resolved' AND a.server_id NOT IN (SELECT id FROM down)
    RETURNING a.id, a.target, core_alert_told(a) AS told
),
told AS (SELECT * FROM opened UNION ALL SELECT * FROM resolved)
INSERT INTO core_inbox (at, kind, device_id, rev, changes, state)
SELECT now(), 'alert', left(target ->> 'server', 40), 0, '{}', told FROM told ORDER BY id
RETURNING (state ->> 'id')::bigint
"""


def tell_outages(cursor: CursorWrapper) -> None:
    """Open an alert for each server that has just gone down, and resolve those of servers that are back.

    The caller holds the head, so that nobody else does the same.
    """
    cursor.execute(_TELL)
    notices.put(cursor, [id_ for (id_,) in cursor.fetchall()])
