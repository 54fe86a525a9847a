"""How soon a receiver is asked again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.tiers import Default, Facts, Place, Tier, tier

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
WELL = Facts(now=NOW, flagged=False, watched=False, failures=0, lost_at=None, troubled_at=None)
HALL = Default(place=Place.LOCATION, slug="hall", tier=Tier.CRITICAL)
SPARES = Default(place=Place.GROUP, slug="spares", tier=Tier.NORMAL)
LEADS = Default(place=Place.GROUP, slug="leads", tier=Tier.CRITICAL)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (WELL, (Tier.NORMAL, "well")),
        (replace(WELL, flagged=True), (Tier.CRITICAL, "flagged")),
        (replace(WELL, watched=True), (Tier.CRITICAL, "watched")),
        (replace(WELL, failures=1), (Tier.CRITICAL, "retrying")),
        (replace(WELL, troubled_at=NOW), (Tier.CRITICAL, "in trouble")),
        (replace(WELL, troubled_at=ago(minutes=2)), (Tier.CRITICAL, "in trouble a moment ago")),
        (replace(WELL, troubled_at=ago(minutes=2, seconds=1)), (Tier.NORMAL, "well")),
        (replace(WELL, failures=3, lost_at=NOW), (Tier.OFFLINE, "lost")),
        (replace(WELL, failures=3, lost_at=NOW, watched=True), (Tier.OFFLINE, "lost")),
        (
            replace(WELL, failures=9, lost_at=ago(minutes=9), flagged=True),
            (Tier.CRITICAL, "flagged, lost a moment ago"),
        ),
        (replace(WELL, failures=99, lost_at=ago(minutes=10), flagged=True), (Tier.OFFLINE, "lost")),
        (replace(WELL, defaults=(HALL,)), (Tier.CRITICAL, "location hall")),
        (replace(WELL, defaults=(HALL, SPARES)), (Tier.NORMAL, "group spares")),
        (replace(WELL, defaults=(SPARES, HALL, LEADS)), (Tier.CRITICAL, "group leads")),
        (replace(WELL, defaults=(SPARES,), flagged=True), (Tier.CRITICAL, "flagged")),
        (replace(WELL, defaults=(SPARES,), troubled_at=NOW), (Tier.CRITICAL, "in trouble")),
        (replace(WELL, defaults=(HALL,), failures=3, lost_at=NOW), (Tier.OFFLINE, "lost")),
    ],
)
def test_the_tier_follows_from_the_facts_and_tells_its_reason(
    facts: Facts, expected: tuple[Tier, str]
) -> None:
    assert tier(facts) == expected
