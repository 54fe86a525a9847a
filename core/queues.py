"""The queues by name. A tier has its own, so that one that is full holds nobody else up."""

from core.domain.tiers import Tier

SUSPECT = "poll.suspect"  # receivers whose last poll failed: a rack of dead ones starves nobody
REALTIME = "realtime"
POLLING = (*(f"poll.{tier}" for tier in Tier), SUSPECT)


def queue_of(tier: Tier, *, failing: bool) -> str:
    return SUSPECT if failing else f"poll.{tier}"
