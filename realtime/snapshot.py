"""The board read from the database: head and rows of one moment, and the windows since another."""

import secrets
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from core.access import Principal, visible
from core.domain.state import instant
from core.models import Head
from realtime import past
from realtime.audience import Part
from realtime.board import Board, Row
from realtime.frames import initial_message

CHUNK = 50  # windows read at once
EPOCH_BYTES = 3

_HEAD = """
SELECT h.epoch, h.seq, now(), (SELECT jsonb_object_agg(t.tier, t.seconds) FROM core_tiers() t) FROM core_head h
"""

# The roster says who is on the board, the record what is known of each; both as the windows told them.
_ROW = """
SELECT roster.identity, record.recorded, record.rev, claim.seen_at
  FROM core_roster roster
  JOIN core_channelrecord record ON record.channel_id = roster.channel_id
  LEFT JOIN core_claim claim ON claim.receiver_id = roster.receiver_id
"""
_ROWS = f"{_ROW} ORDER BY roster.device_id"
_ROW_OF = f"{_ROW} WHERE roster.channel_id = %s"


_ALERTS = "SELECT core_alert_told(a) FROM core_alert a WHERE state <> 'resolved' ORDER BY id"


def row_of(identity: dict[str, Any], recorded: dict[str, Any], rev: int, seen_at: str | None) -> Row:
    """Return a channel's row as the feed carries it."""
    return {"forecast": None, "colour": None, **identity, **recorded, "rev": rev, "seen_at": seen_at}


def _read(identity: str, recorded: str, rev: int, seen_at: datetime | None) -> Row:
    return row_of(orjson.loads(identity), orjson.loads(recorded), rev, instant(seen_at) if seen_at else None)


def read_board() -> Board:
    """Return the board with head and rows of one moment."""
    # Repeatable read: a window that commits between the statements would otherwise be in the rows, not in seq.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(_HEAD)
        epoch, seq, now, intervals = cursor.fetchone()
        cursor.execute(_ROWS)
        rows = [_read(*row) for row in cursor]
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


def windows_before(epoch: str, seq: int) -> list[str]:
    """Return the encoded frames of the windows up to `seq`, in order and without a hole, as many as a hub keeps."""
    kept: list[str] = []
    size = 0
    while True:
        frames = _chunk(epoch, seq - len(kept))
        for number, frame in frames:
            size += len(frame)
            if number != seq - len(kept) or size > past.MOST:
                return kept[::-1]
            kept.append(frame)
        if len(frames) < CHUNK:
            return kept[::-1]


def _chunk(epoch: str, seq: int) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, frame FROM core_window WHERE epoch = %s AND seq <= %s ORDER BY seq DESC LIMIT %s",
            [epoch, seq, CHUNK],
        )
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def renew_epoch(known: str) -> None:
    """Have the sequence go on under another epoch, unless somebody else has seen to that."""
    Head.objects.filter(epoch=known).update(epoch=secrets.token_hex(EPOCH_BYTES))


def read_row(channel_id: int) -> Row | None:
    """Return the row of one channel, or None where it is not on the board."""
    with connection.cursor() as cursor:
        cursor.execute(_ROW_OF, [channel_id])
        row = cursor.fetchone()
    return None if row is None else _read(*row)


def get_all_devices() -> list[Row]:
    """Return every channel on the board, in the order of their ids."""
    return list(read_board().rows.values())


def initial_data(principal: Principal | None) -> dict[str, Any]:
    """Return the snapshot that a client of this principal begins with, read from the database."""
    board = read_board()
    part = Part(board, visible(principal))
    return initial_message(board, part.rows(board), part.alerts(board), timestamp=instant(board.read_at))
