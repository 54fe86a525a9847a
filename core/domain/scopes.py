"""Scopes: parts of the board that a client asks for, or that a token is held to. Pure.

`location:main-a`, `group:stage-left`, `device:SHURE001` (also by the name that the board shows). Several mean
any of them.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("location", "group", "device")
LONGEST = 100  # characters
UNWRITABLE = frozenset(
    {"Cc", "Cs"}
)  # control characters and halves of others; Postgres does not keep all of them
MOST = 50  # of one token or ticket: each is compared with each row


@dataclass(frozen=True, slots=True)
class Scope:
    """One part of the board. Its text is what `parse` took."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    def includes(self, row: Mapping[str, Any]) -> bool:
        """Say whether a channel's row, as the feed carries it, belongs here."""
        match self.kind:
            case "location":
                return bool(row.get("location") == self.value)
            case "group":
                return any(slug == self.value for slug, _ in row.get("groups") or ())
            case _:
                named = str(row.get("name", "")).casefold() == self.value.casefold()
                return named or row["device_id"].casefold() == self.value.casefold()


# An update that has none of these leaves a row in the scopes that it was in.
DECIDING = frozenset({"location", "groups", "name"})


def parse(text: str) -> Scope:
    """Return the scope. Raises `ValueError` with a sentence that says what is wrong with it."""
    kind, _, value = text.partition(":")
    if kind not in KINDS or not value:
        raise ValueError(f"A scope is location:NAME, group:NAME or device:ID, not {text[:LONGEST]!r}.")
    if len(text) > LONGEST:
        raise ValueError(f"A scope has at most {LONGEST} characters.")
    if any(unicodedata.category(character) in UNWRITABLE for character in text):
        raise ValueError("A scope has no control characters.")
    return Scope(kind, value)


def parse_all(texts: Iterable[str]) -> tuple[Scope, ...]:
    """Return each scope once, in their order. Raises `ValueError` with a sentence about the first that is wrong."""
    scopes = tuple(dict.fromkeys(parse(text) for text in texts))
    if len(scopes) > MOST:
        raise ValueError(f"At most {MOST} scopes, not {len(scopes)}.")
    return scopes


def includes(scopes: Iterable[Scope], row: Mapping[str, Any]) -> bool:
    """Say whether any of these has this row."""
    return any(scope.includes(row) for scope in scopes)
