"""The messages of the feed, each encoded once for every socket that it is for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.conf import settings

from realtime.board import Board, Row
from realtime.encoding import Frame

Seen = Sequence[tuple[str, str]]  # (receiver_id, when it last answered)

# What the guide's messages carry of a channel; each such update is complete in itself.
IDENTITY = ("device_id", "receiver_id", "channel", "name")
VALUES = (
    "status",
    "state",
    "battery_level",
    "charging",
    "battery_status",
    "rf_signal",
    "rf_quality",
    "interference",
    "audio_level",
    "peak_level",
    "mute_status",
)


def initial_message(
    board: Board, rows: Iterable[Row], alerts: Iterable[Row], *, timestamp: str
) -> dict[str, Any]:
    """Return the snapshot that a client begins with, before it is encoded."""
    return {
        "type": "initial_data",
        "seq": board.seq,
        "epoch": board.epoch,
        "timestamp": timestamp,
        "interval_ms": settings.WINDOW_MS,
        "intervals": board.intervals,
        "devices": list(rows),
        "alerts": list(alerts),
    }


def resumed(board: Board, *, replayed: int, seen: Seen) -> Frame:
    """Return the first message of a client that comes back: that many windows follow, and nothing is missing."""
    return Frame.of(
        {"type": "resumed", "seq": board.seq, "epoch": board.epoch, "replayed": replayed, "seen": seen}
    )


def with_seen(text: str, seen: Seen) -> str:
    """Return an encoded window with who answered since the last frame; it is not decoded for that."""
    return f'{text[:-1]},"seen":{orjson.dumps(seen).decode()}}}' if seen else text


def device_update(row: Row, *, seq: int, timestamp: str, changes: Mapping[str, Any] | None = None) -> Frame:
    """Return one channel's update for a client that knows only the guide's messages.

    Without `changes` everything is news.
    """
    return Frame.of(
        {
            "type": "device_update",
            **{name: row[name] for name in (*IDENTITY, *VALUES)},
            "timestamp": timestamp,
            "seq": seq,
            "changes": {name: row[name] for name in VALUES} if changes is None else changes,
        }
    )


def system_alert(alert: Row) -> Frame:
    return Frame.of({"type": "system_alert", **alert})


def error_frame(code: str, sentence: str) -> Frame:
    return Frame.of({"type": "error", "code": code, "message": sentence})


def heartbeat(board: Board, *, timestamp: str, live: bool, seen: Seen) -> Frame:
    return Frame.of(
        {
            "type": "heartbeat",
            "seq": board.seq,
            "prev": board.seq,
            "epoch": board.epoch,
            "timestamp": timestamp,
            "seen": seen,
            "live": live,
        }
    )


def system_health(
    ages: Mapping[str, float | None], *, silent: tuple[str, ...], timestamp: str, sockets: int
) -> Frame:
    """Return the state of the parts of this system: seconds since each showed itself, None: never."""
    return Frame.of(
        {
            "type": "system_health",
            "timestamp": timestamp,
            "status": "unhealthy" if silent else "healthy",
            "silent": silent,
            "silent_s": {part: None if age is None else round(age, 1) for part, age in ages.items()},
            "open_sockets": sockets,
        }
    )
