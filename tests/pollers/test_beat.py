"""Beat as a process of its own: told to stop, it ends between two ticks."""

import subprocess
import sys
import time
from collections.abc import Iterator
from signal import SIGINT, SIGTERM, Signals

import pytest
from django.db import connection, transaction

from core import pulses
from core.models import Pulse
from tests.deploy.processes import until
from tests.processes import environment

BEAT = (sys.executable, "-m", "celery", "-A", "pollers", "beat", "--schedule", "", "--pidfile", "")


@pytest.fixture
def beat(committed: None) -> Iterator["subprocess.Popen[bytes]"]:
    """A beat that has ticked."""
    del committed
    with subprocess.Popen(
        BEAT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: Pulse.objects.filter(part=pulses.BEAT).exists() or process.poll() is not None)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("word", [SIGTERM, SIGINT])
def test_told_to_stop_it_ends_well(beat: "subprocess.Popen[bytes]", word: Signals) -> None:
    beat.send_signal(word)

    assert beat.wait(5) == 0


def test_told_to_stop_inside_a_statement_it_ends_well_behind_it(beat: "subprocess.Popen[bytes]") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE core_claim IN ACCESS EXCLUSIVE MODE")
        until(lambda: _waiting_for_a_lock() > 0)
        beat.send_signal(SIGTERM)
        time.sleep(0.5)
        assert beat.poll() is None

    assert beat.wait(5) == 0


def _waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        (waiting,) = cursor.fetchone()
    return int(waiting)
