"""The Procfile's worker, and tasks that are handed to it as beat does: what they cost it."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db.models.functions import Now

from core.celery import app
from core.claims import Due, claim_due
from core.models import Claim, Receiver, Server
from core.queues import queue_of
from deploy.processes import commands
from pollers import inventory
from tests.bench import nothing
from tests.bench.player import Played, playing
from tests.bench.workbench import ROOT, Process, running

ALONE, FULL = "ADTQ", "ULXD4Q"  # the one is known to its server alone
QUEUE = "poll.normal"
WITHIN_S = 120
_LOOK_EVERY_S = 0.02
_SETTLES_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one task cost the worker's process, and how many it did a second."""

    cpu_ms: float
    a_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A receiver, and where it is played."""

    played: Played
    receiver: Receiver


class Line:
    def __init__(self, worker: Process) -> None:
        self._worker = worker
        self._store = redis.Redis.from_url(settings.REDIS_URL)

    def polls(self, rack: Sequence[Member]) -> Cost:
        """Have each of these polled once. All have to answer."""
        claims = claimed(rack)
        begun = Claim.objects.filter(receiver__in=ids(rack), inflight_until__isnull=False)

        def hand_over() -> None:
            for due in claims:
                app.send_task(
                    "pollers.poll_device",
                    kwargs={"device_id": due.receiver_id, "claim_seq": due.claim_seq},
                    queue=queue_of(due.tier, failing=due.failing),
                    ignore_result=True,
                )

        cost = self._cost(len(claims), hand_over, done=lambda: not begun.exists())
        require_answers(rack)
        return cost

    def nothings(self, count: int) -> Cost:
        """Have the empty task done this often."""

        def hand_over() -> None:
            for number in range(count):
                kwargs = {"device_id": number, "claim_seq": number}
                app.send_task(nothing.NAME, kwargs=kwargs, queue=QUEUE, ignore_result=True)

        return self._cost(count, hand_over, done=lambda: not self._store.llen(QUEUE))

    def _cost(self, count: int, hand_over: Callable[[], None], *, done: Callable[[], bool]) -> Cost:
        cpu_s, began = self._worker.cpu_s, time.monotonic()
        hand_over()
        while not done():
            if time.monotonic() > began + WITHIN_S:
                raise TimeoutError("The worker did not do its tasks:\n" + "".join(self._worker.said))
            time.sleep(_LOOK_EVERY_S)
        took_s = time.monotonic() - began
        time.sleep(_SETTLES_S)  # the last of its tasks, and of their events
        return Cost(cpu_ms=(self._worker.cpu_s - cpu_s) / count * 1000, a_second=count / took_s)


@contextmanager
def working() -> Iterator[Line]:
    """Run the Procfile's worker of the polls, which knows the empty task beside its own."""
    command = f"{commands(ROOT / 'Procfile')['poll']} --include {nothing.__name__}"
    with running("/bin/sh", "-c", command, sign=r"@\S+ ready\.$") as worker:
        yield Line(worker)


def racked(stack: ExitStack, model: str, options: Namespace) -> list[Member]:
    """Play receivers of one model until the stack is closed, register them, and return them of each server in turn.

    There are several servers because none is asked by more than a few threads at once.
    """
    each = options.receivers // options.servers
    racks = []
    for number in range(options.servers):
        played = stack.enter_context(playing([model] * each, scenario="quiet"))
        if model == ALONE:
            for source_id in played.source_ids:
                # Without a name or a battery there is one resource to ask for.
                played.direct("PATCH", f"receivers/{source_id}", {"capabilities": ["identify"]})
        racks.append(_registered(played, f"{model.lower()}-{number}"))
    return [member for one_of_each in zip(*racks, strict=True) for member in one_of_each]


def _registered(played: Played, name: str) -> list[Member]:
    key_file = Path(settings.DATA_DIR) / f"key-of-{name}"
    key_file.write_text(played.api_key)
    server = Server.objects.create(
        name=name, url=played.url, key_reference=f"file:{key_file}", pins=[played.fingerprint]
    )
    inventory.take(server)
    return [Member(played=played, receiver=receiver) for receiver in server.receivers.all()]


def claimed(rack: Sequence[Member]) -> list[Due]:
    """Claim these now, as beat does."""
    Claim.objects.update(wanted=False, slot_at=Now())  # so that no other is due
    Claim.objects.filter(receiver__in=ids(rack)).update(wanted=True, inflight_until=None)
    claims, _ = claim_due(len(rack) + 1)
    return claims


def require_answers(rack: Sequence[Member]) -> None:
    """Have no figure of polls that were not answered."""
    for claim in Claim.objects.filter(receiver__in=ids(rack)):
        if claim.system_api_failures or claim.command_strings_failures:
            raise RuntimeError(f"{claim}: {claim.system_api_error} {claim.command_strings_error}")


def ids(rack: Sequence[Member]) -> list[int]:
    return [member.receiver.pk for member in rack]
