"""Why a receiver is polled as it is, in sentences: tier and reason, interval, next poll, sources, its last polls.

The command and the receiver's page in the admin tell the same, from one `explanation`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from core.domain.reading import Source
from core.domain.tiers import FLAGGED_KEEPS_CRITICAL, LOST_AFTER, TROUBLE_LINGERS, Place
from core.models import Claim, PollRecord, Receiver

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
NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One of the last polls, in people's words; `results` has a source's name and its word each."""

    at: datetime
    ago: str
    took: str
    tier: str
    results: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that there is to know of a receiver's polls: what it is, a sentence for each subject, the last polls."""

    title: str
    sentences: tuple[tuple[str, str], ...]
    polls: tuple[Poll, ...]
    sources: tuple[str, ...] = tuple(NAMES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When a receiver is polled next: in a few words for a list, and in a sentence."""

    short: str
    sentence: str


def find(name: str) -> Receiver | None:
    """Return the receiver of this code, channel's id or alias."""
    return Receiver.objects.named(name).select_related("server", "claim").first()


def explanation(receiver: Receiver) -> Explanation:
    """Explain a receiver, which has its claim and its server with it."""
    now, interval_s, tier_enabled = _interval(receiver)
    return Explanation(
        title=f"{receiver} ({receiver.model or 'model not told yet'}) of {receiver.server.name}",
        sentences=tuple(_sentences(receiver, now, interval_s, tier_enabled=tier_enabled)),
        polls=tuple(_poll(poll, now) for poll in receiver.polls.order_by("-claim_seq")),
    )


def schedule(receiver: Receiver) -> Iterator[str]:
    """Yield what there is to know of a receiver's polls, a line each."""
    told = explanation(receiver)
    yield told.title
    for subject, sentence in told.sentences:
        yield f"{subject}: {sentence}"
    for poll in told.polls:
        results = ", ".join(f"{name} {word}" for name, word in poll.results.items())
        yield f"Poll {poll.ago}, tier {poll.tier}: took {poll.took}; {results}."


def why(reason: str) -> str:
    """Return what a tier's reason means, to stand after "because"."""
    for place in Place:
        if reason.startswith(f"{place} "):
            return f"that is the default tier of its {reason}, and it is well"
    return REASONS.get(reason, reason)


def next_poll(claim: Claim, *, now: datetime, interval_s: float, tier_enabled: bool) -> Next:
    """Say when the receiver of this claim is polled next, or why it is not."""
    receiver = claim.receiver
    if not receiver.enabled:
        return Next(short="none: it is disabled", sentence="none: the receiver is disabled.")
    if not receiver.server.enabled:
        sentence = f"none: the server {receiver.server.name} is disabled."
        return Next(short="none: its server is disabled", sentence=sentence)
    if claim.inflight_until is not None and claim.inflight_until > now:
        return Next(short="under way", sentence="it is being polled at this moment.")
    due = claim.slot_at + timedelta(seconds=interval_s)
    if claim.wanted or (due <= now and tier_enabled):
        sentence = "due now; beat claims it within half a second. If it stays so, beat does not run."
        return Next(short="due now", sentence=sentence)
    if not tier_enabled:
        sentence = f"none: the tier {claim.tier} is disabled under Periodic tasks."
        return Next(short="none: its tier is disabled", sentence=sentence)
    wait = f"in {(due - now).total_seconds():.0f} s"
    return Next(short=wait, sentence=f"{wait}.")


def ago(at: datetime, now: datetime) -> str:
    seconds = max(0, round((now - at).total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min ago"
    return f"{minutes} min {seconds % 60} s ago" if minutes else f"{seconds} s ago"


def _sentences(
    receiver: Receiver, now: datetime, interval_s: float, *, tier_enabled: bool
) -> Iterator[tuple[str, str]]:
    claim = receiver.claim
    yield "Tier", f"{claim.tier}, because {why(claim.tier_reason)}."
    own = "its own" if receiver.interval_s else f"that of the tier {claim.tier}"
    yield "Interval", f"{interval_s:g} s, {own}."
    coming = next_poll(claim, now=now, interval_s=interval_s, tier_enabled=tier_enabled)
    yield "Next poll", coming.sentence
    last = "never" if claim.polled_at is None else ago(claim.polled_at, now)
    yield "Last poll", f"{last}; {claim.failures} failed in a row."
    if claim.lost_at:
        yield "Lost", f"{ago(claim.lost_at, now)}."
    for source in receiver.sources:
        ok_at = getattr(claim, f"{source}_ok_at")
        error = getattr(claim, f"{source}_error")
        answered = "has not answered yet" if ok_at is None else f"answered {ago(ok_at, now)}"
        yield "Source", f"{NAMES[Source(source)]} {answered}.{f' It fails: {error}' if error else ''}"


def _poll(poll: PollRecord, now: datetime) -> Poll:
    words: Mapping[Source, str | None] = {source: getattr(poll, source) for source in Source}
    return Poll(
        at=poll.started_at,
        ago=ago(poll.started_at, now),
        took=f"{poll.duration_ms} ms" if poll.duration_ms < 1000 else f"{poll.duration_ms / 1000:.1f} s",  # noqa: PLR2004
        tier=poll.tier,
        results={NAMES[source]: (word or NOT_ASKED).replace("_", " ") for source, word in words.items()},
    )


def _interval(receiver: Receiver) -> tuple[datetime, float, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now(), seconds, enabled FROM core_tiers() WHERE tier = %s", [receiver.claim.tier]
        )
        now, seconds, enabled = cursor.fetchone()
    return now, receiver.interval_s or seconds, enabled
