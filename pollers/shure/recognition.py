"""Whether the receiver that answered is the one that was asked for, by the name that it says.

Addresses swap, and of two receivers of one model nothing else tells them apart over command strings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pollers.shure.errors import Unanswered

SAID = "said"  # in a poll's memory: {"as": the name, "doubted_at": seconds since 1970, where it is in doubt}
DOUBTED_FOR = timedelta(minutes=10)  # a receiver may have been renamed where its server does not notice
SAYS_AT_MOST = 8  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """`known`: it is the one. `name`: what the server calls it now, where that was asked. `kept`: for the memory."""

    known: bool
    name: str | None = None
    kept: Mapping[str, Any]


def recognise(
    said: str, *, name: str, kept: Mapping[str, Any], now: datetime, ask_name: Callable[[], str | None]
) -> Recognition:
    """Compare what a receiver says its name is with what it said before (`kept`) and with its server's `name` for it.

    Only a receiver that said what its server calls it, and now says otherwise, is in doubt. Then the server is asked:
    `ask_name` returns its name for it now, None where it has none, and may raise `Unanswered`. As long as that is the
    old name the receiver is another one, for ten minutes at most.
    """
    before = kept.get("as")
    if said == before or before is None or not stands_for(before, name):
        return Recognition(known=True, kept={"as": said})
    try:
        name_now = ask_name()
    except Unanswered:
        name_now = name
    doubted_at = kept.get("doubted_at", now.timestamp())
    bears_with = now.timestamp() - doubted_at < DOUBTED_FOR.total_seconds()
    if name_now is not None and stands_for(before, name_now) and bears_with:
        return Recognition(known=False, kept={"as": before, "doubted_at": doubted_at})
    return Recognition(known=True, name=name_now, kept={"as": said})


def stands_for(said: str, name: str) -> bool:
    """Say whether a receiver whose server calls it `name` would say this of itself: its first ASCII characters."""
    spoken = name.encode("ascii", "replace").decode()[:SAYS_AT_MOST]
    return spoken.strip().casefold() == said.strip().casefold()
