"""The pages. What they show is decided in `wall`, `order` and `faces`."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.access import principal_of
from core.models import Group
from dashboard.faces import BLANK
from dashboard.order import MOST_ON_A_PAGE
from dashboard.wall import Wish, first_paint
from realtime.health import readiness
from realtime.snapshot import initial_data


# Not kept by the browser: Back would show values of an hour ago as if they were now.
@never_cache
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    wish = Wish.from_query(request.GET)
    groups = list(Group.objects.all())
    group = next((group for group in groups if group.slug == wish.group), None)
    if wish.group is not None and group is None:
        raise Http404("There is no group of that name. An admin can add it under Groups.")
    snapshot = initial_data(principal_of(request.user))
    return render(
        request,
        "dashboard/wall.html",
        {
            "wish": wish,
            "group": group,
            "groups": groups,
            "snapshot": snapshot,
            "wall": first_paint(snapshot, wish),
            "blank": BLANK,
            "most_on_a_page": MOST_ON_A_PAGE,
        },
    )


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
