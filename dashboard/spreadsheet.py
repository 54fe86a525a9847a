"""Channels for a spreadsheet: CSV with units in its headers, in which no text is taken for a formula. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.domain.cells import harmless
from dashboard.listed import Entry, trouble

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes the text for another alphabet's

HEADERS = (
    "Id",
    "Name",
    "State",
    "What",
    "State since",
    "Runtime (min)",
    "Battery (%)",
    "Battery (bars of 5)",
    "RF (dBm)",
    "Audio peak (dBFS)",
    "Frequency (kHz)",
    "Muted",
    "Location",
    "Model",
    "Transmitter",
    "Last answer",
)


def written(found: Iterable[Entry], zones: Mapping[str, str]) -> str:
    """Return a line for each channel under one of headers. Times are those of the channel's location, with offset."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(HEADERS)
    lines.writerows([harmless(value) for value in _cells(entry, zones)] for entry in found)
    return BYTE_ORDER_MARK + out.getvalue()


def _cells(entry: Entry, zones: Mapping[str, str]) -> Iterator[Any]:
    channel, drawn = entry.channel, entry.face
    zone = ZoneInfo(zones.get(channel["location"], "UTC"))
    known = channel if entry.is_known else {}
    yield drawn.id
    yield drawn.name
    yield drawn.state
    yield trouble(channel, drawn)
    yield _at(channel["state_since"], zone)
    yield known.get("battery_minutes")
    yield known.get("battery_level")
    yield known.get("battery_bars")
    yield known.get("rf_signal")
    yield known.get("peak_level")
    yield channel["frequency_khz"]
    yield {True: "yes", False: "no", None: ""}[known.get("mute_status")]
    yield channel["location"]
    yield channel["model"]
    yield known.get("transmitter")
    yield _at(channel["seen_at"], zone)


def _at(instant: str | None, zone: ZoneInfo) -> str:
    return (
        ""
        if instant is None
        else datetime.fromisoformat(instant).astimezone(zone).isoformat(timespec="seconds")
    )
