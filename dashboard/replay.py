"""The wall as it was, and what a scrubber needs to move through time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.absences import between as absences_between
from core.access import Principal, Visible, principal_of_request
from core.domain.state import instant
from dashboard import moments
from dashboard.api import wishes
from dashboard.api.answers import Problem, bad_request, endpoint, not_found
from dashboard.order import MOST_ON_A_PAGE
from dashboard.painted import context
from dashboard.shown import shown
from dashboard.wall import Wish
from realtime import replay
from realtime.replay import Retained

MILLISECOND = timedelta(milliseconds=1)
AROUND = timedelta(hours=1)  # what the scrubber shows on each side at first


def page(request: HttpRequest) -> HttpResponse:
    """Show the wall at the moment that the address names."""
    retained = replay.retained()
    at = moments.meant(request.GET["at"], retained.until)
    try:
        at, first = _kept(at, retained)
    except Problem as problem:
        return _no_such_moment(request, problem, retained)
    principal = principal_of_request(request)
    painted = context(request, lambda: replay.data_at(principal, at))
    since, until = max(at - AROUND, first), min(at + AROUND, retained.until)
    told = {
        "at": instant(at),
        "retained": [instant(first), instant(retained.until)],
        "around": [instant(since), instant(until)],
        "moments": told_moments(principal, since, until),
        "absences": _told_absences(since, until),
    }
    away = {
        name: moment and datetime.fromisoformat(moment)
        for name, moment in (painted["snapshot"]["away"] or {}).items()
    }
    # Most of what a wall of a thousand channels costs is their tiles, and nobody sees more of them than a page before
    # the browser draws them itself.
    tiles = painted["tiles"][:MOST_ON_A_PAGE]
    here = {**painted, "tiles": tiles, "at": at, "away": away, "replay": told}
    return render(request, "dashboard/replay.html", here)


def _no_such_moment(request: HttpRequest, problem: Problem, retained: Retained) -> HttpResponse:
    """Say what is wrong with a moment, and lead to one that there is."""
    told = {
        "wish": Wish.from_query(request.GET),
        "sentence": problem.sentence,
        "retained": retained,
        "days": settings.HISTORY_DAYS,
    }
    return render(request, "dashboard/no_such_moment.html", told, status=problem.status)


def _kept(at: datetime | None, retained: Retained) -> tuple[datetime, datetime]:
    """Return this moment, and the first of all that are kept. Raises a problem where there is no board of it."""
    if at is None:
        raise not_found("Write the moment as 2026-11-22T20:31:07Z, or as how long ago it is: -15m.")
    if retained.since is None:
        raise not_found("Nothing has been recorded yet: there is no past to show.")
    # A browser knows no microseconds: the beginning as it is told is a little before.
    if at < retained.since - MILLISECOND:
        begin = f"{retained.since:%A %-d %B %Y, %H:%M:%S} UTC"
        raise not_found(f"Nothing is kept of that moment: the history begins {begin}.")
    if at > retained.until:
        raise not_found("That moment is still to come.")
    return max(at, retained.since), retained.since


def _told_absences(since: datetime, until: datetime) -> list[dict[str, Any]]:
    return [replay.told_absence(absence) for absence in absences_between(since, until)]


def told_moments(principal: Principal | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
    return [
        {
            "at": instant(one.at),
            "state": one.alert["state"],
            "severity": one.alert["severity"],
            "text": shown(str(one.alert["message"])),
        }
        for one in replay.moments(principal, since, until)
    ]


@endpoint
def board(request: HttpRequest, _may_see: Visible) -> Mapping[str, Any]:
    """Answer the board at `at`; with `since` only what is another than it was then."""
    query = wishes.query_of(request, ("at", "since"))
    at, _ = _kept(wishes.moment(query, "at"), replay.retained())
    since = wishes.moment(query, "since")
    return replay.data_at(principal_of_request(request), at, since=since)


@endpoint
def alerts(request: HttpRequest, _may_see: Visible) -> Mapping[str, Any]:
    """Answer the alerts of a part of the past, and when nobody polled, for the scrubber's marks."""
    query = wishes.query_of(request, ("from", "to"))
    since, until = wishes.moment(query, "from"), wishes.moment(query, "to")
    if since is None or until is None:
        raise bad_request("Say from when to when.")
    return {
        "moments": told_moments(principal_of_request(request), since, until),
        "absences": _told_absences(since, until),
    }
