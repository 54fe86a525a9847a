"""Micboard in one process: beat, the workers, the inventory and the emitter, each in threads as they are processes."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connection

from core.claims import Due, claim_due
from core.models import Server, ServerHealth
from core.queues import SUSPECT, queue_of
from pollers.inventory import CANNOT_ASK, sentence, take
from pollers.poll import poll
from realtime.board import Window
from realtime.windows import emit

from .journal import Listed, Seen, seen
from .played import Played

CLAIM_EVERY_S = 0.2
EMIT_EVERY_S = 0.5
INVENTORY_EVERY_S = 8.0
POLL_THREADS, SUSPECT_THREADS, INVENTORY_THREADS = 32, 16, 8

Watched = tuple[Played, str]


class Micboard:
    """`journal` has every poll that was recorded, by receiver, `lists` every inventory, by server, `windows` what was
    emitted, and `went_wrong` whatever was raised.
    """

    def __init__(self, receivers: Mapping[int, Watched], servers: Iterable[int]) -> None:
        self.journal: dict[int, list[Seen]] = defaultdict(list)
        self.lists: dict[int, list[Listed]] = defaultdict(list)
        self.windows: list[Window] = []
        self.went_wrong: list[BaseException] = []
        self._receivers = receivers
        self._servers = tuple(servers)
        self._workers = {
            suspect: ThreadPoolExecutor(threads, thread_name_prefix="suspect" if suspect else "poll")
            for suspect, threads in ((False, POLL_THREADS), (True, SUSPECT_THREADS))
        }
        self._inventories = ThreadPoolExecutor(INVENTORY_THREADS, thread_name_prefix="inventory")
        self._listing: set[int] = set()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._again, args=(act, every_s), name=act.__name__)
            for act, every_s in (
                (self._claim, CLAIM_EVERY_S),
                (self._emit, EMIT_EVERY_S),
                (self._list, INVENTORY_EVERY_S),
            )
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for pool in (*self._workers.values(), self._inventories):
            pool.shutdown()

    def _again(self, act: Callable[[], None], every_s: float) -> None:
        while not self._stop.wait(every_s):
            try:
                act()
            except Exception as error:  # noqa: BLE001  told by the test that everything went well
                self.went_wrong.append(error)
            finally:
                connection.close()

    def _claim(self) -> None:
        for due in claim_due(1000)[0]:
            suspect = queue_of(due.tier, failing=due.failing) == SUSPECT
            self._given(self._workers[suspect].submit(_in_thread, self._poll, due))

    def _poll(self, due: Due) -> None:
        played, serial = self._receivers[due.receiver_id]
        began, before = time.monotonic(), played.truth(serial)
        if poll(device_id=due.receiver_id, claim_seq=due.claim_seq):
            ended, after = time.monotonic(), played.truth(serial)
            self.journal[due.receiver_id].append(
                seen(
                    due.receiver_id,
                    began=began,
                    ended=ended,
                    claim_seq=due.claim_seq,
                    truths=(before, after),
                )
            )

    def _emit(self) -> None:
        self.windows += emit()

    def _list(self) -> None:
        for server_id in self._servers:
            if server_id not in self._listing:
                self._listing.add(server_id)
                self._given(self._inventories.submit(_in_thread, self._take, server_id))

    def _take(self, server_id: int) -> None:
        began, told = time.monotonic(), ""
        try:
            take(Server.objects.get(pk=server_id))
        except CANNOT_ASK as error:
            told = sentence(error)
        finally:
            self._listing.discard(server_id)
        health = ServerHealth.objects.get(server=server_id)
        self.lists[server_id].append(
            Listed(
                began=began,
                ended=time.monotonic(),
                error=told,
                odd=" ".join([health.notice, *(str(anomaly["detail"]) for anomaly in health.anomalies)]),
                status=health.status,
            )
        )

    def _given(self, future: "Future[None]") -> None:
        future.add_done_callback(self._done)

    def _done(self, future: "Future[None]") -> None:
        if error := future.exception():
            self.went_wrong.append(error)


def _in_thread(act: Callable[..., None], *about: Any) -> None:
    try:
        act(*about)
    finally:
        connection.close()
