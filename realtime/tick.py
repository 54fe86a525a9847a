"""What a hub looks at once a second, in one statement: is there news that no bell told, and is everybody alive?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from core.absences import WATCHING
from core.domain.state import instant
from core.pulses import BEAT, SILENT_AFTER_S

# Without these the board is not kept up; a worker for suspects that is silent leaves the others alive.
KEEP_UP_THE_BOARD = (BEAT, "poll.critical", "poll.normal", "poll.offline", "window")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """How a server answers, as `/ws/connections/` and `/ws/health/` tell it."""

    name: str
    manufacturer: str
    url: str
    status: str
    latency_ms: int | None
    error_count: int
    ok_at: str | None

    def differs_from(self, before: "ServerState | None") -> bool:
        """Say whether there is news beyond the time of the last answer and its latency."""
        return before is None or (before.status, before.error_count, before.url) != (
            self.status,
            self.error_count,
            self.url,
        )

    def connection_update(self) -> dict[str, Any]:
        return {
            "type": "connection_update",
            "manufacturer": self.manufacturer,
            "server": self.name,
            "status": self.status,
            "latency_ms": self.latency_ms,
            "last_update": self.ok_at,
        }

    def api_health(self) -> dict[str, Any]:
        return {
            "type": "api_health",
            "endpoint": self.url,
            "server": self.name,
            "status": _HEALTH[self.status],
            "response_time_ms": self.latency_ms,
            "error_count": self.error_count,
        }


_HEALTH = {"connected": "healthy", "degraded": "degraded", "disconnected": "unhealthy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One look. `silent_s` tells of each part of the poller how long ago it showed itself; None: never.

    `digest` is of the window that was asked for, None where none was or it is kept no more.
    """

    epoch: str
    seq: int
    access_version: int
    digest: str | None
    at: datetime
    silent_s: dict[str, float | None]
    seen: tuple[tuple[str, str], ...]
    servers: tuple[ServerState, ...]

    @property
    def silent(self) -> tuple[str, ...]:
        """The parts that have not shown themselves for too long, of those that keep the board up."""
        ages = ((part, self.silent_s.get(part)) for part in KEEP_UP_THE_BOARD)
        return tuple(part for part, age in ages if age is None or age > SILENT_AFTER_S)

    @property
    def live(self) -> bool:
        return not self.silent

    @property
    def timestamp(self) -> str:
        return instant(self.at)


# By the end of the poll, because a slow one began long ago. The overlap of 3 s is for those that commit late; what
# the hub knows already is no news to it.
_TICK = f"""
SELECT now(), h.epoch, h.seq, h.access_version,
       (SELECT md5(w.frame) FROM core_window w WHERE w.epoch = h.epoch AND w.seq = %s),
       extract(epoch FROM now() - h.emitted_at)::float8,
       (SELECT jsonb_object_agg(part, extract(epoch FROM now() - at)) FROM core_pulse
         WHERE part <> '{WATCHING}'),
       (SELECT jsonb_agg(jsonb_build_array(r.code, core_instant(c.seen_at)) ORDER BY r.code)
          FROM core_claim c JOIN core_receiver r ON r.id = c.receiver_id
         WHERE c.polled_at > %s::timestamptz - interval '3 s' AND c.seen_at IS NOT NULL),
       (SELECT jsonb_agg(jsonb_build_object(
                   'name', s.name, 'manufacturer', s.manufacturer, 'url', s.url,
                   'status', coalesce(sh.status, 'disconnected'), 'latency_ms', sh.latency_ms,
                   'error_count', coalesce(sh.error_count, 0), 'ok_at', core_instant(sh.ok_at)) ORDER BY s.name)
          FROM core_server s LEFT JOIN core_serverhealth sh ON sh.server_id = s.id WHERE s.enabled)
  FROM core_head h
"""  # noqa: S608  built from a constant


def look(seen_since: datetime | None, known_seq: int | None = None) -> Tick:
    """Look at the head, the pulses, the servers, the receivers that answered since a moment (None: not at those), and
    at the window of this number.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TICK, [known_seq, seen_since])
        now, epoch, seq, access_version, digest, emitted_s, pulses, seen, servers = cursor.fetchone()
    return Tick(
        epoch=epoch,
        seq=seq,
        access_version=access_version,
        digest=digest,
        at=now,
        silent_s={**orjson.loads(pulses or "{}"), "window": emitted_s},
        seen=tuple((receiver, at) for receiver, at in orjson.loads(seen or "[]")),
        servers=tuple(ServerState(**server) for server in orjson.loads(servers or "[]")),
    )
