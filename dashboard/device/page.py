"""What a channel's page shows: facts, plots, words and log of one range of the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.template.loader import render_to_string

from core.access import Visible
from core.models import Channel, Receiver
from dashboard.api import wishes
from dashboard.api.answers import not_found
from dashboard.device import bands, changelog, ranges, summaries
from dashboard.device.records import MARKED, NOTABLE, Place, Subject, records_before
from dashboard.device.series import Point, read_series
from dashboard.device.thresholds import thresholds_of
from dashboard.faces import Face, Seen, face, seen
from dashboard.shown import shown
from realtime.snapshot import read_row

LOG_PAGE = 30
MOST_MARKS = 400

_NOW = "SELECT now(), (SELECT jsonb_object_agg(t.tier, t.seconds) FROM core_tiers() t)"

PLOTS = (
    ("battery", "Runtime"),
    ("rf", "RF"),
    ("audio", "Audio"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A channel as its page has it, at one moment."""

    subject: Subject
    channel: Channel
    row: dict[str, Any]
    now: datetime
    intervals: Mapping[str, float]

    @property
    def receiver(self) -> Receiver:
        return self.channel.receiver

    @property
    def last(self) -> Seen:
        return seen(self.row, self.intervals, self.now)

    @property
    def face(self) -> Face:
        return face(self.row, self.last)

    @property
    def megahertz(self) -> str:
        return changelog.megahertz(self.row["frequency_khz"])

    @property
    def interval_s(self) -> float:
        return float(self.row["interval_s"] or self.intervals.get(self.row["tier"], 30))


def known(device_id: str, may_see: Visible) -> Device:
    """Return a channel that may be seen. One that may not be is as good as none."""
    if not device_id.isprintable():
        raise not_found("There is no such channel.")  # Postgres takes no NUL
    channel = Channel.objects.filter(device_id=device_id.upper()).select_related("receiver__server").first()
    row = None if channel is None else read_row(channel.pk)
    if channel is None or row is None or not may_see.includes(row):
        raise not_found(f"There is no channel {shown(device_id)} on the board.")
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        now, intervals = cursor.fetchone()
    return Device(
        subject=Subject(channel_id=channel.pk, receiver_code=channel.receiver.code),
        channel=channel,
        row=row,
        now=now,
        intervals=orjson.loads(intervals),
    )


def past(device: Device, name: str, *, place: Place | None = None) -> dict[str, Any]:
    """Return what the page shows of this range: for its plots, and as HTML what stands in words."""
    span = ranges.up_to(device.now, name)
    series = read_series(device.subject.channel_id, span)
    drawn = summaries.drawn(series)
    marked = records_before(device.subject, span, fields=MARKED, limit=MOST_MARKS)
    return {
        "range": name,
        "now": _ms(device.now),
        "since": _ms(span.since),
        "until": _ms(span.until),
        "series": {name: _parallel(points) for name, points in series.points.items()},
        "drawn": drawn,
        "bands": bands.as_json(bands.bands(thresholds_of(device.channel))),
        "marks": [
            {"at": _ms(mark.at), "kind": mark.kind, "text": mark.text} for mark in changelog.marks(marked)
        ],
        "words": {
            plot: render_to_string(
                "dashboard/device/words.html",
                {"plot": title, "told": [summaries.told(name, series) for name in drawn[plot]]},
            )
            for plot, title in PLOTS
        },
        "log": render_to_string("dashboard/device/log.html", log(device, name, span, place=place)),
    }


def log(device: Device, name: str, span: ranges.Span, *, place: Place | None) -> dict[str, Any]:
    records = records_before(device.subject, span, place=place, fields=NOTABLE, limit=LOG_PAGE + 1)
    shown_here = records[:LOG_PAGE]
    return {
        "device_id": device.row["device_id"],
        "range": name,
        "entries": list(changelog.entries(shown_here)),
        "is_newest": place is None,
        "older": wishes.cursor_at(*shown_here[-1].place) if len(records) > LOG_PAGE else None,
        "wider": ranges.wider(name),
    }


def _parallel(points: list[Point]) -> list[list[int | None]]:
    """Return instants and values apart, which is half as long on the wire."""
    return [[at for at, _ in points], [value for _, value in points]]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
