"""The pages that say how to read the feed and ask over REST: the published documents, for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.models import Group
from dashboard import reference
from dashboard.api.document import openapi
from dashboard.wall import Wish
from realtime.contract import Document, asyncapi


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    document = asyncapi()
    return _page(
        request,
        "feed",
        document,
        {
            "endpoints": reference.endpoints(document),
            "told": reference.messages(document, "send"),
            "heard": reference.messages(document, "receive"),
            "words": reference.words(document),
            "codes": document["x-close-codes"],
            "limits": document["x-limits"],
            "notes": document["x-notes"],
        },
    )


@require_safe
def rest(request: HttpRequest) -> HttpResponse:
    document = openapi()
    operations = reference.operations(document)
    problems = {status: means for operation in operations for status, means in operation.problems}
    return _page(request, "rest", document, {"operations": operations, "problems": sorted(problems.items())})


def _page(request: HttpRequest, page: str, document: Document, content: dict[str, Any]) -> HttpResponse:
    """Render a page with what both have. `local` are the shapes that are described on it, the others on the feed's."""
    feeds_own = asyncapi()["components"]["schemas"] if page == "rest" else {}
    shapes = [shape for shape in reference.shapes(document) if shape.name not in feeds_own]
    local = {shape.name for shape in shapes} | {each.name for each in content.get("words", ())}
    return render(
        request,
        f"dashboard/{page}.html",
        {
            "page": page,
            "document": document,
            "shapes": shapes,
            "local": local,
            "wish": Wish.from_query(request.GET),
            "groups": list(Group.objects.all()),
            "site": f"{request.scheme}://{request.get_host()}",
            "sockets": f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}",
            **content,
        },
    )
