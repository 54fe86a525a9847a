"""How Micboard itself is: its parts, its polls, and which receivers somebody has to look at, in few statements."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from core import explain, load
from core.domain.reading import DeviceState
from core.pulses import BEAT, SILENT_AFTER_S
from core.retention import history_bytes
from dashboard.reasons import STEPS
from dashboard.shown import shown, span
from realtime.health import check_websocket_health
from realtime.tick import ServerState, look

MOST = 8  # receivers of a list; more are counted

# What each part does, and what to do when it is silent.
PARTS: Mapping[str, tuple[str, str, str]] = {
    BEAT: ("Beat", "says when which receiver is polled", "Is the process beat running?"),
    "poll.critical": ("Worker, critical", "polls what is in trouble", "Is the worker poll running?"),
    "poll.normal": ("Worker, normal", "polls what is well", "Is the worker poll running?"),
    "poll.offline": ("Worker, lost", "polls what is lost", "Is the worker poll running?"),
    "poll.suspect": ("Worker, suspect", "polls what failed last", "Is the worker suspect running?"),
    "window": ("Windows", "tell the pages what changed", "Is the worker window running?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of Micboard. `told` is how it is, `step` what to do about it, empty while it is well."""

    key: str
    name: str
    does: str
    well: bool
    told: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A receiver that somebody has to look at: why, and what to do next."""

    pk: int
    code: str
    name: str
    told: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How many receivers are polled at one interval, and for which reasons."""

    seconds: float
    receivers: int
    reasons: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """The schedule against what comes of it. `late` are due for more than 2 s, `waiting` sent and not yet begun."""

    receivers: int
    late: int
    waiting: int
    failing: int
    discovered: int

    @property
    def late_percent(self) -> float:
        return 100 * self.late / self.receivers if self.receivers else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    at: datetime
    parts: Sequence[Part]
    servers: Sequence[ServerState]
    tiers: Sequence[load.TierLoad]
    total: load.Total
    polls: Polls
    intervals: Sequence[Interval]
    failing: Sequence[Asked]
    slowest: Sequence[Asked]
    discovered: Sequence[Asked]
    feed_bytes_per_s: float
    history_bytes: int

    @property
    def is_well(self) -> bool:
        servers = all(server.status == "connected" for server in self.servers)
        return servers and all(part.well for part in self.parts) and not self.total.is_too_much

    @property
    def behind(self) -> int:
        """Say how much of what the intervals ask for was done in the last minute, in per cent."""
        needed = self.total.needed_per_s
        return round(100 * self.total.done_per_s / needed) if needed else 100


def now() -> Health:
    """Look at everything; Redis and Postgres by asking them."""
    began = time.monotonic()
    layer = check_websocket_health()
    asked = time.monotonic()
    tick = look(None)
    answered = time.monotonic()
    tiers = load.by_tier()
    facts = _facts()
    return Health(
        at=tick.at,
        parts=[
            Part(key="web", name="Web", does="serves pages and the feed", well=True, told="answers", step=""),
            _redis(layer, asked - began),
            _postgres(answered - asked),
            *(_part(key, tick.silent_s.get(key)) for key in PARTS),
        ],
        servers=tick.servers,
        tiers=tiers,
        total=load.total(tiers),
        polls=Polls(**facts["polls"]),
        intervals=[_interval(*one) for one in facts["intervals"]],
        failing=[_failing(**one) for one in facts["failing"]],
        slowest=[_slow(**one) for one in facts["slowest"]],
        discovered=[_discovered(**one) for one in facts["discovered"]],
        feed_bytes_per_s=facts["feed_bytes_per_s"],
        history_bytes=history_bytes(),
    )


def _redis(well: bool, took_s: float) -> Part:  # noqa: FBT001  a fact, not a switch
    return Part(
        key="redis",
        name="Redis",
        does="carries messages",
        well=well,
        told=f"answers in {took_s * 1000:.0f} ms" if well else "carries nothing",
        step="" if well else "Is Redis running?",
    )


def _postgres(took_s: float) -> Part:
    return Part(
        key="database",
        name="Postgres",
        does="keeps all there is",
        well=True,
        told=f"answers in {took_s * 1000:.0f} ms",
        step="",
    )


def _part(key: str, silent_s: float | None) -> Part:
    name, does, step = PARTS[key]
    well = silent_s is not None and silent_s <= SILENT_AFTER_S
    told = "never seen" if silent_s is None else f"seen {span(silent_s)} ago"
    return Part(key=key, name=name, does=does, well=well, told=told, step="" if well else step)


# All that is told of receivers, as one object: the page costs the same whatever there is to tell.
_FACTS = """
WITH polled AS (
    SELECT c.*, r.code, r.name, r.address, coalesce(r.interval_s, t.seconds) AS seconds,
           t.enabled AND now() > c.slot_at + make_interval(secs => coalesce(r.interval_s, t.seconds) + 2)
           AND coalesce(c.inflight_until < now(), true) AS is_late
      FROM core_claim c
      JOIN core_receiver r ON r.id = c.receiver_id AND r.enabled
      JOIN core_server s ON s.id = r.server_id AND s.enabled
      JOIN core_tiers() t ON t.tier = c.tier
),
reason AS (
    SELECT seconds, tier, tier_reason, count(*) AS number FROM polled GROUP BY 1, 2, 3
),
failing AS (
    SELECT p.receiver_id AS pk, code, name, failures, system_api_error, command_strings_error,
           (SELECT jsonb_build_object('system_api', q.system_api, 'command_strings', q.command_strings)
              FROM core_pollrecord q WHERE q.receiver_id = p.receiver_id ORDER BY q.claim_seq DESC LIMIT 1) AS words
      FROM polled p WHERE failures > 0 ORDER BY failures DESC, code LIMIT %(most)s
),
slowest AS (
    SELECT p.receiver_id AS pk, p.code, p.name, avg(q.duration_ms)::int AS mean_ms, max(q.duration_ms) AS most_ms
      FROM core_pollrecord q JOIN polled p ON p.receiver_id = q.receiver_id
     WHERE p.failures = 0
     GROUP BY 1, 2, 3 HAVING avg(q.duration_ms) >= %(slow_ms)s ORDER BY 4 DESC LIMIT %(most)s
),
discovered AS (
    SELECT receiver_id AS pk, p.code, p.name, p.address FROM polled p JOIN core_receiver r ON r.id = p.receiver_id
     WHERE r.device_state = %(discovered)s ORDER BY p.code LIMIT %(most)s
)
SELECT jsonb_build_object(
    'polls', (SELECT jsonb_build_object(
        'receivers', count(*), 'late', count(*) FILTER (WHERE is_late),
        'waiting', count(*) FILTER (WHERE inflight_until > now() AND started_seq < claim_seq),
        'failing', count(*) FILTER (WHERE failures > 0),
        'discovered', (SELECT count(*) FROM core_receiver r JOIN polled p ON p.receiver_id = r.id
                        WHERE r.device_state = %(discovered)s)) FROM polled),
    'intervals', (SELECT coalesce(jsonb_agg(jsonb_build_array(seconds, reasons) ORDER BY seconds), '[]')
                    FROM (SELECT seconds, jsonb_agg(jsonb_build_array(tier, tier_reason, number)
                                                    ORDER BY number DESC, tier_reason) AS reasons
                            FROM reason GROUP BY seconds) i),
    'failing', (SELECT coalesce(jsonb_agg(f ORDER BY failures DESC, code), '[]') FROM failing f),
    'slowest', (SELECT coalesce(jsonb_agg(s ORDER BY mean_ms DESC), '[]') FROM slowest s),
    'discovered', (SELECT coalesce(jsonb_agg(d ORDER BY code), '[]') FROM discovered d),
    'feed_bytes_per_s', (SELECT coalesce(sum(octet_length(frame)), 0) / 60.0 FROM core_window
                          WHERE at > now() - interval '1 minute'))
"""

SLOW_MS = 1000


def _facts() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"most": MOST, "slow_ms": SLOW_MS, "discovered": DeviceState.DISCOVERED.value})
        facts: dict[str, Any] = orjson.loads(cursor.fetchone()[0])
    return facts


def _interval(seconds: float, reasons: Collection[tuple[str, str, int]]) -> Interval:
    return Interval(
        seconds=seconds,
        receivers=sum(number for _, _, number in reasons),
        reasons=tuple((tier, explain.why(reason), number) for tier, reason, number in reasons),
    )


def _failing(
    *,
    pk: int,
    code: str,
    name: str,
    failures: int,
    system_api_error: str,
    command_strings_error: str,
    words: Mapping[str, str | None] | None,
) -> Asked:
    errors = [shown(error) for error in (command_strings_error, system_api_error) if error]
    failed = [f"{source}_{word}" for source, word in (words or {}).items() if word not in {None, "ok"}]
    steps = [STEPS[reason] for reason in failed if reason in STEPS]
    return Asked(
        pk=pk,
        code=code,
        name=shown(name),
        told=f"{failures} failed in a row: {' '.join(errors) or 'no answer'}",
        step=" ".join(dict.fromkeys(steps)) or "Look at its last polls.",
    )


def _slow(*, pk: int, code: str, name: str, mean_ms: int, most_ms: int) -> Asked:
    return Asked(
        pk=pk,
        code=code,
        name=shown(name),
        told=f"{mean_ms / 1000:.1f} s a poll, {most_ms / 1000:.1f} s at most",
        step="Check its network, and what else asks it: a poll takes well under a second.",
    )


def _discovered(*, pk: int, code: str, name: str, address: str) -> Asked:
    return Asked(
        pk=pk,
        code=code,
        name=shown(name),
        told=f"found at {shown(address)}, and no more is known" if address else "found, and no more is known",
        step="Look at it in the System API's own page: it has to be let in, or its firmware is too old.",
    )


def flower_address(host: str) -> str:
    """Return where Flower is, on the machine that this page was asked from."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return f"http://{name}:{settings.FLOWER_PORT}/"
