"""The list's page, what of it goes into a spreadsheet, and the signals of the last half hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.access import principal_of
from core.models import Group, Location
from dashboard import order, signals, spreadsheet
from dashboard.faces import STATE_WORDS
from dashboard.listed import BLANK, VALUES, ListWish, entries, line, narrowed
from realtime.snapshot import initial_data

# Each column's title, what it is sorted by, and its unit.
COLUMNS = (
    ("state", "State", ""),
    ("name", "Name", ""),
    ("id", "Id", ""),
    ("trouble", "What", ""),
    ("runtime", "Runtime", ""),
    ("battery", "Battery", "%"),
    ("rf", "RF", "dBm"),
    ("spark", "30 min", ""),
    ("audio", "Peak", "dBFS"),
    ("frequency", "Frequency", "MHz"),
    ("location", "Location", ""),
    ("age", "Age", ""),
)


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    wish = ListWish.from_query(request.GET)
    locations = list(Location.objects.all())
    titles = {location.slug: location.title for location in locations}
    snapshot = initial_data(principal_of(request.user))
    found = entries(snapshot)
    chosen = narrowed(found, wish)
    counts = order.counts([entry.face for entry in found])
    return render(
        request,
        "dashboard/list.html",
        {
            "page": "list",
            "wish": wish,
            "groups": list(Group.objects.all()),
            "locations": locations,
            "columns": [
                {"name": name, "title": title, "unit": unit, "sorts": name in VALUES}
                for name, title, unit in COLUMNS
            ],
            "counts": [
                {"state": state, "number": number, "word": STATE_WORDS[state]}
                for state, number in counts.items()
            ],
            "lines": [line(entry, titles) for entry in chosen],
            "total": len(found),
            "blank": BLANK,
            "snapshot": snapshot,
            "generated_at": snapshot["timestamp"],
        },
    )


@never_cache
@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """Answer with the lines that the same address shows as a page, as a spreadsheet reads them."""
    wish = ListWish.from_query(request.GET)
    zones = dict(Location.objects.values_list("slug", "zone"))
    snapshot = initial_data(principal_of(request.user))
    text = spreadsheet.written(narrowed(entries(snapshot), wish), zones)
    stamp = snapshot["timestamp"][:19].replace(":", "").replace("-", "")
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="micboard-{stamp}Z.csv"'
    return answer


@never_cache
@require_safe
def rf(request: HttpRequest) -> JsonResponse:
    """Answer with the weakest RF of each minute of the last half hour, of every channel that may be seen."""
    snapshot: Mapping[str, Any] = initial_data(principal_of(request.user))
    return JsonResponse(
        {
            "minutes": signals.MINUTES,
            "at": snapshot["timestamp"],
            "channels": signals.lately(snapshot["devices"], datetime.fromisoformat(snapshot["timestamp"])),
        }
    )
