"""What a channel's page shows: facts, plots, words and log of one range of the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.template.loader import render_to_string

from core import absences
from core.access import Visible
from core.domain.absences import Absence
from core.models import Channel, Receiver
from dashboard.api import wishes
from dashboard.api.answers import not_found
from dashboard.device import bands, changelog, gaps, ranges, summaries
from dashboard.device.records import MARKED, NOTABLE, Place, Subject, records_before
from dashboard.device.series import Point, milliseconds, read_series
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
    away = absences.between(span.since, span.until)
    series = gaps.cut(read_series(device.subject.channel_id, span), away)
    drawn = summaries.drawn(series)
    marked = records_before(device.subject, span, fields=MARKED, limit=MOST_MARKS)
    return {
        "range": name,
        "now": milliseconds(device.now),
        "since": milliseconds(span.since),
        "until": milliseconds(span.until),
        "series": {name: _parallel(points) for name, points in series.points.items()},
        "drawn": drawn,
        "absences": gaps.drawn(away),
        "bands": bands.as_json(bands.bands(thresholds_of(device.channel))),
        "marks": [
            {"at": milliseconds(mark.at), "kind": mark.kind, "text": mark.text}
            for mark in changelog.marks(marked)
        ],
        "words": {
            plot: render_to_string(
                "dashboard/device/words.html",
                {
                    "plot": title,
                    "told": [summaries.told(name, series) for name in drawn[plot]],
                    "away": gaps.summary(away, device.now),
                },
            )
            for plot, title in PLOTS
        },
        "log": render_to_string("dashboard/device/log.html", log(device, name, span, away, place=place)),
    }


def log(
    device: Device, name: str, span: ranges.Span, away: list[Absence], *, place: Place | None
) -> dict[str, Any]:
    records = records_before(device.subject, span, place=place, fields=NOTABLE, limit=LOG_PAGE + 1)
    shown_here = records[:LOG_PAGE]
    more = len(records) > LOG_PAGE
    absent = [
        absence
        for absence in away
        if absence.since <= (place[0] if place else span.until)
        and (not more or shown_here[-1].at < absence.since)
    ]
    return {
        "device_id": device.row["device_id"],
        "range": name,
        "entries": changelog.in_order(changelog.entries(shown_here), changelog.absent(absent, device.now)),
        "is_newest": place is None,
        "older": wishes.cursor_at(*shown_here[-1].place) if more else None,
        "wider": ranges.wider(name),
    }


def _parallel(points: list[Point]) -> list[list[int | None]]:
    """Return instants and values apart, which is half as long on the wire."""
    return [[at for at, _ in points], [value for _, value in points]]
