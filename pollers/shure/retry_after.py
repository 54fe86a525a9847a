"""How long a server that is asked too often wants to be left alone."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(seconds=300)  # a server that asks for a week still gets a question every five minutes

_SECONDS = re.compile(r"[0-9]{1,9}")
_AGES = re.compile(r"[0-9]+")  # more digits than that are longer than any pause, if not than any number


def pause(retry_after: str | None, *, date: str | None, now: datetime) -> timedelta:
    """Return the pause that a `Retry-After` asks for, from 1 to 300 s; 1 s when nobody can tell.

    It is a number of seconds or an HTTP date. A date counts from the answer's own `Date` if there is
    one, because the server's clock need not be ours, and from `now` otherwise.
    """
    return min(max(SHORTEST, _asked(retry_after or "", date or "", now)), LONGEST)


def _asked(retry_after: str, date: str, now: datetime) -> timedelta:
    if _SECONDS.fullmatch(retry_after):
        return timedelta(seconds=int(retry_after))
    if _AGES.fullmatch(retry_after):
        return LONGEST
    until = _instant(retry_after)
    return SHORTEST if until is None else until - (_instant(date) or now)


def _instant(http_date: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
