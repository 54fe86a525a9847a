"""`POST /api/v1/tickets/`: a way in for a page that can send the feed neither a header nor a cookie of ours."""

from http import HTTPStatus
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from core.access import Beyond, principal_of_request
from core.domain.state import instant
from core.tickets import GOOD_FOR_S, MOST_AT_ONCE, Gone, TooMany, issue
from dashboard.api.answers import Problem, as_json, not_signed_in, told

LONGEST_BODY = 8192  # bytes; as many scopes as a ticket may have


# Exempt only from the middleware's check: a session is checked below, a token needs none.
@csrf_exempt
@login_not_required
@never_cache
def tickets(request: HttpRequest) -> HttpResponse:
    """Answer with a ticket, its end, and the address that it opens."""
    try:
        secret, expires_at = _issue(request)
    except Problem as problem:
        return told(problem)
    return as_json(
        {
            "ticket": secret,
            "expires_at": instant(expires_at),
            "url": f"/ws/devices/?ticket={secret}",
        },
        status=HTTPStatus.CREATED,
    )


def _issue(request: HttpRequest) -> Any:
    if request.method != "POST":
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Tickets are made by POST.", Allow="POST"
        )
    principal = principal_of_request(request)
    if principal is None:
        raise not_signed_in()
    if principal.token_id is None and not _comes_from_our_page(request):
        raise Problem(
            HTTPStatus.FORBIDDEN, "csrf", "A session needs the header X-CSRFToken with the cookie's value."
        )
    try:
        return issue(principal, _scopes_in(request))
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "bad_scope", str(error)) from error
    except Beyond as error:
        raise Problem(HTTPStatus.FORBIDDEN, "beyond_scope", str(error)) from error
    except TooMany as error:
        sentence = f"There are {MOST_AT_ONCE} tickets of yours that nobody has used: use one, or wait."
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_tickets", sentence, **{"Retry-After": str(GOOD_FOR_S)}
        ) from error
    except Gone as error:
        raise not_signed_in() from error


def _comes_from_our_page(request: HttpRequest) -> bool:
    """Say whether Django's own check lets it pass."""

    def unexempted(_request: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    return CsrfViewMiddleware(unexempted).process_view(request, unexempted, (), {}) is None


def _scopes_in(request: HttpRequest) -> list[str]:
    """Return what the body asks for. Raises `Problem`."""
    if request.content_type != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "Send JSON, with Content-Type: application/json."
        )
    body = request.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise Problem(HTTPStatus.BAD_REQUEST, "too_long", f"At most {LONGEST_BODY} bytes.")
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "malformed", "That is no JSON.") from error
    match asked:
        case {"scope": [*scopes]} if len(asked) == 1 and all(isinstance(scope, str) for scope in scopes):
            return scopes
        case {} if not asked:
            return []
        case _:
            sentence = 'Send {} or {"scope": ["location:main-a"]}, and nothing else.'
            raise Problem(HTTPStatus.BAD_REQUEST, "bad_request", sentence)
