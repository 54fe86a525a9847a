"""How a worker, a broker and a beat live and die: the Procfile's processes as nodes of pytest-celery."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_celery import CeleryTestNode, CeleryTestSetup

from core.claims import Due
from core.models import Claim, Receiver
from core.queues import POLLING, queue_of
from core.threads import FEW
from pollers.simulator import Hang, Simulator, Slow
from tests.deploy.processes import until
from tests.pollers.watching import claim

INTERVAL_S = 2
WORKER_KILLED_S = 20 + 2  # until a receiver is polled that a dead worker held
BROKER_BACK_S = 15


def send(setup: CeleryTestSetup, due: Due, *, times: int = 1) -> None:
    """Send a claimed poll, as beat does."""
    with setup.app.connection_for_write() as connection:
        for _ in range(times):
            setup.app.send_task(
                "pollers.poll_device",
                kwargs={"device_id": due.receiver_id, "claim_seq": due.claim_seq},
                queue=queue_of(due.tier, failing=due.failing),
                connection=connection,
            )


def is_polled(receiver: Receiver, *, since: int = 0) -> bool:
    """Say whether a claim later than this one was finished well."""
    done = Claim.objects.filter(receiver=receiver, claim_seq__gt=since, inflight_until=None, failures=0)
    return done.exclude(polled_at=None).exists()


def sessions(rack: Simulator, receiver: Receiver) -> tuple[int, int]:
    """Return how many sessions a receiver had since the start, and how many it has now."""
    told = rack.counts().receivers.get(receiver.source_id)
    return (told.opened, told.open) if told else (0, 0)


def poll_often(receiver: Receiver) -> None:
    Receiver.objects.filter(pk=receiver.pk).update(interval_s=INTERVAL_S)


def test_a_worker_takes_a_poll_and_finishes_its_claim_however_often_the_broker_delivers_it(
    celery_setup: CeleryTestSetup, rack: Simulator, receiver: Receiver
) -> None:
    due = claim(receiver)

    send(celery_setup, due, times=3)
    until(lambda: is_polled(receiver))
    later = claim(receiver)
    send(celery_setup, later)
    until(lambda: is_polled(receiver, since=due.claim_seq))

    assert sessions(rack, receiver) == (2, 0)
    assert Claim.objects.get(receiver=receiver).claim_seq == later.claim_seq


def test_a_worker_says_what_it_consumes(celery_setup: CeleryTestSetup) -> None:
    assert celery_setup.ready(control=True)

    (queues,) = celery_setup.app.control.inspect().active_queues().values()

    assert {queue["name"] for queue in queues} == {*POLLING, "default"} - {"poll.suspect"}
    assert celery_setup.worker.worker_queue == "poll.critical"


def test_few_of_a_worker_s_threads_take_turns(celery_setup: CeleryTestSetup) -> None:
    (told,) = celery_setup.app.control.inspect(timeout=10, limit=1).stats().values()

    assert told["pool"]["implementation"] == "core.threads:TaskPool"
    assert told["pool"]["max-concurrency"] == 32
    assert told["pool"]["threads"] <= FEW


def test_a_worker_that_is_told_to_stop_finishes_what_it_polls(
    celery_setup: CeleryTestSetup, rack: Simulator, receiver: Receiver
) -> None:
    rack.strike(Slow(ms=1500), at=receiver.source_id)
    send(celery_setup, claim(receiver))
    until(lambda: sessions(rack, receiver) == (1, 1))

    celery_setup.worker.kill("SIGTERM")

    assert celery_setup.worker.container.process.returncode == 0
    assert is_polled(receiver)


@pytest.mark.long
def test_what_a_killed_worker_polled_is_polled_again_by_another(
    celery_setup: CeleryTestSetup, celery_beat: CeleryTestNode, rack: Simulator, receiver: Receiver
) -> None:
    rack.strike(Hang(), at=receiver.source_id)
    poll_often(receiver)
    until(lambda: sessions(rack, receiver)[1] == 1)
    held = Claim.objects.get(receiver=receiver)

    celery_setup.worker.kill()
    rack.heal()
    celery_setup.worker.restart()

    until(lambda: is_polled(receiver, since=held.claim_seq), within_s=WORKER_KILLED_S)
    assert held.started_seq == held.claim_seq
    assert celery_beat.container.status == "running"


def test_a_worker_goes_on_when_its_broker_comes_back_with_nothing(
    celery_setup: CeleryTestSetup, receiver: Receiver
) -> None:
    send(celery_setup, claim(receiver))
    until(lambda: is_polled(receiver))
    worker = celery_setup.worker.container.process

    celery_setup.broker.kill()
    celery_setup.broker.restart()
    later = claim(receiver)
    send(celery_setup, later)

    until(lambda: is_polled(receiver, since=later.claim_seq - 1), within_s=BROKER_BACK_S)
    assert celery_setup.worker.container.process is worker
    assert worker.poll() is None


@pytest.mark.long
def test_a_beat_sends_what_is_due_and_when_it_is_told_to_stop_nothing_more(
    celery_setup: CeleryTestSetup, celery_beat: CeleryTestNode, rack: Simulator, receiver: Receiver
) -> None:
    poll_often(receiver)
    until(lambda: sessions(rack, receiver)[0] >= 3)

    celery_beat.kill("SIGTERM")
    until(lambda: Claim.objects.get(receiver=receiver).inflight_until is None)
    polls = sessions(rack, receiver)[0]
    due = Claim.objects.filter(receiver=receiver, slot_at__lt=Now() - timedelta(seconds=INTERVAL_S))
    until(due.exists, within_s=2 * INTERVAL_S + 1)

    assert celery_beat.container.process.returncode == 0
    assert sessions(rack, receiver) == (polls, 0)
    assert celery_setup.worker.container.status == "running"
