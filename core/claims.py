"""The schedule's rows: who is due, who may poll, what a poll needs to know.

Whoever raises `claim_seq` owns the next poll of a receiver; everything else follows from conditional
updates on it. Only Postgres's clock is used, so any number of beats and workers on any hosts agree.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from core.domain.alerts import Alert
from core.domain.forecast import recalled
from core.domain.limits import Limits, Scope, in_force
from core.domain.outcome import Known, KnownChannel, SourceStanding
from core.domain.reading import DeviceReading, DeviceState, Kind, Source
from core.domain.state import AlertState, Rule, Severity, from_wire
from core.domain.tiers import Default, Place, Tier
from core.models import Claim

LONGEST_LEASE_S = 15  # a message that is lost in the broker costs at most this, or the interval
POLL_LEASE_S = 9  # longer than any poll: the total deadline of its fetches is 8 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A receiver whose poll was just claimed; `due_at` is its slot."""

    receiver_id: int
    claim_seq: int
    tier: Tier
    failing: bool
    interval_s: float
    due_at: datetime
    now: datetime


# A tier that is disabled has no rhythm; a wish is granted all the same: an edit may have put the receiver elsewhere.
# A claim is held until the next slot at most. Were it held for an interval from now, a beat that looks sooner after
# that slot than the one that claimed would pass it over, and a message that is lost would cost two intervals.
# A slot that passes while a message is on its way is wished for, lest it be lost with it; the start grants every wish.
# A slot missed by more than one interval draws a new phase instead of being made up for: after a stop of ten
# minutes the receivers come back spread over their interval, not in one burst.
_CLAIM_DUE = """
WITH tiers AS MATERIALIZED (SELECT * FROM core_tiers()),
due AS (
    SELECT c.receiver_id, c.wanted, span.length, c.slot_at + span.length AS due_at,
           NOT c.wanted AND c.slot_at + 2 * span.length < now() AS missed,
           coalesce(c.inflight_until > now(), false) AS inflight, c.started_seq < c.claim_seq AS on_its_way
      FROM core_claim c
      JOIN core_receiver r ON r.id = c.receiver_id AND r.enabled
      JOIN core_server s ON s.id = r.server_id AND s.enabled
      JOIN tiers t ON t.tier = c.tier AND (t.enabled OR c.wanted) AND t.tier <> ALL(%(spared)s)
     CROSS JOIN LATERAL (SELECT make_interval(secs => coalesce(r.interval_s, t.seconds)) AS length) span
     WHERE c.wanted OR c.slot_at + span.length <= now()
     ORDER BY due_at
     LIMIT %(limit)s
       FOR UPDATE OF c SKIP LOCKED
)
UPDATE core_claim c
   SET slot_at = CASE
           WHEN due.due_at > now() THEN c.slot_at
           WHEN due.missed THEN now() - random() * due.length
           ELSE due.due_at END,
       wanted = due.inflight AND (due.wanted OR due.on_its_way),
       claim_seq = c.claim_seq + (NOT due.missed AND NOT due.inflight)::int,
       inflight_until = CASE
           WHEN due.missed OR due.inflight THEN c.inflight_until
           ELSE least(least(due.due_at, now()) + due.length, now() + make_interval(secs => %(lease)s)) END
  FROM due
 WHERE c.receiver_id = due.receiver_id
RETURNING c.receiver_id, c.claim_seq, c.tier, c.failures > 0, extract(epoch FROM due.length)::float8,
          due.due_at, now(), due.missed OR due.inflight
"""


def claim_due(limit: int, *, spared: Collection[Tier] = ()) -> tuple[list[Due], bool]:
    """Claim the receivers that are due, oldest slot first, and say whether there may be more.

    One short transaction; rows that another beat is claiming are passed over. A receiver still in flight keeps
    its slot's rhythm and is not claimed; those of a `spared` tier wait until it no longer is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM_DUE,
            {"limit": limit, "lease": LONGEST_LEASE_S, "spared": [tier.value for tier in spared]},
        )
        rows = cursor.fetchall()
    claimed = [
        Due(
            receiver_id=receiver_id,
            claim_seq=claim_seq,
            tier=Tier(tier),
            failing=failing,
            interval_s=seconds,
            due_at=due_at,
            now=now,
        )
        for receiver_id, claim_seq, tier, failing, seconds, due_at, now, skipped in rows
        if not skipped
    ]
    return claimed, len(rows) == limit


_CLAIM_NOW = f"""
UPDATE core_claim c
   SET wanted = false, claim_seq = claim_seq + 1, inflight_until = now() + make_interval(secs => {POLL_LEASE_S})
  FROM core_receiver r JOIN core_server s ON s.id = r.server_id
 WHERE c.receiver_id = %s AND r.id = c.receiver_id AND r.enabled AND s.enabled
   AND coalesce(c.inflight_until <= now(), true)
RETURNING c.claim_seq
"""  # noqa: S608  built from constants of this module


def claim_now(receiver_id: int) -> int | None:
    """Claim one receiver beside its rhythm, for whoever polls it at once, and return the claim's number.

    None: it is being polled at this moment, or disabled.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_NOW, [receiver_id])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A server as a poll needs it."""

    id: int
    name: str
    manufacturer: str
    url: str
    key_reference: str
    ca_file: str
    pins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A claim that this worker has started: what it needs to ask, and to judge the answer.

    `started_at` is by the database's clock, as everything is, and stays what it was when the facts are read anew.
    """

    receiver_id: int
    claim_seq: int
    recorded_seq: int
    started_at: datetime
    server: ServerFacts
    memory: Mapping[str, Mapping[str, Any]]
    known: Known


# One row, one round trip: the claim and everything that the poll needs to know.
_FACTS = """
now() AS now, clock_timestamp() AS started_at,
c.claim_seq, c.recorded_seq, c.tier, c.watched_until, c.troubled_at, c.lost_at, c.seen_at,
c.stale_at, c.system_api_ok_at, c.system_api_failures, c.system_api_error,
c.command_strings_ok_at, c.command_strings_failures, c.command_strings_error,
r.code, r.source_id, r.model, r.serial, r.firmware, r.address, r.name, r.device_state, r.compatibility,
r.capabilities, r.sources, r.critical, r.interval_s,
s.id AS server_id, s.name AS server_name, s.manufacturer, s.url, s.key_reference, s.ca_file, s.pins,
(SELECT m.resources FROM core_pollmemory m WHERE m.receiver_id = c.receiver_id) AS memory,
(SELECT jsonb_object_agg(t.tier, t.seconds) FROM core_tiers() t) AS intervals,
(SELECT l.event_ends_at FROM core_location l WHERE l.id = coalesce(r.location_id, s.location_id)) AS event_ends_at,
(SELECT jsonb_agg(jsonb_build_array(d.place, d.slug, d.tier)) FROM (
    SELECT 'group' AS place, g.slug, g.tier
      FROM core_channel ch JOIN core_slot sl ON sl.channel_id = ch.id JOIN core_group g ON g.id = sl.group_id
     WHERE ch.receiver_id = c.receiver_id AND g.tier IS NOT NULL
     UNION SELECT 'location', l.slug, l.tier FROM core_location l
     WHERE l.id = coalesce(r.location_id, s.location_id) AND l.tier IS NOT NULL) d) AS defaults,
(SELECT jsonb_agg(jsonb_build_array(a.id, a.rule, a.severity, a.state, a.channel_id, a.since, a.message))
   FROM core_alert a WHERE a.receiver_id = c.receiver_id AND a.state <> 'resolved') AS alerts,
(SELECT jsonb_agg(jsonb_build_array(
            CASE WHEN li.receiver_id IS NOT NULL THEN 'receiver' WHEN li.group_id IS NOT NULL THEN 'group'
                 WHEN li.location_id IS NOT NULL THEN 'location' ELSE 'house' END,
            (SELECT jsonb_agg(sl.channel_id) FROM core_slot sl WHERE sl.group_id = li.group_id),
            jsonb_strip_nulls(to_jsonb(li) - '{id,location_id,group_id,receiver_id}'::text[])) ORDER BY li.id)
   FROM core_limits li
  WHERE num_nonnulls(li.location_id, li.group_id, li.receiver_id) = 0
     OR li.receiver_id = c.receiver_id
     OR li.location_id = coalesce(r.location_id, s.location_id)
     OR li.group_id IN (SELECT sl.group_id FROM core_slot sl JOIN core_channel ch ON ch.id = sl.channel_id
                         WHERE ch.receiver_id = c.receiver_id)) AS limits,
(SELECT jsonb_agg(jsonb_build_array(ch.id, ch.device_id, ch.number, ch.kind, ch.alias, cr.recorded, cr.drain)
                  ORDER BY ch.number)
   FROM core_channel ch JOIN core_channelrecord cr ON cr.channel_id = ch.id
  WHERE ch.receiver_id = c.receiver_id) AS channels
"""

# A claim is started once: a message that the broker delivers twice finds it started.
_START = f"""
UPDATE core_claim c
   SET started_seq = c.claim_seq, wanted = false, inflight_until = now() + make_interval(secs => {POLL_LEASE_S})
  FROM core_receiver r JOIN core_server s ON s.id = r.server_id
 WHERE c.receiver_id = %(receiver_id)s AND c.claim_seq = %(claim_seq)s AND c.started_seq < %(claim_seq)s
   AND r.id = c.receiver_id AND r.enabled AND s.enabled
RETURNING {_FACTS}
"""  # noqa: S608  built from constants of this module

_AGAIN = f"""
SELECT {_FACTS}
  FROM core_claim c JOIN core_receiver r ON r.id = c.receiver_id JOIN core_server s ON s.id = r.server_id
 WHERE c.receiver_id = %(receiver_id)s AND c.claim_seq = %(claim_seq)s AND r.enabled AND s.enabled
"""  # noqa: S608  built from constants of this module


_COLUMNS: dict[str, tuple[str, ...]] = {}


def start(*, receiver_id: int, claim_seq: int) -> Started | None:
    """Start a claim and hold it for `POLL_LEASE_S`. None: overtaken, already started, or disabled."""
    return _started(_START, receiver_id, claim_seq)


def again(started: Started) -> Started | None:
    """Read the facts anew, because somebody else recorded meanwhile. None: overtaken, or disabled."""
    anew = _started(_AGAIN, started.receiver_id, started.claim_seq)
    return anew and replace(anew, started_at=started.started_at)


def _started(statement: str, receiver_id: int, claim_seq: int) -> Started | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"receiver_id": receiver_id, "claim_seq": claim_seq})
        row = cursor.fetchone()
        if row is None:
            return None
        if statement not in _COLUMNS:  # the driver makes them anew each time that they are asked for
            _COLUMNS[statement] = tuple(column.name for column in cursor.description)
        facts = dict(zip(_COLUMNS[statement], row, strict=True))
    # Django leaves jsonb as text on a plain cursor.
    for name in ("memory", "intervals", "defaults", "alerts", "limits", "channels"):
        facts[name] = orjson.loads(facts[name] or "null")
    return Started(
        receiver_id=receiver_id,
        claim_seq=facts["claim_seq"],
        recorded_seq=facts["recorded_seq"],
        started_at=facts["started_at"],
        server=_server(facts),
        memory=facts["memory"] or {},
        known=_known(facts),
    )


def _server(facts: Mapping[str, Any]) -> ServerFacts:
    return ServerFacts(
        id=facts["server_id"],
        name=facts["server_name"],
        manufacturer=facts["manufacturer"],
        url=facts["url"],
        key_reference=facts["key_reference"],
        ca_file=facts["ca_file"],
        pins=tuple(facts["pins"]),
    )


def _known(facts: Mapping[str, Any]) -> Known:
    now, watched_until, interval_s = facts["now"], facts["watched_until"], facts["interval_s"]
    limits = [
        Limits(scope=Scope(scope), values=values, channels=None if channels is None else frozenset(channels))
        for scope, channels, values in facts["limits"] or ()
    ]
    return Known(
        deadbands=settings.DEADBANDS,
        now=now,
        code=facts["code"],
        device=DeviceReading(
            source_id=facts["source_id"],
            model=facts["model"] or None,
            serial=facts["serial"] or None,
            firmware=facts["firmware"] or None,
            address=facts["address"] or None,
            state=DeviceState(facts["device_state"]),
            compatibility=facts["compatibility"] or None,
            capabilities=frozenset(facts["capabilities"]),
        ),
        name=facts["name"],
        needs=frozenset(Source(source) for source in facts["sources"]),
        flagged=facts["critical"],
        watched=watched_until is not None and watched_until > now,
        own_interval=timedelta(seconds=interval_s) if interval_s else None,
        intervals={Tier(tier): timedelta(seconds=seconds) for tier, seconds in facts["intervals"].items()},
        defaults=tuple(
            Default(place=Place(place), slug=slug, tier=Tier(tier))
            for place, slug, tier in facts["defaults"] or ()
        ),
        tier=Tier(facts["tier"]),
        sources={
            source: SourceStanding(
                ok_at=facts[f"{source}_ok_at"],
                failures=facts[f"{source}_failures"],
                error=facts[f"{source}_error"],
            )
            for source in Source
        },
        lost_at=facts["lost_at"],
        troubled_at=facts["troubled_at"],
        seen_at=facts["seen_at"],
        stale_at=facts["stale_at"],
        event_ends_at=facts["event_ends_at"],
        channels=tuple(
            KnownChannel(
                id=id_,
                device_id=device_id,
                number=number,
                kind=Kind(kind),
                alias=alias,
                recorded=from_wire(recorded),
                drain=recalled(drain),
                thresholds=in_force(settings.THRESHOLDS, limits, id_),
            )
            for id_, device_id, number, kind, alias, recorded, drain in facts["channels"] or ()
        ),
        alerts=tuple(
            Alert(
                id=id_,
                rule=Rule(rule),
                severity=Severity(severity),
                state=AlertState(state),
                channel_id=channel_id,
                since=datetime.fromisoformat(since),
                message=message,
            )
            for id_, rule, severity, state, channel_id, since, message in facts["alerts"] or ()
        ),
    )


def poll_now(receiver_ids: Iterable[int]) -> int:
    """Have receivers polled at once, beside their rhythm, and return how many there are."""
    return Claim.objects.filter(receiver__in=list(receiver_ids)).update(wanted=True)


def poll_tier_now(tier: Tier) -> int:
    """Have every receiver of a tier polled at once, and return how many there are."""
    return Claim.objects.filter(tier=tier.value).update(wanted=True)


# Polled at once when the looking begins, and not each time that it is told to go on.
_WATCH = """
UPDATE core_claim
   SET watched_until = now() + make_interval(secs => %s),
       wanted = wanted OR coalesce(watched_until <= now(), true)
 WHERE receiver_id = ANY(%s)
"""


def watch(receiver_ids: Iterable[int], *, seconds: float) -> None:
    """Hold receivers at the critical interval for a while, from now on, because somebody is looking at them."""
    with connection.cursor() as cursor:
        cursor.execute(_WATCH, [seconds, list(receiver_ids)])


def lock(receiver_ids: Iterable[int]) -> None:
    """Lock the claims of receivers that are about to be edited: polls lock the claim first and the receiver then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM core_claim WHERE receiver_id = ANY(%s) ORDER BY receiver_id FOR NO KEY UPDATE",
            [list(receiver_ids)],
        )
