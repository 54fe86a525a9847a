"""Which moment of the past an address means. Pure."""

import re
from datetime import UTC, datetime, timedelta

_BACK = re.compile(r"-(\d{1,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def meant(text: str, now: datetime) -> datetime | None:
    """Return the instant that "2026-11-22T20:31:07Z" means, or "-15m"; None where it means none.

    A time without an offset is one of UTC: only a browser knows its own zone.
    """
    if back := _BACK.fullmatch(text):
        return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
    try:
        # In an address + is a blank.
        at = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
