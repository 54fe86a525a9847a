"""How soon to ask a receiver again, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Tier(StrEnum):
    CRITICAL = "critical"
    NORMAL = "normal"
    OFFLINE = "offline"


DEFAULT_INTERVALS_S: Mapping[Tier, float] = {Tier.CRITICAL: 10, Tier.NORMAL: 30, Tier.OFFLINE: 60}

LOST_AFTER = 3  # polls without an answer; fewer would call a rebooting switch a lost receiver
FLAGGED_KEEPS_CRITICAL = timedelta(minutes=10)
TROUBLE_LINGERS = timedelta(minutes=2)  # long enough that a value on the edge does not flap between tiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the choice of tier depends on, and nothing else.

    `lost_at` is when the receiver was first counted as lost, `troubled_at` when one of its channels was last
    in warning or critical; both are None where that is not so.
    """

    now: datetime
    flagged: bool
    watched: bool
    failures: int
    lost_at: datetime | None
    troubled_at: datetime | None


def tier(facts: Facts) -> tuple[Tier, str]:
    """Return the tier and its reason: a lost receiver is asked least often, one in trouble most often."""
    if facts.lost_at is not None:
        if facts.flagged and facts.now - facts.lost_at < FLAGGED_KEEPS_CRITICAL:
            return Tier.CRITICAL, "flagged, lost a moment ago"
        return Tier.OFFLINE, "lost"
    if facts.failures:
        return Tier.CRITICAL, "retrying"
    if facts.flagged:
        return Tier.CRITICAL, "flagged"
    if facts.watched:
        return Tier.CRITICAL, "watched"
    if facts.troubled_at is not None:
        age = facts.now - facts.troubled_at
        if age <= TROUBLE_LINGERS:
            return Tier.CRITICAL, "in trouble" if not age else "in trouble a moment ago"
    return Tier.NORMAL, "well"
