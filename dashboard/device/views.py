"""The addresses of a channel's page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import claims
from core.access import Visible, principal_of_request, visible
from dashboard.api import wishes
from dashboard.api.answers import Problem, endpoint
from dashboard.device import export, page, ranges, steps
from dashboard.faces import BLANK
from dashboard.wall import Wish

WATCHED_S = 20  # the page asks every 10 s: one request that is lost does not end it


@never_cache
@require_safe
def device(request: HttpRequest, device_id: str) -> HttpResponse:
    try:
        found = page.known(device_id, visible(principal_of_request(request)))
        place = wishes.place_of(request.GET, datetime, int)
    except Problem as problem:
        raise Http404(problem.sentence) from problem
    name = ranges.chosen(request.GET.get("range"))
    past = page.past(found, name, place=place)
    return render(
        request,
        "dashboard/device/device.html",
        {
            "device": found,
            "face": found.face,
            "blank": BLANK,
            "steps": steps.all_steps(),
            "wish": Wish.from_query(request.GET),
            "range": name,
            "ranges": ranges.RANGES,
            "formats": FORMATS,
            "plots": [
                {"id": plot, "title": title, "words": past["words"][plot]} for plot, title in page.PLOTS
            ],
            "log": past["log"],
            "is_newest": place is None,
            "past": {key: value for key, value in past.items() if key not in {"words", "log"}},
        },
    )


@endpoint
def history(request: HttpRequest, may_see: Visible, *, device_id: str) -> Mapping[str, Any]:
    """Answer what the page shows of another range, or of the same one later."""
    query = wishes.query_of(request, ("range",))
    return page.past(page.known(device_id, may_see), ranges.chosen(query.get("range")))


FORMATS = {"csv": ("text/csv; charset=utf-8", export.as_csv), "json": ("application/json", export.as_json)}


@never_cache
@require_safe
async def changes(request: HttpRequest, device_id: str, extension: str) -> StreamingHttpResponse:
    """Answer with all that was recorded in a range, as a file."""

    def found() -> page.Device:
        try:
            return page.known(device_id, visible(principal_of_request(request)))
        except Problem as problem:
            raise Http404(problem.sentence) from problem

    device: page.Device = await sync_to_async(found)()
    content_type, written = FORMATS[extension]
    name = ranges.chosen(request.GET.get("range"))
    asked = export.Export(
        device_id=device.row["device_id"], subject=device.subject, span=ranges.up_to(device.now, name)
    )
    filename = f"{asked.device_id}-{name}-until-{device.now:%Y%m%dT%H%M%SZ}.{extension}"
    return StreamingHttpResponse(
        written(asked),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


@require_POST
def watch(request: HttpRequest, device_id: str) -> HttpResponse:
    """Hold the channel's receiver watched for a while: whoever has its page open wants to see it live."""
    try:
        found = page.known(device_id, visible(principal_of_request(request)))
    except Problem as problem:
        raise Http404(problem.sentence) from problem
    claims.watch([found.receiver.pk], seconds=WATCHED_S)
    return HttpResponse(status=204)
