"""Locations as a wall knows them, and asks for them again."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.domain.state import instant
from core.models import Location
from dashboard.shown import shown


def places() -> dict[str, dict[str, Any]]:
    """Return every location by its slug: title, zone, and when its event ends."""
    return {
        location.slug: {
            "title": shown(location.title),
            "zone": location.zone,
            "ends_at": None if location.event_ends_at is None else instant(location.event_ends_at),
        }
        for location in Location.objects.all()
    }


@never_cache
@require_safe
def told(_request: HttpRequest) -> JsonResponse:
    return JsonResponse(places())
