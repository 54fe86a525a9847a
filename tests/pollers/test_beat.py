"""Beat as a process of its own: it sends what is due, outlives its broker, and ends between two ticks."""

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest
import redis
from django.db import connection, transaction

from core import clock, pulses
from core.domain.tiers import Tier
from core.models import Claim, Pulse, Receiver, Server, ServerHealth
from core.queues import POLLING
from deploy import valkey
from pollers.scheduler import MOST_WAITING
from tests.deploy.processes import until
from tests.fleet import make_receivers, make_server
from tests.processes import environment

BEAT = (sys.executable, "-m", "celery", "-A", "pollers", "beat", "--schedule", "", "--pidfile", "")
NAME = "beat under test"  # tells it from whoever else works on this database


@contextmanager
def running(**variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a beat, and enter when it has ticked."""
    with subprocess.Popen(
        BEAT,
        env=environment() | {"PGAPPNAME": NAME} | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until(lambda: Pulse.objects.filter(part=pulses.BEAT).exists() or process.poll() is not None)
            yield process
        finally:
            process.kill()


@pytest.fixture
def beat(committed: None) -> Iterator["subprocess.Popen[bytes]"]:
    del committed
    with running() as process:
        yield process


@pytest.mark.parametrize("word", [SIGTERM, SIGINT])
def test_told_to_stop_it_ends_well(beat: "subprocess.Popen[bytes]", word: Signals) -> None:
    beat.send_signal(word)

    assert beat.wait(5) == 0


def test_told_to_stop_inside_a_statement_it_ends_well_behind_it(beat: "subprocess.Popen[bytes]") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE core_claim IN ACCESS EXCLUSIVE MODE")
        until(_has_begun_to_wait)
        beat.send_signal(SIGTERM)
        time.sleep(0.5)
        # Where the machine stalls meanwhile the statement has given up, and only then may beat have ended.
        assert beat.poll() is None or not _waits()

    assert beat.wait(5) == 0


class Broker:
    """A Valkey of the test's own, which forgets everything when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.url = valkey.url(folder)
        self._program = valkey.program(folder, folder, throwaway=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._client = redis.Redis(unix_socket_path=str(folder / valkey.SOCKET_NAME))

    def start(self) -> None:
        self._process = subprocess.Popen(self._program.argv, stdout=subprocess.DEVNULL)
        assert callable(self._program.ready)
        until(self._program.ready)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def polls(self) -> int:
        """Return how many polls wait in the queues."""
        return sum(int(self._client.llen(queue)) for queue in POLLING)

    def fall_behind(self, polls: int) -> None:
        """Let so many polls wait for a worker."""
        self._client.lpush(f"poll.{Tier.NORMAL}", *["{}"] * polls)

    def catch_up(self) -> None:
        self._client.delete(*POLLING)

    def sent(self) -> set[int]:
        """Return the receivers whose polls wait."""
        waiting = [json.loads(message) for queue in POLLING for message in self._client.lrange(queue, 0, -1)]
        return {
            json.loads(base64.b64decode(message["body"]))[1]["device_id"]
            for message in waiting
            if message.get("headers", {}).get("task") == "pollers.poll_device"
        }

    def inventories(self) -> list[int]:
        """Return the servers whose inventories wait."""
        waiting = [json.loads(message) for message in self._client.lrange("default", 0, -1)]
        return [
            json.loads(base64.b64decode(message["body"]))[1]["server_id"]
            for message in waiting
            if message["headers"]["task"] == "pollers.inventory_of"
        ]


@pytest.fixture
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="micboard-beat-") as folder:
        broker = Broker(Path(folder))
        broker.start()
        yield broker
        broker.kill()


@pytest.mark.usefixtures("committed")
def test_a_beat_whose_broker_dies_while_it_publishes_goes_on_when_it_is_back(broker: Broker) -> None:
    make_receivers(40)
    Receiver.objects.update(interval_s=1)
    with running(REDIS_URL=broker.url) as beat:
        until(lambda: broker.polls() >= 40)

        broker.kill()
        time.sleep(3)
        assert beat.poll() is None
        broker.start()

        until(lambda: broker.polls() >= 40, within_s=30)
        assert beat.poll() is None


@pytest.mark.usefixtures("committed")
def test_behind_with_its_polls_it_leaves_out_the_lost_first_and_never_those_in_trouble(
    broker: Broker,
) -> None:
    lost, well, troubled = make_receivers(3)
    for receiver, tier in ((lost, Tier.OFFLINE), (well, Tier.NORMAL), (troubled, Tier.CRITICAL)):
        Claim.objects.filter(receiver=receiver).update(tier=tier.value, wanted=False)
    Receiver.objects.update(interval_s=1)
    broker.fall_behind(MOST_WAITING[Tier.NORMAL])
    with running(REDIS_URL=broker.url):
        until(lambda: broker.sent() == {troubled.pk})
        time.sleep(2)
        assert broker.sent() == {troubled.pk}

        broker.catch_up()
        broker.fall_behind(MOST_WAITING[Tier.OFFLINE])
        until(lambda: broker.sent() == {troubled.pk, well.pk})

        broker.catch_up()
        until(lambda: broker.sent() == {troubled.pk, well.pk, lost.pk})


@pytest.mark.usefixtures("committed")
def test_a_new_server_is_asked_at_once_and_one_that_answered_in_its_turn(broker: Broker) -> None:
    known, disabled = make_server("known"), make_server("disabled")
    Server.objects.filter(pk=disabled.pk).update(enabled=False)
    ServerHealth.objects.create(server=known, ok_at=clock.now())
    with running(REDIS_URL=broker.url):
        new = make_server("new")

        until(lambda: new.pk in broker.inventories(), within_s=5)
        time.sleep(3)

        assert broker.inventories() == [new.pk]


def _has_begun_to_wait() -> bool:
    """Say whether a claim waits for its lock since less than a second: it gives up after three, to try again."""
    return _waits(since_s=1)


def _waits(*, since_s: float = 60) -> bool:
    """Say whether a statement of the beat waits for a lock; one whose process is gone goes on waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one snapshot otherwise
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND wait_event_type = 'Lock'"
            " AND clock_timestamp() - query_start < make_interval(secs => %s))",
            [NAME, since_s],
        )
        (waits,) = cursor.fetchone()
    return bool(waits)
