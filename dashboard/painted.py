"""What the wall's template is given: a snapshot of the board, painted as the address wishes."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest

from core.models import Group
from dashboard.ends import Places, is_time
from dashboard.faces import BLANK
from dashboard.order import MOST_ON_A_PAGE
from dashboard.wall import Wish, first_paint


def context(
    request: HttpRequest, read: Callable[[], Mapping[str, Any]], *, places: Places | None = None
) -> dict[str, Any]:
    """Return the context. `read()` is asked for the snapshot once the address is known to make sense.

    Raises `BadRequest`, or `Http404`, with a sentence.
    """
    wish = Wish.from_query(request.GET)
    if wish.until and not is_time(wish.until):
        raise BadRequest("Write until when batteries have to last as a time of day: until=22:30.")
    groups = list(Group.objects.all())
    group = next((group for group in groups if group.slug == wish.group), None)
    if wish.group is not None and group is None:
        raise Http404("There is no group of that name. An admin can add it under Groups.")
    snapshot = read()
    wall = first_paint(snapshot, wish, places=places)
    return {
        "wish": wish,
        "group": group,
        "groups": groups,
        "snapshot": snapshot,
        "wall": wall,
        "tiles": wall.tiles,
        "blank": BLANK,
        "most_on_a_page": MOST_ON_A_PAGE,
    }
