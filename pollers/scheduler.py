"""Beat: every half second it claims the receivers that are due, and sends one task for each.

django-celery-beat's own scheduler keeps what it is good at, the ordinary periodic entries, in the one beat
that leads. The polls are no entries: who is due is decided by Postgres, so that any number of beats may run
and an edit is in force at the next claim.
"""

import logging
import signal
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from celery.beat import Service
from celery.signals import beat_init
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from core import pulses
from core.claims import Due, claim_due
from core.domain.tiers import Tier
from core.models import Server
from core.queues import POLLING, queue_of
from pollers.leader import Leader

logger = logging.getLogger(__name__)


@beat_init.connect
def stop_between_ticks(sender: Service, **_: object) -> None:
    """On a signal, end the loop where no statement is under way.

    Celery's own handler writes its entries inside the signal and then raises. On a connection in use the one waits
    for ever for its lock, the other leaves the lock held, or is swallowed.
    """

    def stop(*_: object) -> None:
        sender.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


CLAIM_EVERY_S = 0.5
LEAD_EVERY_S = 1.0
MEET_EVERY_S = 1.0
MEET_AGAIN_AFTER_S = 10.0
CLAIMS_AT_ONCE = 1000
EXPIRES_AFTER_INTERVALS = 10  # only bounds a queue that nobody empties; what is stale is told by claim_seq
PUBLISH_AT_ONCE = 200
# Polls that wait for a worker before a tier is left out. Trouble is always asked for: it is what the rest waits for.
MOST_WAITING = {Tier.OFFLINE: 2_000, Tier.NORMAL: 5_000}


class AdaptiveScheduler(DatabaseScheduler):
    """Sends polls by claim, and everything else as DatabaseScheduler does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._leader = Leader()
        self._leading = False
        self._due = {self._claim: 0.0, self._lead: 0.0, self._meet: 0.0, self._show_pulse: 0.0}
        self._met: dict[int, float] = {}
        self._spares: list[Tier] = []
        self._entries_at = 0.0
        super().__init__(*args, **kwargs)

    def enabled_models_qs(self) -> "QuerySet[PeriodicTask]":
        """Return the ordinary entries. The tiers' rows say how often to poll; they are not sent themselves."""
        entries: QuerySet[PeriodicTask] = super().enabled_models_qs().exclude(name__startswith="poll:")
        return entries

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Do what is due, and return how many seconds there is nothing more to do."""
        for act, due in self._due.items():
            if time.monotonic() >= due:
                self._due[act] = self._next(act, due)
        if self._leading and time.monotonic() >= self._entries_at:
            self._entries_at = time.monotonic() + (super().tick(*args, **kwargs) or 0)
        soonest = min(*self._due.values(), self._entries_at if self._leading else float("inf"))
        return max(0.0, min(soonest - time.monotonic(), float(self.max_interval)))

    def _next(self, act: Callable[[], float], due: float) -> float:
        """Act, and return when to act again: on the beat, unless a whole one was missed."""
        try:
            pause = act()
        except (DatabaseError, KombuError, RedisError, OSError) as error:
            logger.warning("Beat could not %s and tries again: %r", act.__name__.strip("_"), error)
            connection.close()
            return time.monotonic() + LEAD_EVERY_S
        return max(due + pause, time.monotonic()) if due else time.monotonic() + pause

    def _claim(self) -> float:
        claimed, more = claim_due(CLAIMS_AT_ONCE, spared=self._spared())
        self._publish(claimed)
        return 0.0 if more else CLAIM_EVERY_S

    def _spared(self) -> Collection[Tier]:
        """Return the tiers that are not sent now, because the workers are behind: the lost receivers first."""
        channel = self.producer.channel
        waiting = sum(channel.client.llen(queue) for queue in POLLING)
        spared = [tier for tier, most in MOST_WAITING.items() if waiting >= most]
        if spared != self._spares:
            self._spares = spared
            words = " and ".join(spared) or "nothing"
            logger.warning("%s polls wait for a worker: beat leaves out %s", waiting, words)
        return spared

    def _publish(self, claimed: Sequence[Due]) -> None:
        # A message that is lost here is claimed again when its lease is over.
        try:
            with self.producer.batch(max_size=PUBLISH_AT_ONCE):
                for due in claimed:
                    self._send(due)
        except RuntimeError as error:  # kombu's word for a connection that was lost inside a batch
            raise OperationalError(str(error)) from error

    def _send(self, due: Due) -> None:
        kwargs = {"device_id": due.receiver_id, "claim_seq": due.claim_seq}
        self.app.send_task(
            "pollers.poll_device",
            kwargs=kwargs,
            argsrepr="()",  # what Flower shows; Celery's own way of writing it costs a tenth of the send
            kwargsrepr=repr(kwargs),
            add_to_parent=False,
            producer=self.producer,
            queue=queue_of(due.tier, failing=due.failing),
            expires=EXPIRES_AFTER_INTERVALS * due.interval_s,
            ignore_result=True,
        )

    def _lead(self) -> float:
        self._leading = self._leader.leads()
        return LEAD_EVERY_S

    def _meet(self) -> float:
        """Have servers that never answered asked now: a new one is not left waiting for the next inventory."""
        if self._leading:
            now = time.monotonic()
            for server_id in Server.objects.filter(enabled=True, health__ok_at=None).values_list(
                "pk", flat=True
            ):
                if now - self._met.get(server_id, -MEET_AGAIN_AFTER_S) >= MEET_AGAIN_AFTER_S:
                    self._met[server_id] = now
                    self.app.send_task(
                        "pollers.inventory_of",
                        kwargs={"server_id": server_id},
                        producer=self.producer,
                        expires=MEET_AGAIN_AFTER_S,
                        ignore_result=True,
                    )
        return MEET_EVERY_S

    def _show_pulse(self) -> float:
        """Show that beat is alive, and have each queue's worker show itself."""
        pulses.show(pulses.BEAT)
        for queue in POLLING:
            self.app.send_task(
                "pollers.show_pulse",
                kwargs={"part": queue},
                producer=self.producer,
                queue=queue,
                expires=pulses.SILENT_AFTER_S,
                ignore_result=True,
            )
        return pulses.EVERY_S

    def close(self) -> None:
        self._leader.close()
        super().close()
