"""The board read from the database: head and rows of one moment, and the windows since another."""

from typing import Any

import orjson
from django.db import connection, transaction

from core.access import Principal, visible
from core.domain.state import instant
from realtime.board import Board, Row
from realtime.frames import initial_message

_HEAD = """
SELECT h.epoch, h.seq, now(), (SELECT jsonb_object_agg(t.tier, t.seconds) FROM core_tiers() t) FROM core_head h
"""

# The roster says who is on the board, the record what is known of each; both as the windows told them.
_ROWS = """
SELECT roster.identity, record.recorded, record.rev, claim.seen_at
  FROM core_roster roster
  JOIN core_channelrecord record ON record.channel_id = roster.channel_id
  LEFT JOIN core_claim claim ON claim.receiver_id = roster.receiver_id
 ORDER BY roster.device_id
"""


_ALERTS = """
SELECT core_alert_told(id, severity, state, rule, since, message, target)
  FROM core_alert WHERE state <> 'resolved' ORDER BY id
"""


def row_of(identity: dict[str, Any], recorded: dict[str, Any], rev: int, seen_at: str | None) -> Row:
    """Return a channel's row as the feed carries it."""
    return {**identity, **recorded, "rev": rev, "seen_at": seen_at, "forecast": None}


def read_board() -> Board:
    """Return the board with head and rows of one moment."""
    # Repeatable read: a window that commits between the statements would otherwise be in the rows, not in seq.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(_HEAD)
        epoch, seq, now, intervals = cursor.fetchone()
        cursor.execute(_ROWS)
        rows = [
            row_of(orjson.loads(identity), orjson.loads(recorded), rev, instant(seen_at) if seen_at else None)
            for identity, recorded, rev, seen_at in cursor
        ]
        cursor.execute(_ALERTS)
        alerts = [orjson.loads(alert) for (alert,) in cursor]
    return Board(
        epoch=epoch,
        seq=seq,
        read_at=now,
        intervals=orjson.loads(intervals),
        rows={row["device_id"]: row for row in rows},
        alerts={alert["id"]: alert for alert in alerts},
    )


def windows_after(epoch: str, seq: int) -> list[tuple[int, str]]:
    """Return the windows that are kept and came after `seq`, in order, as (seq, encoded frame)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, frame FROM core_window WHERE epoch = %s AND seq > %s ORDER BY seq", [epoch, seq]
        )
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def get_all_devices() -> list[Row]:
    """Return every channel on the board, in the order of their ids."""
    return list(read_board().rows.values())


def initial_data(principal: Principal | None) -> dict[str, Any]:
    """Return the snapshot that a client of this principal begins with, read from the database."""
    board = read_board()
    may_see = visible(principal)
    board.rows = {device_id: row for device_id, row in board.rows.items() if may_see.includes(row)}
    receivers = {row["receiver_id"] for row in board.rows.values()}
    board.alerts = {
        id_: alert
        for id_, alert in board.alerts.items()
        if alert["target"].get("device_id") in board.rows or alert["target"].get("receiver_id") in receivers
    }
    return initial_message(board, board.rows.values(), timestamp=instant(board.read_at))
