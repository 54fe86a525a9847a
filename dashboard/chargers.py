"""The chargers' page: every bay, and how far its battery is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.access import principal_of
from core.models import Group
from dashboard.bays import bays
from dashboard.faces import BLANK
from dashboard.wall import Wish
from realtime.snapshot import initial_data


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    snapshot = initial_data(principal_of(request.user))
    return render(
        request,
        "dashboard/chargers.html",
        {
            "page": "chargers",
            "wish": Wish.from_query(request.GET),
            "groups": list(Group.objects.all()),
            "snapshot": snapshot,
            "bays": bays(snapshot),
            "blank": BLANK,
        },
    )
