"""The pages. What they show is decided in `wall`, `order` and `faces`."""

from datetime import datetime
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.access import principal_of
from core.alerting import muted_now
from core.domain.state import AlertState
from dashboard import replay
from dashboard.alerts import muted
from dashboard.painted import context
from dashboard.places import places
from realtime.health import readiness
from realtime.snapshot import initial_data


# Not kept by the browser: Back would show values of an hour ago as if they were now.
@never_cache
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    try:
        return replay.page(request) if request.GET.get("at") else _live(request)
    except BadRequest as wrong:
        return render(request, "400.html", {"sentence": wrong}, status=HTTPStatus.BAD_REQUEST)


def _live(request: HttpRequest) -> HttpResponse:
    known = places()
    painted = context(request, lambda: initial_data(principal_of(request.user)), places=known)
    snapshot = painted["snapshot"]
    alerts = {
        "open_alerts": sum(alert["state"] == AlertState.OPEN for alert in snapshot["alerts"]),
        "muted": muted(muted_now(), datetime.fromisoformat(snapshot["timestamp"])),
    }
    return render(request, "dashboard/wall.html", {**painted, **alerts, "places": known, "build": _build()})


@never_cache
@require_safe
def build(_request: HttpRequest) -> HttpResponse:
    """Name what pages are made of now, so that one that nobody reloads knows when it is of yesterday."""
    return HttpResponse(_build(), content_type="text/plain")


def _build() -> str:
    return getattr(staticfiles_storage, "manifest_hash", "")


class SignIn(LoginView):
    template_name = "dashboard/sign_in.html"
    redirect_authenticated_user = True


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that this process answers; asks nothing of the database, so that an outage there is told apart."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say whether clients are served whole and live, and what is in the way: 200, or 503 with sentences."""
    complaints = readiness()
    status = HTTPStatus.SERVICE_UNAVAILABLE if complaints else HTTPStatus.OK
    return JsonResponse({"ready": not complaints, "complaints": complaints}, status=status)


@login_not_required
@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Serve those who ask without having read the page's own link, as the admin's pages do."""
    return HttpResponseRedirect(static("micboard/icons/ok.svg"))
