"""What a beat sends, taken from the store as soon as it is there, by somebody who plays the workers.

Each poll is finished at once, so that its receiver can be claimed again; and, as a worker does, that may put the
receiver into another tier.
"""

import base64
import json
import queue
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import connection

from core.domain.tiers import DEFAULT_INTERVALS_S, Tier
from core.queues import POLLING

# Of the polls that are sent, where 10, 50 and 40 % of the receivers are asked every 10, 30 and 60 s.
SENT_OF_TIER = {Tier.CRITICAL: 3, Tier.NORMAL: 5, Tier.OFFLINE: 2}
_LOOK_EVERY_S = 0.005
_AT_ONCE = 1000

_FINISH = """
UPDATE core_claim c
   SET inflight_until = NULL, polled_at = now(), started_seq = c.claim_seq, tier = coalesce(done.tier, c.tier)
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS done (receiver_id, claim_seq, tier)
 WHERE c.receiver_id = done.receiver_id AND c.claim_seq = done.claim_seq
RETURNING c.receiver_id, c.claim_seq, extract(epoch FROM c.slot_at)::float8, c.tier
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message: when it was there, whom it is for, its slot (None where no claim was made), and how many of that
    receiver's slots before it had none.
    """

    at: float
    receiver_id: int
    slot: float | None = None
    lost: int = 0

    @property
    def late_s(self) -> float:
        assert self.slot is not None
        return self.at - self.slot


class Sends:
    """`log` grows with each message. Between `edit(n)` and `edit(0)` n receivers a second change their tier."""

    def __init__(self, *, claims: bool) -> None:
        self.log: list[Sent] = []
        self.edits = 0
        self._claims = claims
        self._store = redis.Redis.from_url(settings.REDIS_URL)
        self._came: queue.SimpleQueue[tuple[float, Sequence[bytes]]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._chance = random.Random(1)  # noqa: S311  repeatable, not secret
        self._slots: dict[int, tuple[float, Tier]] = {}
        self._edits_a_second, self._editing_since, self._edited = 0.0, 0.0, 0
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._take, self._finish)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def edit(self, a_second: float) -> None:
        self._edits_a_second, self._editing_since, self._edited = a_second, time.time(), 0

    def within(self, began: float, ended: float) -> list[Sent]:
        """Return the messages whose slot, or arrival where they have none, is in this time."""
        return [sent for sent in self.log if began <= (sent.slot or sent.at) < ended]

    def owed(self, until: float) -> int:
        """Return how many receivers had a slot before this moment for which nothing came."""
        return sum(slot + DEFAULT_INTERVALS_S[tier] < until for slot, tier in self._slots.values())

    def _take(self) -> None:
        while not self._stop.is_set():
            pipeline = self._store.pipeline(transaction=False)
            for name in POLLING:
                pipeline.rpop(name, _AT_ONCE)
            if messages := [message for taken in pipeline.execute() for message in taken or ()]:
                self._came.put((time.time(), messages))
            else:
                time.sleep(_LOOK_EVERY_S)

    def _finish(self) -> None:
        while not (self._stop.is_set() and self._came.empty()):
            try:
                at, messages = self._came.get(timeout=0.1)
            except queue.Empty:
                continue
            polls = [kwargs for message in messages if (kwargs := _poll(message))]
            if self._claims:
                self._finish_claims(at, polls)
            else:
                self.log += [Sent(at=at, receiver_id=kwargs["device_id"]) for kwargs in polls]
        connection.close()

    def _finish_claims(self, at: float, polls: Sequence[Mapping[str, int]]) -> None:
        ids = [kwargs["device_id"] for kwargs in polls]
        tiers = [self._new_tier(receiver_id) for receiver_id in ids]
        with connection.cursor() as cursor:
            cursor.execute(_FINISH, [ids, [kwargs["claim_seq"] for kwargs in polls], tiers])
            for receiver_id, _, slot, tier in cursor.fetchall():
                lost = self._lost(receiver_id, slot)
                self._slots[receiver_id] = slot, Tier(tier)
                self.log.append(Sent(at=at, receiver_id=receiver_id, slot=slot, lost=lost))

    def _new_tier(self, receiver_id: int) -> Tier | None:
        allowed = self._edits_a_second * (time.time() - self._editing_since)
        if self._edited >= allowed or receiver_id not in self._slots:
            return None
        # Drawn so that as many leave a tier as come into it.
        (tier,) = self._chance.choices(list(SENT_OF_TIER), weights=list(SENT_OF_TIER.values()))
        if tier is self._slots[receiver_id][1]:
            return None
        self._edited += 1
        self.edits += 1
        return tier

    def _lost(self, receiver_id: int, slot: float) -> int:
        """Return how many slots there were between this one and the one before that was sent."""
        if receiver_id not in self._slots:
            return 0
        before, tier = self._slots[receiver_id]
        interval_s = DEFAULT_INTERVALS_S[tier]
        missed_s = slot - before - interval_s
        # A slot that was missed for longer than an interval was given a phase that fits no interval.
        return max(1, round(missed_s / interval_s)) if missed_s > _LOOK_EVERY_S else 0


@contextmanager
def taken(*, claims: bool) -> Iterator[Sends]:
    """Take all that is sent while the block runs. `claims`: it was sent under claims, which are finished."""
    sends = Sends(claims=claims)
    sends.start()
    try:
        yield sends
    finally:
        sends.stop()


def _poll(message: bytes) -> dict[str, int] | None:
    """Return what a message says of the poll that it asks for."""
    whole = json.loads(message)
    if whole["headers"]["task"] != "pollers.poll_device":
        return None
    kwargs: dict[str, int] = json.loads(base64.b64decode(whole["body"]))[1]
    return kwargs
