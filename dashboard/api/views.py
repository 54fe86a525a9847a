"""What each address answers. Rows are those of the feed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.access import Visible
from core.domain.state import AlertState, instant
from core.models import Channel
from dashboard.api import wishes
from dashboard.api.answers import as_json, bad_request, endpoint, not_found
from dashboard.api.document import openapi
from dashboard.api.history import About, Span, alerts_in, changes_of
from realtime.contract import asyncapi
from realtime.snapshot import get_all_devices, read_board, read_row
from realtime.tick import look

Payload = Mapping[str, Any]

UNRESOLVED = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


@endpoint
def devices(request: HttpRequest, may_see: Visible) -> Payload:
    query = wishes.query_of(request, ("scope", "limit", "cursor"))
    asked, limit = wishes.narrowed(may_see, query), wishes.limit(query)
    (after,) = wishes.place_of(query, str) or ("",)

    board = read_board()
    rows = [row for row in board.rows.values() if row["device_id"] > after and asked.includes(row)]
    page = rows[:limit]
    return {
        "seq": board.seq,
        "epoch": board.epoch,
        "timestamp": instant(board.read_at),
        "devices": page,
        "next": wishes.cursor_at(page[-1]["device_id"]) if len(rows) > limit else None,
    }


@endpoint
def device(request: HttpRequest, may_see: Visible, *, device_id: str) -> Payload:
    wishes.query_of(request, ())
    _, row = _known(device_id, may_see)
    return row


@endpoint
def changes(request: HttpRequest, may_see: Visible, *, device_id: str) -> Payload:
    query = wishes.query_of(request, ("from", "to", "limit", "cursor"))
    since, until = wishes.moment(query, "from"), wishes.moment(query, "to")
    if since is not None and until is not None and since >= until:
        raise bad_request("from is not before to.")
    span = Span(since=since, until=until, after=wishes.place_of(query, datetime, int))
    limit = wishes.limit(query)

    channel_id, row = _known(device_id, may_see)
    page = changes_of(channel_id, span, limit=limit)
    return {
        "device_id": row["device_id"],
        "changes": page.entries,
        "next": None if page.ended_at is None else wishes.cursor_at(*page.ended_at),
    }


@endpoint
def servers(request: HttpRequest, _may_see: Visible) -> Payload:
    wishes.query_of(request, ())
    told = (server.connection_update() for server in look(None).servers)
    return {"servers": [{name: value for name, value in one.items() if name != "type"} for one in told]}


@endpoint
def alerts(request: HttpRequest, may_see: Visible) -> Payload:
    query = wishes.query_of(request, ("state", "scope", "limit", "cursor"))
    states = wishes.words(query, "state", tuple(AlertState)) or UNRESOLVED
    asked, limit = wishes.narrowed(may_see, query), wishes.limit(query)
    (before,) = wishes.place_of(query, int) or (None,)

    told, ended_at = alerts_in(states, _about(asked), before=before, limit=limit)
    return {"alerts": told, "next": None if ended_at is None else wishes.cursor_at(ended_at)}


# They hold no secrets, and who writes a client wants them before the first token.


@login_not_required
@require_safe
def asyncapi_json(_request: HttpRequest) -> HttpResponse:
    return as_json(asyncapi())


@login_not_required
@require_safe
def openapi_json(_request: HttpRequest) -> HttpResponse:
    return as_json(openapi())


def _known(device_id: str, may_see: Visible) -> tuple[int, dict[str, Any]]:
    """Return a channel's key and row. One that may not be seen is as good as none."""
    if not device_id.isprintable():
        raise not_found("There is no such channel.")  # Postgres takes no NUL
    channel_id = Channel.objects.filter(device_id=device_id.upper()).values_list("pk", flat=True).first()
    row = None if channel_id is None else read_row(channel_id)
    if channel_id is None or row is None or not may_see.includes(row):
        raise not_found(f"There is no channel {device_id} on the board.")
    return channel_id, row


def _about(asked: Visible) -> About | None:
    """Return what alerts may be about; None for all, also about what is on the board no more."""
    if asked == Visible.everything():
        return None
    rows = [row for row in get_all_devices() if asked.includes(row)]
    return About(
        devices=[row["device_id"] for row in rows], receivers=list({row["receiver_id"] for row in rows})
    )
