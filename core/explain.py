"""Why a receiver is polled as it is, in sentences: tier and reason, interval, next poll, sources."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection

from core.domain.reading import Source
from core.domain.tiers import FLAGGED_KEEPS_CRITICAL, LOST_AFTER, TROUBLE_LINGERS
from core.models import Receiver

REASONS = {
    "new": "it has not been polled yet",
    "well": "it answers, and none of its channels is in trouble",
    "in trouble": "one of its channels is in warning or critical",
    "in trouble a moment ago": f"one of its channels was in trouble less than {TROUBLE_LINGERS.seconds // 60} min ago",
    "retrying": f"its last poll failed; after {LOST_AFTER} such it counts as lost",
    "lost": "it is lost",
    "flagged": "an admin flagged it as critical",
    "flagged, lost a moment ago": "an admin flagged it as critical: it is asked at that interval for "
    f"{FLAGGED_KEEPS_CRITICAL.seconds // 60} min after it was lost",
    "watched": "somebody is looking at it",
}
NAMES = {
    Source.SYSTEM_API: "its server (System API)",
    Source.COMMAND_STRINGS: "the receiver (command strings)",
}


def find(name: str) -> Receiver | None:
    """Return the receiver of this code, channel's id or alias."""
    return Receiver.objects.named(name).select_related("server", "claim").first()


def schedule(receiver: Receiver) -> Iterator[str]:
    """Yield what there is to know of a receiver's polls, a line each."""
    claim = receiver.claim
    now, interval_s, tier_enabled = _interval(receiver)
    yield f"{receiver} ({receiver.model or 'model not told yet'}) of {receiver.server.name}"
    yield f"Tier: {claim.tier}, because {REASONS.get(claim.tier_reason, claim.tier_reason)}."
    own = "its own" if receiver.interval_s else f"that of the tier {claim.tier}"
    yield f"Interval: {interval_s:g} s, {own}."
    yield f"Next poll: {_next(receiver, now, interval_s, tier_enabled=tier_enabled)}"
    last = "never" if claim.polled_at is None else _ago(claim.polled_at, now)
    yield f"Last poll: {last}; {claim.failures} failed in a row."
    if claim.lost_at:
        yield f"Lost: {_ago(claim.lost_at, now)}."
    for source in receiver.sources:
        ok_at = getattr(claim, f"{source}_ok_at")
        error = getattr(claim, f"{source}_error")
        answered = "has not answered yet" if ok_at is None else f"answered {_ago(ok_at, now)}"
        yield f"Source: {NAMES[Source(source)]} {answered}.{f' It fails: {error}' if error else ''}"


def _next(receiver: Receiver, now: datetime, interval_s: float, *, tier_enabled: bool) -> str:
    claim = receiver.claim
    if not receiver.enabled:
        return "none: the receiver is disabled."
    if not receiver.server.enabled:
        return f"none: the server {receiver.server.name} is disabled."
    if not tier_enabled:
        return f"none: the tier {claim.tier} is disabled under Periodic tasks."
    if claim.inflight_until is not None and claim.inflight_until > now:
        return "it is being polled at this moment."
    due = claim.slot_at + timedelta(seconds=interval_s)
    if claim.wanted or due <= now:
        return "due now; beat claims it within half a second. If it stays so, beat does not run."
    return f"in {(due - now).total_seconds():.0f} s."


def _interval(receiver: Receiver) -> tuple[datetime, float, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now(), seconds, enabled FROM core_tiers() WHERE tier = %s", [receiver.claim.tier]
        )
        now, seconds, enabled = cursor.fetchone()
    return now, receiver.interval_s or seconds, enabled


def _ago(at: datetime, now: datetime) -> str:
    seconds = max(0, round((now - at).total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min ago"
    return f"{minutes} min {seconds % 60} s ago" if minutes else f"{seconds} s ago"
