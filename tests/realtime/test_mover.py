"""Emitters killed under load: nothing is lost, nothing is out of order; and the reader that would lose is caught."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import orjson
import pytest
from django.db import connection, transaction

from core.domain.changes import Change
from core.domain.outcome import ChangedChannel
from core.domain.state import from_wire
from core.models import ChangeRecord, ChannelRecord, Head, Inbox, Receiver, Window
from core.recording import write_changes
from realtime.snapshot import read_board
from realtime.windows import emit
from tests.fleet import make_receivers
from tests.processes import environment

KILLS = 20
WRITERS = 4
RECEIVERS = 12


class Writers:
    """Polls that change a frequency each time, of receivers that all of them share, with a pause before commit."""

    def __init__(self, receivers: list[Receiver]) -> None:
        self.committed: Counter[int] = Counter()
        self._receivers = receivers
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(seed,)) for seed in range(WRITERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _write(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311  repeatable, not secret
        while not self._stop.is_set():
            receiver = chance.choice(self._receivers)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE core_claim SET recorded_seq = recorded_seq + 1 WHERE receiver_id = %s",
                    [receiver.pk],
                )
                for channel_id in self._retune(cursor, receiver):
                    self.committed[channel_id] += 1
                time.sleep(chance.expovariate(1 / 0.01))
        connection.close()

    def change_for_long(self, receiver: Receiver, naive: "NaiveReader") -> None:
        """Change a receiver that is nobody else's: ids are drawn now, and seen when the naive reader is past them."""
        with transaction.atomic(), connection.cursor() as cursor:
            for channel_id in self._retune(cursor, receiver):
                self.committed[channel_id] += 1
            cursor.execute("SELECT max(id) FROM core_inbox")
            (drawn,) = cursor.fetchone()
            while naive.last <= drawn:
                cursor.execute("SELECT pg_sleep(0.05)")  # not idle, or Postgres would end it
        connection.close()

    @staticmethod
    def _retune(cursor: object, receiver: Receiver) -> list[int]:
        changed = []
        for record in ChannelRecord.objects.filter(channel__receiver=receiver):
            state = from_wire(record.recorded)
            change = Change("frequency_khz", state.frequency_khz, (state.frequency_khz or 470_000) + 25)
            after = from_wire({**record.recorded, "frequency_khz": change.after})
            changed.append(ChangedChannel(id=record.pk, changes=(change,), state=after))
        write_changes(cursor, changed)  # type: ignore[arg-type]  # a cursor of Django's
        return [one.id for one in changed]


class NaiveReader:
    """Follows the history by `id > last`, as one would: what it never sees is what the windows are for."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.last = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _read(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.is_set()  # once more after the end
            ids = list(
                ChangeRecord.objects.filter(id__gt=self.last).order_by("id").values_list("id", flat=True)
            )
            self.seen.update(ids)
            self.last = ids[-1] if ids else self.last
            time.sleep(0.005)
        connection.close()


@pytest.mark.usefixtures("committed")
def test_emitters_killed_twenty_times_under_load_lose_nothing_and_keep_the_order() -> None:
    *receivers, slow = make_receivers(RECEIVERS)
    emit()
    before = read_board()
    program = Path(__file__).with_name("emitters.py")

    with NaiveReader() as naive:
        with Writers(receivers) as writers, ThreadPoolExecutor(1) as aside:
            late = aside.submit(writers.change_for_long, slow, naive)
            ended = subprocess.run(
                [sys.executable, str(program), str(KILLS), "1"],
                env=environment(),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            late.result(10)
        assert (ended.returncode, ended.stdout.strip()) == (0, str(KILLS)), ended.stderr
        emit()

    retunes = ChangeRecord.objects.exclude(changes={})
    assert Counter(retunes.values_list("channel_id", flat=True)) == writers.committed
    assert not Inbox.objects.exists()

    seqs = list(Window.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, Head.objects.get().seq + 1))
    for channel_id in writers.committed:
        in_order = ChangeRecord.objects.filter(channel_id=channel_id).order_by("seq", "id")
        revs = list(in_order.values_list("rev", flat=True))
        assert revs == list(range(1, len(revs) + 1))

    for frame in Window.objects.filter(seq__gt=before.seq).order_by("seq").values_list("frame", flat=True):
        before.apply(orjson.loads(frame))
    now = read_board()
    assert before.rows == now.rows

    everything = set(ChangeRecord.objects.values_list("id", flat=True))
    assert everything - naive.seen, (
        "the control saw everything: this would not catch a reader that loses rows"
    )
