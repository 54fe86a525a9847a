"""How many polls a second the schedule needs, how many are done, and what an edit would need."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson
from django.conf import settings
from django.db import connection

from core.domain.tiers import Tier
from core.models import PollRecord
from core.models.devices import LONGEST_INTERVAL_S, SHORTEST_INTERVAL_S, TOO_LONG, TOO_SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLoad:
    """A tier as it stands: `needed_per_s` is what its receivers' intervals ask for, `done_per_s` what was recorded."""

    tier: Tier
    interval_s: float
    enabled: bool
    receivers: int
    needed_per_s: float
    done_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """All tiers together, beside what the machine is set to."""

    receivers: int
    needed_per_s: float
    done_per_s: float
    most_per_s: float

    @property
    def is_too_much(self) -> bool:
        return self.needed_per_s > self.most_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """How a tier is polled, as its row under Periodic tasks says."""

    tier: Tier
    interval_s: float
    enabled: bool


def tiers() -> list[TierRow]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tier, seconds, enabled FROM core_tiers()")
        return [
            TierRow(tier=Tier(tier), interval_s=seconds, enabled=enabled)
            for tier, seconds, enabled in cursor.fetchall()
        ]


# Of each receiver ten polls are kept. Where all ten are younger than the minute, they tell a shorter while.
_BY_TIER = """
WITH needed AS (
    SELECT c.tier, count(*) AS receivers, sum(1 / coalesce(r.interval_s, t.seconds)) AS per_s
      FROM core_claim c
      JOIN core_receiver r ON r.id = c.receiver_id AND r.enabled
      JOIN core_server s ON s.id = r.server_id AND s.enabled
      JOIN core_tiers() t ON t.tier = c.tier
     GROUP BY c.tier
),
of_each AS (
    SELECT tier, count(*) OVER one AS polls, min(started_at) OVER one AS since
      FROM core_pollrecord
     WHERE started_at > now() - interval '1 minute'
    WINDOW one AS (PARTITION BY receiver_id)
),
done AS (
    SELECT tier, sum(1 / CASE WHEN polls < %(kept)s THEN 60
                              ELSE greatest(1, extract(epoch FROM now() - since)) END) AS per_s
      FROM of_each GROUP BY tier
)
SELECT t.tier, t.seconds, t.enabled, coalesce(n.receivers, 0),
       CASE WHEN t.enabled THEN coalesce(n.per_s, 0) ELSE 0 END::float8, coalesce(d.per_s, 0)::float8
  FROM core_tiers() t LEFT JOIN needed n ON n.tier = t.tier LEFT JOIN done d ON d.tier = t.tier
"""


def by_tier() -> list[TierLoad]:
    """Return the load of each tier, over the last minute, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_TIER, {"kept": PollRecord.KEPT})
        found = {row[0]: row for row in cursor.fetchall()}
    return [
        TierLoad(
            tier=tier,
            interval_s=found[tier][1],
            enabled=found[tier][2],
            receivers=found[tier][3],
            needed_per_s=found[tier][4],
            done_per_s=found[tier][5],
        )
        for tier in Tier
    ]


def total(tiers: Collection[TierLoad]) -> Total:
    return Total(
        receivers=sum(tier.receivers for tier in tiers),
        needed_per_s=sum(tier.needed_per_s for tier in tiers),
        done_per_s=sum(tier.done_per_s for tier in tiers),
        most_per_s=settings.MAX_POLLS_PER_S,
    )


# What is disabled needs nothing; `concerned` are those whose interval the edit sets.
_WITH_EDIT = """
SELECT count(*) FILTER (WHERE i.concerned), coalesce(sum(1 / i.seconds), 0)::float8,
       coalesce(sum(1 / i.edited), 0)::float8
  FROM core_claim c
  JOIN core_receiver r ON r.id = c.receiver_id
  JOIN core_server s ON s.id = r.server_id
  JOIN core_tiers() t ON t.tier = c.tier
 CROSS JOIN LATERAL (
    SELECT coalesce(r.id = ANY(%(receivers)s), false) AS own, (%(tiers)s::jsonb ->> c.tier)::float8 AS of_tier) e
 CROSS JOIN LATERAL (
    SELECT e.own OR (e.of_tier IS NOT NULL AND r.interval_s IS NULL) AS concerned,
           CASE WHEN t.enabled THEN coalesce(r.interval_s, t.seconds) END AS seconds,
           CASE WHEN t.enabled OR e.of_tier IS NOT NULL
                THEN coalesce(CASE WHEN e.own THEN %(own)s ELSE r.interval_s END, e.of_tier, t.seconds) END AS edited) i
 WHERE r.enabled AND s.enabled
"""


def refusal(
    interval_s: float, *, tiers: Collection[Tier] = (), receivers: Collection[int] = ()
) -> str | None:
    """Return why these tiers, or these receivers, are not polled at this interval, or None where they may be.

    It is too short or too long, or all polls together would be more than the machine is set to. An edit that asks
    for fewer than before is never too many.
    """
    sentences = []
    if interval_s < SHORTEST_INTERVAL_S:
        sentences.append(TOO_SHORT)
    if interval_s > LONGEST_INTERVAL_S:
        sentences.append(TOO_LONG)
    if interval_s > 0 and (too_many := _too_many(interval_s, tiers, receivers)):
        sentences.append(too_many)
    return " ".join(sentences) or None


def _too_many(interval_s: float, tiers: Collection[Tier], receivers: Collection[int]) -> str | None:
    intervals: Mapping[str, float] = {tier.value: interval_s for tier in tiers}
    with connection.cursor() as cursor:
        cursor.execute(
            _WITH_EDIT,
            {"receivers": list(receivers), "own": interval_s, "tiers": orjson.dumps(intervals).decode()},
        )
        concerned, now_per_s, then_per_s = cursor.fetchone()
    most = settings.MAX_POLLS_PER_S
    if then_per_s <= max(most, now_per_s):
        return None
    these = concerned / interval_s
    others = then_per_s - these
    who = "1 receiver" if concerned == 1 else f"{concerned:,} receivers"
    together = f", {shown(then_per_s)} with all others" if others >= 1 else ""
    room = most - others
    # The others alone may be too many already: then no interval of these would do.
    shortest = math.ceil(max(SHORTEST_INTERVAL_S, concerned / room)) if room > 0 else LONGEST_INTERVAL_S + 1
    advice = (
        f" Choose {shortest:,} s or more." if SHORTEST_INTERVAL_S < shortest <= LONGEST_INTERVAL_S else ""
    )
    return (
        f"{who} every {interval_s:g} s would need {shown(these)} poll{'' if these == 1 else 's'} a second{together}; "
        f"Micboard is set to {shown(most)} at the most (MICBOARD_MAX_POLLS_PER_S).{advice}"
    )


def shown(number: float) -> str:
    """Return a number as people read it: hundredths where it is tiny, thousands apart where it is large."""
    for below, digits in ((0.095, 2), (99.95, 1)):
        if number < below:
            return f"{number:.{digits}f}".rstrip("0").rstrip(".")
    return f"{number:,.0f}"
