"""What a poll learnt, kept in one transaction: the claim, the receiver, its channels, the inbox, the memory,
and what of it has to be told elsewhere.

The claim's row is updated first and so locks the receiver: its inbox rows are in the order of its polls.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from core import absences, notices
from core.claims import Started
from core.domain.alerts import Alert
from core.domain.forecast import remembered
from core.domain.outcome import ChangedChannel, Known, Outcome
from core.domain.reading import Source
from core.domain.state import WIRE_NAMES, to_wire, wire_value
from core.models import PollRecord

HEALTH_EVERY_S = 5  # how often a server that is well may have its health written
FAILURE_EVERY_S = 1
DISCONNECTED_AFTER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswer:
    """How the server took the requests of one poll: `detail` is empty where it answered."""

    ok: bool
    latency_ms: int | None
    detail: str = ""


# Written only when it is old or wrong, so that polls of one server do not queue for its row.
_HEALTH = f"""
    UPDATE core_serverhealth
       SET failures = CASE WHEN %(server_ok)s THEN 0 ELSE failures + 1 END,
           error_count = error_count + (NOT %(server_ok)s)::int,
           status = CASE WHEN %(server_ok)s THEN 'connected'
                         WHEN failures + 1 >= {DISCONNECTED_AFTER} THEN 'disconnected' ELSE 'degraded' END,
           latency_ms = coalesce(%(latency_ms)s, latency_ms),
           detail = %(detail)s,
           checked_at = now(),
           ok_at = CASE WHEN %(server_ok)s THEN now() ELSE ok_at END
     WHERE server_id = %(server_id)s AND %(server_ok)s IS NOT NULL
       AND (checked_at IS NULL
            OR (%(server_ok)s AND (status <> 'connected' OR checked_at < now() - interval '{HEALTH_EVERY_S} s'))
            OR (NOT %(server_ok)s AND (failures = 0 OR checked_at < now() - interval '{FAILURE_EVERY_S} s')))
"""  # noqa: S608  built from constants of this module

# One statement finishes a poll that changed nothing; its server's health, the note that somebody watches, and its own
# record ride on it. Where the claim was overtaken there is nothing to insert, and so no row is counted.
_FINISH = f"""
WITH health AS ({_HEALTH}),
finished AS (
UPDATE core_claim
   SET inflight_until = NULL,
       polled_at = now(),
       tier = %(tier)s, tier_reason = %(tier_reason)s,
       failures = %(failures)s, lost_at = %(lost_at)s, troubled_at = %(troubled_at)s,
       system_api_ok_at = %(system_api_ok_at)s, system_api_failures = %(system_api_failures)s,
       command_strings_ok_at = %(command_strings_ok_at)s,
       command_strings_failures = %(command_strings_failures)s,
       system_api_error = %(system_api_error)s, command_strings_error = %(command_strings_error)s,
       seen_at = %(seen_at)s, stale_at = %(stale_at)s, stale = %(stale)s
 WHERE receiver_id = %(receiver_id)s AND claim_seq = %(claim_seq)s AND recorded_seq = %(recorded_seq)s
RETURNING receiver_id, claim_seq
),
noted AS (
SELECT {absences.note("(SELECT polled_at FROM core_claim WHERE receiver_id = %(receiver_id)s)")} FROM finished
)
INSERT INTO core_pollrecord
       (receiver_id, slot, claim_seq, started_at, duration_ms, tier, system_api, command_strings)
SELECT receiver_id, claim_seq %% {PollRecord.KEPT}, claim_seq, %(started_at)s,
       greatest(0, extract(epoch FROM clock_timestamp() - %(started_at)s) * 1000), %(polled_in)s,
       %(system_api)s, %(command_strings)s
  FROM finished, noted
    ON CONFLICT (receiver_id, slot) DO UPDATE
   SET claim_seq = excluded.claim_seq, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
       tier = excluded.tier, system_api = excluded.system_api, command_strings = excluded.command_strings
"""  # noqa: S608  built from constants of this module

_REMEMBER = """
INSERT INTO core_pollmemory (receiver_id, resources) VALUES (%s, %s)
ON CONFLICT (receiver_id) DO UPDATE SET resources = excluded.resources
"""

# The alerts as they are now, and an inbox row for each: what the feed tells of an alert is one function's word. One
# that got worse is nobody's again.
_WRITE_ALERTS = """
WITH new AS (
    SELECT * FROM jsonb_to_recordset(%(alerts)s::jsonb) AS n (
        id bigint, channel_id bigint, target jsonb, rule text, severity text, state text, message text,
        since timestamptz)
),
opened AS (
    INSERT INTO core_alert
           (receiver_id, channel_id, target, rule, severity, state, message, since, changed_at, muted_until)
    SELECT %(receiver_id)s, channel_id, target, rule, severity, state, message, since, now(),
           core_muted_until(NULL, %(receiver_id)s, channel_id)
      FROM new WHERE id IS NULL
    RETURNING id, channel_id, target, core_alert_told(core_alert) AS told
),
changed AS (
    UPDATE core_alert a
       SET severity = new.severity, state = new.state, message = new.message, changed_at = now(),
           resolved_at = CASE WHEN new.state = 'resolved' THEN now() END,
           acknowledged_by_id = CASE WHEN new.state <> 'open' THEN a.acknowledged_by_id END,
           acknowledged_by = CASE WHEN new.state <> 'open' THEN a.acknowledged_by END,
           acknowledged_at = CASE WHEN new.state <> 'open' THEN a.acknowledged_at END,
           ack_reason = CASE WHEN new.state <> 'open' THEN a.ack_reason END,
           muted_until = core_muted_until(NULL, a.receiver_id, a.channel_id)
      FROM new WHERE a.id = new.id
    RETURNING a.id, a.channel_id, a.target, core_alert_told(a) AS told
),
told AS (SELECT * FROM opened UNION ALL SELECT * FROM changed)
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), 'alert', channel_id, coalesce(target ->> 'device_id', target ->> 'receiver_id'), 0, '{}', told
  FROM told ORDER BY id
RETURNING (state ->> 'id')::bigint
"""

# Raises each channel's rev, keeps its state and puts its inbox row, for any number of channels at once.
_WRITE_CHANGES = """
WITH new AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS n (channel_id bigint, changes jsonb, state jsonb, drain jsonb)
),
kept AS (
    UPDATE core_channelrecord r SET rev = r.rev + 1, recorded = new.state, drain = coalesce(new.drain, r.drain)
      FROM new WHERE r.channel_id = new.channel_id
    RETURNING r.channel_id, r.rev, new.changes, r.recorded
)
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), 'change', kept.channel_id, c.device_id, kept.rev, kept.changes, kept.recorded
  FROM kept JOIN core_channel c ON c.id = kept.channel_id
 ORDER BY kept.channel_id
"""


def record(
    started: Started,
    outcome: Outcome,
    *,
    memory: Mapping[str, Mapping[str, Any]],
    server: ServerAnswer | None,
) -> bool:
    """Keep what a poll learnt. False: the claim was overtaken, or somebody recorded meanwhile; nothing is kept."""
    finish = _finish_values(started, outcome, server)
    remember = memory != started.memory
    if not (outcome.device or outcome.channels or outcome.alerts or remember):
        with connection.cursor() as cursor:
            cursor.execute(_FINISH, finish)
            return bool(cursor.rowcount == 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FINISH, finish)
        if cursor.rowcount != 1:
            return False
        _update_receiver(cursor, started.receiver_id, outcome.device)
        write_changes(cursor, outcome.channels)
        _write_alerts(cursor, started, outcome.alerts)
        if remember:
            cursor.execute(_REMEMBER, [started.receiver_id, orjson.dumps(memory).decode()])
    return True


def record_answer(server_id: int, answer: ServerAnswer) -> None:
    """Keep how a server took a question that was no poll's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_serverhealth "
            "(server_id, status, failures, error_count, detail, listed, suspicious, notice, anomalies) "
            "VALUES (%s, 'disconnected', 0, 0, '', 0, 0, '', '[]') ON CONFLICT DO NOTHING",
            [server_id],
        )
        cursor.execute(_HEALTH, _answer_values(server_id, answer))


def write_changes(cursor: CursorWrapper, channels: Iterable[ChangedChannel]) -> None:
    """Keep changed channels and put their inbox rows. The caller holds their receivers' claims."""
    rows = [
        {
            "channel_id": channel.id,
            "changes": {
                WIRE_NAMES[change.field]: [wire_value(change.before), wire_value(change.after)]
                for change in channel.changes
            },
            "state": to_wire(channel.state),
            **({"drain": remembered(channel.drain)} if channel.drain else {}),
        }
        for channel in channels
    ]
    if rows:
        cursor.execute(_WRITE_CHANGES, [orjson.dumps(rows).decode()])


def _write_alerts(cursor: CursorWrapper, started: Started, alerts: Iterable[Alert]) -> None:
    rows = [
        {
            "id": alert.id,
            "channel_id": alert.channel_id,
            "target": _target(started.known, alert),
            "rule": alert.rule,
            "severity": alert.severity,
            "state": alert.state,
            "message": alert.message,
            "since": alert.since,
        }
        for alert in alerts
    ]
    if rows:
        cursor.execute(
            _WRITE_ALERTS, {"alerts": orjson.dumps(rows).decode(), "receiver_id": started.receiver_id}
        )
        notices.put(cursor, [id_ for (id_,) in cursor.fetchall()])


def _target(known: Known, alert: Alert) -> dict[str, Any]:
    """Return what an alert is about, in the feed's names."""
    for channel in known.channels:
        if channel.id == alert.channel_id:
            return {"device_id": channel.device_id, "channel": channel.number}
    return {"receiver_id": known.code}


def _finish_values(started: Started, outcome: Outcome, server: ServerAnswer | None) -> dict[str, Any]:
    system_api = outcome.sources[Source.SYSTEM_API]
    command_strings = outcome.sources[Source.COMMAND_STRINGS]
    return {
        **_answer_values(started.server.id, server),
        "tier": outcome.tier.value,
        "tier_reason": outcome.tier_reason,
        "failures": outcome.failures,
        "lost_at": outcome.lost_at,
        "troubled_at": outcome.troubled_at,
        "system_api_ok_at": system_api.ok_at,
        "system_api_failures": system_api.failures,
        "command_strings_ok_at": command_strings.ok_at,
        "command_strings_failures": command_strings.failures,
        "system_api_error": system_api.error,
        "command_strings_error": command_strings.error,
        "seen_at": outcome.seen_at,
        "stale_at": outcome.stale_at,
        "stale": outcome.stale,
        "receiver_id": started.receiver_id,
        "claim_seq": started.claim_seq,
        "recorded_seq": started.recorded_seq,
        "started_at": started.started_at,
        "polled_in": started.known.tier.value,
        "system_api": outcome.answers.get(Source.SYSTEM_API),
        "command_strings": outcome.answers.get(Source.COMMAND_STRINGS),
    }


def _answer_values(server_id: int, answer: ServerAnswer | None) -> dict[str, Any]:
    return {
        "server_id": server_id,
        "server_ok": answer.ok if answer else None,
        "latency_ms": answer.latency_ms if answer else None,
        "detail": answer.detail if answer else "",
    }


_RECEIVER_COLUMNS = {
    "model": "model",
    "serial": "serial",
    "firmware": "firmware",
    "address": "address",
    "compatibility": "compatibility",
    "capabilities": "capabilities",
    "state": "device_state",
    "name": "name",
}


def _update_receiver(cursor: CursorWrapper, receiver_id: int, device: Mapping[str, Any]) -> None:
    if not device:
        return
    columns = ", ".join(f"{_RECEIVER_COLUMNS[name]} = %s" for name in device)
    values = [sorted(value) if isinstance(value, frozenset) else value for value in device.values()]
    cursor.execute(f"UPDATE core_receiver SET {columns} WHERE id = %s", [*values, receiver_id])  # noqa: S608  our own columns
