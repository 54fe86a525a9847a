"""The change records of a channel as a file, written while it is read: no more of it than a piece is ever in memory.

Under ASGI a response that streams synchronously is read whole before its first byte goes out, so this is async.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from channels.db import database_sync_to_async

from core.absences import between as absences_between
from core.domain.absences import Absence
from core.domain.cells import Cell, harmless
from core.domain.state import instant
from core.models.records import Kind
from dashboard.device import changelog
from dashboard.device.ranges import Span
from dashboard.device.records import Place, Record, Subject, records_after

PIECE = 1000  # records


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Whose records of which part of the past."""

    device_id: str
    subject: Subject
    span: Span


VALUES = {
    "battery_minutes": "runtime (min)",
    "battery_level": "battery (%)",
    "battery_bars": "battery (bars of 5)",
    "rf_signal": "RF (dBm)",
    "rf_signal_a": "RF A (dBm)",
    "rf_signal_b": "RF B (dBm)",
    "audio_level": "audio (dBFS)",
    "peak_level": "audio peak (dBFS)",
    "frequency_khz": "frequency (kHz)",
    "transmitter_on": "transmitter on",
    "mute_status": "muted",
}
HEADER = ("at", "device", "name", "what", "state", "reasons", *VALUES.values(), "changed")


async def as_csv(export: Export) -> AsyncIterator[bytes]:
    yield _csv([HEADER])
    absences = await _absences(export)
    async for records in pieces(export):
        rows = []
        for record in records:
            while absences and absences[0].since < record.at:
                rows.append(_row_of_absence(export, absences.pop(0)))
            rows.append(row(export, record))
        yield _csv(rows)
    yield _csv([_row_of_absence(export, absence) for absence in absences])


async def as_json(export: Export) -> AsyncIterator[bytes]:
    head = {"device_id": export.device_id, "from": _iso(export.span.since), "to": _iso(export.span.until)}
    absences = [
        {"from": _iso(absence.since), "to": absence.until and _iso(absence.until)}
        for absence in await _absences(export)
    ]
    yield orjson.dumps({**head, "absences": absences})[:-1] + b',"changes":['
    separator = b""
    async for records in pieces(export):
        yield separator + b",\n".join(orjson.dumps(_told(record)) for record in records)
        separator = b",\n"
    yield b"]}\n"


async def _absences(export: Export) -> list[Absence]:
    read: Callable[..., Any] = database_sync_to_async(absences_between, thread_sensitive=False)
    found: list[Absence] = await read(export.span.since, export.span.until)
    return found


async def pieces(export: Export) -> AsyncIterator[list[Record]]:
    read: Callable[..., Any] = database_sync_to_async(records_after, thread_sensitive=False)
    place: Place = (export.span.since, 0)
    while records := await read(export.subject, export.span.until, place=place, limit=PIECE):
        yield records
        if len(records) < PIECE:
            return
        place = records[-1].place


def row(export: Export, record: Record) -> list[Cell]:
    """Return a record as a line of a table: the state after it, and what changed."""
    values = {} if record.kind is Kind.ALERT else record.state
    changed = [*changelog.lines(record), *changelog.levels(record)]
    cells: list[Cell] = [
        _iso(record.at),
        export.device_id,
        values.get("name"),
        record.kind.value,
        values.get("state"),
        ", ".join(values.get("reasons", ())),
        *(values.get(name) for name in VALUES),
        "; ".join(changed),
    ]
    return [harmless(cell) for cell in cells]


def _row_of_absence(export: Export, absence: Absence) -> list[Cell]:
    """Return a line that says that from there on nothing is known."""
    over = f"until {_iso(absence.until)}" if absence.until else "until now"
    values = [None] * len(VALUES)
    return [
        _iso(absence.since),
        export.device_id,
        None,
        "away",
        None,
        None,
        *values,
        f"Micboard was away {over}",
    ]


def _told(record: Record) -> dict[str, Any]:
    return {
        "at": _iso(record.at),
        "kind": record.kind,
        "rev": record.rev,
        "seq": record.seq,
        "changes": record.changes,
        "alert": record.state if record.kind is Kind.ALERT else None,
    }


def _csv(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _iso(at: datetime) -> str:
    return instant(at).replace("Z", "+00:00")
