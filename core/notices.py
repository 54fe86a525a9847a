"""Messages about alerts to those who do not watch the board: an outbox, filled with the alerts themselves.

Whether somebody has to be told is read off the alerts as they are and off what was told before. So the same statement
serves the transaction in which an alert changes, and the moment at which a mute ends.
"""

from collections.abc import Collection

from django.db import connection
from django.db.backends.utils import CursorWrapper

from core.models import Destination, Notice

AGAIN_AFTER_MIN = 10  # what opens again sooner is told only if it is still open by then
LATEST_H = 25  # what ended in a mute, which lasts a day at most, is told of when that is over

# `places` is where an alert is: the location and the groups of its channel, of its receiver's channels, or of its
# server's. An alert that has been told is told to be over, though its receiver may be gone.
_PUT = f"""
WITH alert AS (
    SELECT a.* FROM core_alert a
     WHERE (a.muted_until IS NULL OR a.muted_until <= now())
       AND CASE WHEN %(ids)s::bigint[] IS NULL
                THEN a.state = 'open' OR a.resolved_at > now() - interval '{LATEST_H} h'
                ELSE a.id = ANY(%(ids)s) END
),
pair AS (
    SELECT d.id AS destination_id, alert.*,
           (SELECT n.severity FROM core_notice n
             WHERE n.destination_id = d.id AND n.alert_id = alert.id AND n.kind IN ('opened', 'worse')
             ORDER BY n.id DESC LIMIT 1) AS told
      FROM alert JOIN core_destination d ON d.enabled AND alert.changed_at >= d.told_from
     WHERE alert.severity = 'critical' OR d.severity = 'warning'
),
due AS (
    SELECT pair.*, CASE WHEN told IS NULL THEN 'opened' ELSE 'worse' END AS kind
      FROM pair JOIN core_destination d ON d.id = pair.destination_id
     WHERE state = 'open' AND (told IS NULL OR (told = 'warning' AND pair.severity = 'critical'))
       AND (d.location_id IS NULL OR EXISTS (
                SELECT FROM core_server s LEFT JOIN core_receiver r ON r.server_id = s.id AND r.id = pair.receiver_id
                 WHERE (s.id = pair.server_id OR r.id = pair.receiver_id)
                   AND coalesce(r.location_id, s.location_id) = d.location_id))
       AND (d.group_id IS NULL OR EXISTS (
                SELECT FROM core_slot sl
                  JOIN core_channel ch ON ch.id = sl.channel_id
                  JOIN core_receiver r ON r.id = ch.receiver_id
                 WHERE sl.group_id = d.group_id
                   AND CASE WHEN pair.channel_id IS NOT NULL THEN ch.id = pair.channel_id
                            ELSE r.id = pair.receiver_id OR r.server_id = pair.server_id END))
       AND NOT EXISTS (
                SELECT FROM core_notice n JOIN core_alert other ON other.id = n.alert_id
                 WHERE n.destination_id = d.id AND n.kind IN ('opened', 'worse') AND n.severity = pair.severity
                   AND n.created_at > now() - interval '{AGAIN_AFTER_MIN} min'
                   AND (other.server_id, other.receiver_id, other.channel_id, other.rule)
                       IS NOT DISTINCT FROM (pair.server_id, pair.receiver_id, pair.channel_id, pair.rule))
     UNION ALL
    SELECT pair.*, 'resolved' FROM pair WHERE state = 'resolved' AND told IS NOT NULL
)
INSERT INTO core_notice (destination_id, alert_id, kind, severity, message, target, since)
SELECT destination_id, id, kind, severity, message, target, CASE kind WHEN 'resolved' THEN resolved_at ELSE since END
  FROM due ORDER BY id
    ON CONFLICT DO NOTHING
"""  # noqa: S608  built from constants of this module


def put(cursor: CursorWrapper, alert_ids: Collection[int]) -> None:
    """Put what has to be told of these alerts, as they are in the caller's transaction."""
    if alert_ids:
        cursor.execute(_PUT, {"ids": list(alert_ids)})


def put_held_back() -> int:
    """Put what was held back by a mute that is over, or by a message of minutes before; return how much that is."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT, {"ids": None})
        return int(cursor.rowcount)


def put_test(destination: Destination) -> Notice:
    """Put a message that tries a destination out."""
    return Notice.objects.create(
        destination=destination, kind=Notice.Kind.TEST, severity=destination.severity
    )
