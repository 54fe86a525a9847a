"""What people do about alerts: take one over, mute a part of the house for a while, end that.

Each is told at once: an alert that somebody touched has its inbox row, in order with those of the polls, because the
claim of its receiver is locked first.
"""

from datetime import timedelta

import orjson
from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from core import claims
from core.access import Principal
from core.domain import alerts, changes
from core.domain.outcome import ChangedChannel
from core.domain.state import AlertState, Rule, Severity, from_wire
from core.models import Alert, Channel, Claim, Group, Location, Mute, Receiver
from core.models.alerts import LONGEST_MUTE, LONGEST_REASON, MUTABLE
from core.recording import write_changes

Part = Location | Group | Receiver | Channel

RESOLVED = AlertState.RESOLVED.value

_ACKNOWLEDGE = """
WITH mine AS (
    UPDATE core_alert
       SET state = 'acknowledged', changed_at = now(), acknowledged_at = now(),
           acknowledged_by_id = %(by_id)s, acknowledged_by = %(by)s, ack_reason = %(reason)s
     WHERE id = %(id)s AND state = 'open'
    RETURNING receiver_id, channel_id, target, core_alert_told(core_alert) AS told
),
told AS (
    INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
    SELECT now(), 'alert', channel_id,
           coalesce(target ->> 'device_id', target ->> 'receiver_id', target ->> 'server'), 0, '{}', told
      FROM mine
)
SELECT receiver_id FROM mine
"""


def acknowledge(alert_id: int, *, by: Principal, reason: str) -> bool:
    """Take an open alert over. False: it is resolved, or somebody else was first.

    Raises `ValueError` with a sentence where the reason is too long.
    """
    taken_with = {"id": alert_id, "by_id": by.user_id, "by": by.name, "reason": _reason(reason)}
    with transaction.atomic(), connection.cursor() as cursor:
        _hold(alert_id)
        cursor.execute(_ACKNOWLEDGE, taken_with)
        row = cursor.fetchone()
        if row is None:
            return False
        (receiver_id,) = row
        if receiver_id is not None:
            _mark_channels(cursor, receiver_id)
    return True


def _hold(alert_id: int) -> None:
    """Lock the claim of an alert's receiver; a poll under way judges anew, with the alert as it is now."""
    receiver = Alert.objects.filter(pk=alert_id).values("receiver_id")
    Claim.objects.filter(receiver_id__in=receiver).update(recorded_seq=F("recorded_seq") + 1)


_CHANNELS = """
SELECT cr.channel_id, cr.recorded
  FROM core_channelrecord cr JOIN core_channel ch ON ch.id = cr.channel_id
 WHERE ch.receiver_id = %s
"""


def _mark_channels(cursor: CursorWrapper, receiver_id: int) -> None:
    """Record the worst alert of each channel of a receiver, where it is another one now. Its claim is held."""
    unresolved = [
        _domain(one) for one in Alert.objects.filter(receiver_id=receiver_id).exclude(state=RESOLVED)
    ]
    cursor.execute(_CHANNELS, [receiver_id])
    changed = []
    for channel_id, text in cursor.fetchall():
        recorded = from_wire(orjson.loads(text))
        mark = alerts.mark(unresolved, channel_id)
        if mark != recorded.alert:
            found = (changes.Change("alert", recorded.alert, mark),)
            changed.append(
                ChangedChannel(id=channel_id, changes=found, state=changes.applied(recorded, found))
            )
    write_changes(cursor, changed)


def _domain(alert: Alert) -> alerts.Alert:
    return alerts.Alert(
        id=alert.pk,
        rule=Rule(alert.rule),
        severity=Severity(alert.severity),
        state=AlertState(alert.state),
        channel_id=alert.channel_id,
        since=alert.since,
        message=alert.message,
    )


def mute(part: Part | None, *, lasting: timedelta, by: Principal, reason: str) -> Mute:
    """Have nobody told of alerts about a part, None for all there is, from now on for a while.

    Raises `ValueError` with a sentence where it lasts too long, or its reason is missing or too long.
    """
    if not timedelta() < lasting <= LONGEST_MUTE:
        raise ValueError("A mute always ends: choose a time of up to 24 hours.")
    if not reason.strip():
        raise ValueError("Say why, for whoever wonders later why nobody was told.")
    about = {str(part._meta.model_name): part} if part else {}  # noqa: SLF001  Django's own way
    with transaction.atomic(), connection.cursor() as cursor:
        made = Mute.objects.create(
            **about,
            until=TransactionNow() + lasting,
            reason=_reason(reason),
            by_id=by.user_id,
            by=by.name,
        )
        _tell_mutes(cursor)
    made.refresh_from_db()
    return made


def unmute(mute_id: int, *, by: Principal) -> bool:
    """End a mute now. False: it has ended already."""
    with transaction.atomic(), connection.cursor() as cursor:
        held = Mute.objects.filter(pk=mute_id, until__gt=TransactionNow())
        ended = held.update(until=TransactionNow(), ended_by=by.name) == 1
        if ended:
            _tell_mutes(cursor)
    return ended


def muted_now() -> list[Mute]:
    """Return the mutes in force, the one that ends last first, with what each is about."""
    return list(Mute.objects.filter(until__gt=TransactionNow()).select_related(*MUTABLE))


_RECEIVERS_MUTED_ANEW = """
SELECT receiver_id FROM core_alert
 WHERE state <> 'resolved' AND receiver_id IS NOT NULL
   AND muted_until IS DISTINCT FROM core_muted_until(server_id, receiver_id, channel_id)
"""

_TELL_MUTES = """
WITH anew AS (
    SELECT id, core_muted_until(server_id, receiver_id, channel_id) AS until
      FROM core_alert
     WHERE state <> 'resolved' AND (receiver_id = ANY(%s) OR receiver_id IS NULL)
     ORDER BY id
       FOR UPDATE
),
changed AS (
    UPDATE core_alert a SET muted_until = anew.until
      FROM anew WHERE a.id = anew.id AND a.muted_until IS DISTINCT FROM anew.until
    RETURNING a.id, a.channel_id, a.target, core_alert_told(a) AS told
)
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), 'alert', channel_id,
       coalesce(target ->> 'device_id', target ->> 'receiver_id', target ->> 'server'), 0, '{}', told
  FROM changed ORDER BY id
"""


def _tell_mutes(cursor: CursorWrapper) -> None:
    """Bring the alerts that are unresolved up to the mutes as they are now."""
    cursor.execute(_RECEIVERS_MUTED_ANEW)
    receivers = [receiver_id for (receiver_id,) in cursor.fetchall()]
    claims.lock(receivers)
    cursor.execute(_TELL_MUTES, [receivers])


def _reason(reason: str) -> str:
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise ValueError(f"A reason has at most {LONGEST_REASON} characters.")
    return reason
