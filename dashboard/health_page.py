"""The health page, and in it why a receiver is polled as it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import explain
from core.models import Group
from dashboard import health
from dashboard.wall import Wish


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    why = request.GET.get("why", "").strip()
    receiver = explain.find(why) if why.isprintable() and why else None
    return render(
        request,
        "dashboard/health.html",
        {
            "page": "health",
            "wish": Wish.from_query(request.GET),
            "groups": list(Group.objects.all()),
            "health": health.now(),
            "flower": health.flower_address(request.get_host()),
            "may_look": request.user.has_perm("core.view_receiver"),
            "why": why,
            "receiver": receiver,
            "explanation": explain.explanation(receiver) if receiver else None,
        },
    )
