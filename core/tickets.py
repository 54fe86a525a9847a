"""Tickets: how a kiosk, or a page on another origin, comes in without header and cookie. Each is good once."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from core.access import Beyond, Principal, digest_of, principals_of_sessions, principals_of_tokens

GOOD_FOR_S = 30
MOST_AT_ONCE = 100  # that one session or token has asked for and nobody has used; only a loop needs more


class TooMany(Exception):
    """There are tickets enough of this issuer: use those, or wait until they are past their end."""


class Gone(Exception):
    """The session or the token ended while the ticket was being made."""


# Two statements, because only a second one sees what another request put there before the lock was had.
_LOCK = {
    "token": "SELECT FROM core_token WHERE id = %s FOR NO KEY UPDATE",
    "session": "SELECT FROM django_session WHERE session_key = %s FOR NO KEY UPDATE",
}
_ISSUE = """
WITH over AS (
    DELETE FROM core_ticket WHERE (token_id = %(token)s OR session_id = %(session)s) AND expires_at <= now()
)
INSERT INTO core_ticket (digest, token_id, session_id, scopes, expires_at)
SELECT %(digest)s, %(token)s, %(session)s, %(scopes)s,
       least(now() + make_interval(secs => %(good_for_s)s), %(ends_at)s::timestamptz)
 WHERE (SELECT count(*) FROM core_ticket
         WHERE (token_id = %(token)s OR session_id = %(session)s) AND expires_at > now()) < %(most)s
RETURNING expires_at
"""


def issue(principal: Principal, scopes: Iterable[str] = ()) -> tuple[str, datetime]:
    """Return a ticket of this principal for these parts, or for all that they see, and until when it is good.

    Raises as `Principal.narrowed` does, `TooMany` and `Gone`.
    """
    narrowed = principal.narrowed(scopes)
    secret = secrets.token_urlsafe(32)
    issuer = {"token": principal.token_id, "session": principal.session_key}
    with transaction.atomic(), connection.cursor() as cursor:
        for kind, key in issuer.items():
            if key is not None:
                cursor.execute(_LOCK[kind], [key])
                if cursor.fetchone() is None:
                    raise Gone
        cursor.execute(
            _ISSUE,
            {
                **issuer,
                "digest": digest_of(secret),
                "scopes": list(narrowed.narrowed_to),
                "good_for_s": GOOD_FOR_S,
                "ends_at": principal.expires_at,
                "most": MOST_AT_ONCE,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise TooMany
    return secret, row[0]


def principal_of_ticket(secret: str) -> Principal | None:
    """Use a ticket up, and return whose it is; None where it is unknown, used, past its end, or its issuer's is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_ticket WHERE digest = %s AND expires_at > now() RETURNING token_id, session_id, scopes",
            [digest_of(secret)],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    token_id, session_key, scopes = row
    if token_id is not None:
        issuer = principals_of_tokens([token_id]).get(token_id)
    else:
        issuer = principals_of_sessions([session_key]).get(session_key)
    try:
        return issuer and issuer.narrowed(scopes)
    except Beyond:  # the token sees less by now
        return None
