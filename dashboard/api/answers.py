"""How everything under `/api/` is answered: JSON, and what is wrong as a word and a sentence."""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from core.access import Visible, principal_of_request, visible

SAFE = ("GET", "HEAD")

Answer = Callable[..., Mapping[str, Any]]
View = Callable[..., HttpResponse]


class Problem(Exception):
    """What is wrong with a request: `code` for machines, `sentence` for people, and the headers that go with it."""

    def __init__(self, status: HTTPStatus, code: str, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.headers = status, code, sentence, headers


def bad_request(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "bad_request", sentence)


def not_found(sentence: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", sentence)


def not_signed_in() -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "not_signed_in",
        "Sign in, or send Authorization: Bearer TOKEN.",
        **{"WWW-Authenticate": "Bearer"},
    )


def endpoint(answer: Answer) -> View:
    """Have `answer(request, may_see, …)` answer reads of those who are known and may see something."""

    # Exempt, so that a POST is told in JSON that nothing is written here.
    @csrf_exempt
    @login_not_required
    @never_cache
    @wraps(answer)
    def view(request: HttpRequest, **named: str) -> HttpResponse:
        try:
            _require_a_read(request)
            return as_json(answer(request, _may_see(request), **named))
        except Problem as problem:
            return told(problem)

    return view


def _require_a_read(request: HttpRequest) -> None:
    if request.method not in SAFE:
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This can only be read.",
            Allow=", ".join(SAFE),
        )


def _may_see(request: HttpRequest) -> Visible:
    principal = principal_of_request(request)
    if principal is None:
        raise not_signed_in()
    may_see = visible(principal)
    if may_see == Visible.nothing():
        raise Problem(HTTPStatus.FORBIDDEN, "not_allowed", "You may not see anything. Ask your admin.")
    return may_see


@csrf_exempt
@login_not_required
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Answer where no address matches."""
    slash = "" if request.path.endswith("/") else " Addresses here end in a slash."
    return told(not_found(f"There is nothing at {request.path}.{slash}"))


def told(problem: Problem) -> HttpResponse:
    response = as_json({"error": {"code": problem.code, "message": problem.sentence}}, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def as_json(payload: Mapping[str, Any], *, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    return HttpResponse(orjson.dumps(payload), content_type="application/json", status=status)
