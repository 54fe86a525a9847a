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


class Place(StrEnum):
    """What has a default tier. The first outranks the second: a group is chosen channel by channel."""

    GROUP = "group"
    LOCATION = "location"


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """The tier at which a place holds receivers that are otherwise well; `slug` names the place."""

    place: Place
    slug: str
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the choice of tier depends on, and nothing else.

    `lost_at` is when the receiver was first counted as lost, `troubled_at` when one of its channels was last
    in warning or critical; both are None where that is not so. `defaults` are those of its groups and location.
    """

    now: datetime
    flagged: bool
    watched: bool
    failures: int
    lost_at: datetime | None
    troubled_at: datetime | None
    defaults: tuple[Default, ...] = ()


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
    if facts.defaults:
        default = min(facts.defaults, key=_rank)
        return default.tier, f"{default.place} {default.slug}"
    return Tier.NORMAL, "well"


def _rank(default: Default) -> tuple[bool, bool, str]:
    """Groups come before the location, and among groups of different minds the one that asks more often."""
    return default.place is not Place.GROUP, default.tier is not Tier.CRITICAL, default.slug
