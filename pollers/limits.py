"""How much a server is asked, by all workers together: a circuit breaker, a token bucket and a limit in flight.

All three are one script in the broker's store, on its clock. They are no record of anything: lost, the breaker
is closed and the bucket full.
"""

import logging
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any, cast

import redis
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 5
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 5, 60
REFUSED_PAUSE_S = 60  # a key that is not accepted is tried once a minute
LEASE_S = 10  # of a request in flight whose worker died; longer than any answer takes
FORGET_S = 3600


class Verdict(StrEnum):
    """GRANTED: ask. BUSY: too many at once, or too many a second. OPEN: it fails, or asked for a pause."""

    GRANTED = "granted"
    BUSY = "busy"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a server may be asked now; else for how long not. `lease` has to be given back."""

    verdict: Verdict
    wait: timedelta
    lease: str


# KEYS: state (hash), leases (sorted set). ARGV: lease, rate, burst, in flight, lease seconds, forget seconds.
# While the breaker is open one caller at a time is let through, as a probe.
_ADMIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local state = redis.call('HMGET', KEYS[1], 'open_until', 'probing', 'tokens', 'filled_at')
local open_until, probing = tonumber(state[1]) or 0, tonumber(state[2]) or 0
local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
if open_until > now then return {'open', tostring(open_until - now)} end
if open_until > 0 and probing > now then return {'open', tostring(probing - now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return {'busy', '0.05'} end
local tokens = math.min(burst, (tonumber(state[3]) or burst) + (now - (tonumber(state[4]) or now)) * rate)
if tokens < 1 then return {'busy', tostring((1 - tokens) / rate)} end
redis.call('HSET', KEYS[1], 'tokens', tokens - 1, 'filled_at', now)
if open_until > 0 then redis.call('HSET', KEYS[1], 'probing', now + tonumber(ARGV[5])) end
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[5]), ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[6])
return {'granted', '0'}
"""

# KEYS as above. ARGV: lease, what happened (ok, failed, pause), failures to open, pause if it opens by
# failures (the jitter is the caller's), pause asked for. Returns what changed for everybody.
_REPORT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZREM', KEYS[2], ARGV[1])
local was_open = (tonumber(redis.call('HGET', KEYS[1], 'open_until')) or 0) > 0
if ARGV[2] == 'ok' then
    if not was_open then
        redis.call('HDEL', KEYS[1], 'failures')
        return 'as before'
    end
    redis.call('HDEL', KEYS[1], 'failures', 'open_until', 'probing', 'opened')
    return 'closed'
end
if ARGV[2] == 'pause' then
    redis.call('HSET', KEYS[1], 'open_until', now + tonumber(ARGV[5]))
    redis.call('HDEL', KEYS[1], 'probing')
    return was_open and 'as before' or 'opened'
end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures < tonumber(ARGV[3]) then return 'as before' end
local opened = redis.call('HINCRBY', KEYS[1], 'opened', 1)
local longest = math.min(tonumber(ARGV[6]), tonumber(ARGV[7]) * 2 ^ (opened - 1))
redis.call('HSET', KEYS[1], 'open_until', now + math.max(1, longest * tonumber(ARGV[4])))
redis.call('HDEL', KEYS[1], 'probing')
return was_open and 'as before' or 'opened'
"""
