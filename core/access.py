"""Who asks, and what they may see: one function for every query and every socket."""

import contextlib
import hashlib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from core.domain.scopes import Scope, includes, parse, parse_all
from core.models import Token

_sessions = SessionStore()  # to decode what the table holds

TOKEN_PREFIX = "mic_"  # noqa: S105  marks a string as ours for secret scanners


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who has shown who they are: a signed-in user, or an integrator's token.

    `scopes` are what their token is held to, `narrowed_to` what the ticket that they came with asked for of it; empty
    means everything.
    """

    name: str
    user_id: int | None = None
    token_id: int | None = None
    scopes: tuple[str, ...] = ()
    narrowed_to: tuple[str, ...] = ()
    session_key: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def narrowed(self, scopes: Iterable[str]) -> "Principal":
        """Return this principal with eyes for these parts alone, of those that they may see.

        Raises `ValueError` where one is no scope, `Beyond` where it is not theirs, both with a sentence.
        """
        parts = tuple(str(scope) for scope in parse_all(scopes))
        if beyond := [part for part in parts if self.scopes and part not in self.scopes]:
            raise Beyond(f"This token does not see {beyond[0]}, but {', '.join(self.scopes)}.")
        return replace(self, narrowed_to=parts)


class Beyond(Exception):
    """Somebody asked for a part that they may not see. Its text is for them."""


@dataclass(frozen=True, slots=True)
class Visible:
    """What a principal may see, and what of it they asked for: a row is seen that is in both. None is everything."""

    scopes: frozenset[Scope] | None = None
    asked: frozenset[Scope] | None = None

    @classmethod
    def everything(cls) -> Self:
        return cls()

    @classmethod
    def nothing(cls) -> Self:
        return cls(frozenset())

    def asking(self, scopes: Iterable[Scope]) -> "Visible":
        """Return the part of this that somebody asks for; who asks for no part asks for all of it."""
        return replace(self, asked=frozenset(scopes) or None)

    def includes(self, row: Mapping[str, Any]) -> bool:
        """Say whether a channel's row, as the feed carries it, may be shown."""
        return all(part is None or includes(part, row) for part in (self.scopes, self.asked))


def visible(principal: Principal | None) -> Visible:
    """Return what this principal may see: all for anybody who is known, but for those who are held to parts."""
    if principal is None:
        return Visible.nothing()
    held_to = principal.narrowed_to or principal.scopes
    return Visible(frozenset(_readable(held_to))) if held_to else Visible.everything()


def _readable(texts: Iterable[str]) -> Iterator[Scope]:
    """Leave out what is no scope: it opens nothing, and must not open everything."""
    for text in texts:
        with contextlib.suppress(ValueError):
            yield parse(text)


def principal_of(
    user: AbstractBaseUser | AnonymousUser, *, session_key: str | None = None
) -> Principal | None:
    """Return the principal of a session's user, or None without a sign-in."""
    if not user.is_authenticated or not user.is_active:
        return None
    return Principal(name=user.get_username(), user_id=user.pk, session_key=session_key)


def may_act(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether somebody may take alerts over and mute parts: staff, and whom an admin gave the right to change
    alerts. Everybody else who has signed in looks on.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_staff or user.has_perm("core.change_alert")


def principal_of_request(request: HttpRequest) -> Principal | None:
    """Return who sends this: whose bearer token it bears, else whose session; None where neither holds.

    A token that opens nothing is not made up for by a session.
    """
    token = bearer_in(request.headers.get("Authorization", ""))
    if token is not None:
        return principal_of_token(token)
    return principal_of(request.user, session_key=request.session.session_key)


def bearer_in(header: str) -> str | None:
    """Return the token in an Authorization header, or None where it is of another kind."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def principal_of_session(key: str) -> Principal | None:
    """Return the principal of a browser's session, or None where it is over, or its user may not sign in any more."""
    return principals_of_sessions([key]).get(key)


def principals_of_sessions(keys: Collection[str]) -> dict[str, Principal]:
    """Return the principals of those of these sessions that are good, in two statements however many they are."""
    if not keys:
        return {}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=TransactionNow())
    told = {key: _sessions.decode(data) for key, data in sessions.values_list("session_key", "session_data")}
    signed_in = {key: int(one[SESSION_KEY]) for key, one in told.items() if SESSION_KEY in one}
    users = User.objects.filter(is_active=True).in_bulk(set(signed_in.values()))
    return {
        key: Principal(name=user.get_username(), user_id=user.pk, session_key=key)
        for key, user_id in signed_in.items()
        if (user := users.get(user_id)) and _signed_in_with_their_password(told[key], user)
    }


def _signed_in_with_their_password(session: Mapping[str, Any], user: User) -> bool:
    """Say whether the session was begun with the password that holds, under a secret key that does."""
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    digest = session.get(HASH_SESSION_KEY) or ""
    hold = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(digest, one) for one in hold)


def still_good(principals: Iterable[Principal]) -> set[Principal]:
    """Return those of these principals who would be let in again now, and see the same; in three statements at most."""
    asked = set(principals)
    tokens = principals_of_tokens({one.token_id for one in asked if one.token_id is not None})
    sessions = principals_of_sessions({one.session_key for one in asked if one.session_key is not None})

    def is_good(one: Principal) -> bool:
        if one.token_id is not None:
            return one.token_id in tokens and tokens[one.token_id].scopes == one.scopes
        return one.session_key is not None and sessions.get(one.session_key) == replace(one, narrowed_to=())

    return {one for one in asked if is_good(one)}


def principals_of_tokens(ids: Collection[int]) -> dict[int, Principal]:
    """Return the principals of those of these tokens that are good."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, scopes, expires_at FROM core_token WHERE id = ANY(%s) "
            "AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
            [list(ids)],
        )
        return {row[0]: _of_token(*row) for row in cursor.fetchall()}


def _of_token(token_id: int, name: str, scopes: list[str], expires_at: datetime | None) -> Principal:
    return Principal(name=name, token_id=token_id, scopes=tuple(scopes), expires_at=expires_at)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return what a new token is sent as. Only its digest is kept."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def create_token(
    name: str,
    *,
    scopes: Iterable[str] = (),
    created_by: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token and return it with its secret, which is not kept and cannot be shown again.

    Raises `ValueError` with a sentence where a scope is none.
    """
    secret = new_secret()
    token = Token.objects.create(
        name=name,
        digest=digest_of(secret),
        scopes=[str(scope) for scope in parse_all(scopes)],
        created_by_id=created_by,
        expires_at=expires_at,
    )
    return token, secret


# The use is noted at most once a minute, so that a client in a reconnect loop does not write at each try.
_USE = """
WITH good AS (
    SELECT id, name, scopes, expires_at, last_used_at FROM core_token
     WHERE digest = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
),
used AS (
    UPDATE core_token t SET last_used_at = now() FROM good
     WHERE t.id = good.id AND (good.last_used_at IS NULL OR good.last_used_at < now() - interval '1 minute')
)
SELECT id, name, scopes, expires_at FROM good
"""


def principal_of_token(secret: str) -> Principal | None:
    """Return the principal of a bearer token, or None where it is unknown, revoked or past its end."""
    with connection.cursor() as cursor:
        cursor.execute(_USE, [digest_of(secret)])
        row = cursor.fetchone()
    return None if row is None else _of_token(*row)
