"""The threads of a worker: a few take turns, and many run as soon as those few keep a task waiting.

A thread that waits for a receiver costs nothing, so a worker may have many, and a rack of dead receivers holds nobody
up. Threads that compute get in each other's way: with all 32 at it a poll costs a tenth more CPU than with four.
"""

import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any, TypeAlias

from celery.concurrency.base import BasePool, apply_target

FEW = 4
LATE_S = 0.25  # so long nobody began a task: the few are held up
MANY_FOR_S = 10

logger = logging.getLogger(__name__)

Call: TypeAlias = Callable[[], object]
_Inbox: TypeAlias = "SimpleQueue[Call | None]"


class Crew:
    """Runs calls in the order of their coming, a few at once, and up to `most` while one had to wait for long."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._waiting: deque[tuple[float, Call]] = deque()  # since when
        self._somebody_waits = Event()
        self._busy = 0
        self._many_until = 0.0
        self._resting: list[_Inbox] = []  # who rested last works first: its caches are warm
        self._ended = False
        self._threads: list[Thread] = []
        self._watch = Thread(target=self._watching, name="watch", daemon=True)
        self._watch.start()

    @property
    def size(self) -> int:
        """How many threads there are by now."""
        return len(self._threads)

    @property
    def busy(self) -> int:
        """How many of them run a call."""
        return self._busy

    def run(self, call: Call) -> None:
        """Have it run by one of the threads, and return at once. After the end it is forgotten."""
        with self._lock:
            if self._ended:
                return
            if self._busy < self._at_once():
                self._begin(call)
            else:
                self._waiting.append((monotonic(), call))
                self._somebody_waits.set()

    def end(self) -> None:
        """Forget who waits, and return once whoever runs is done."""
        with self._lock:
            self._ended = True
            self._waiting.clear()
            for inbox in self._resting:
                inbox.put(None)
        self._somebody_waits.set()
        for thread in self._threads:
            thread.join()

    def _at_once(self) -> int:
        return self._most if monotonic() < self._many_until else min(FEW, self._most)

    def _begin(self, call: Call) -> None:
        """Hand it to a thread. Raises `RuntimeError` where the machine has none any more."""
        if self._resting:
            self._resting.pop().put(call)
        else:
            inbox: _Inbox = SimpleQueue()
            inbox.put(call)
            # Daemons: a worker that is forced to go does not wait for them.
            thread = Thread(target=self._working, args=(inbox,), name=f"task-{self.size + 1}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._busy += 1

    def _working(self, inbox: _Inbox) -> None:
        while (call := inbox.get()) is not None:
            while call is not None:
                try:
                    call()
                except BaseException:
                    logger.exception("A task left its thread with an error")
                call = self._next(inbox)

    def _next(self, inbox: _Inbox) -> Call | None:
        """Return what the thread of this inbox does next; None where it rests."""
        with self._lock:
            if self._waiting and self._busy <= self._at_once():
                return self._waiting.popleft()[1]
            self._busy -= 1
            if self._ended:
                inbox.put(None)
            else:
                self._resting.append(inbox)
            return None

    def _watching(self) -> None:
        while self._somebody_waits.wait():
            sleep(LATE_S / 5)
            with self._lock:
                if self._ended:
                    return
                if not self._waiting:
                    self._somebody_waits.clear()
                elif self._waiting[0][0] < monotonic() - LATE_S:
                    self._many_until = monotonic() + MANY_FOR_S
                    self._begin_all()

    def _begin_all(self) -> None:
        """Begin what waits, as far as there may be threads, and can be."""
        try:
            while self._waiting and self._busy < self._most:
                self._begin(self._waiting[0][1])
                self._waiting.popleft()
        except RuntimeError:
            logger.exception("The machine has no more than %s of %s threads", self.size, self._most)
            self._most = self.size


class TaskPool(BasePool):
    """A pool of threads for Celery, of which few take turns. `--concurrency` is how many run at most."""

    limit: int
    body_can_be_buffer = True
    signal_safe = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._crew = Crew(self.limit)

    def on_stop(self) -> None:
        self._crew.end()
        super().on_stop()

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> None:
        self._crew.run(lambda: apply_target(target, args, kwargs, callback, accept_callback))

    @property
    def info(self) -> dict[str, Any]:
        """What `celery inspect stats` and Flower tell of it."""
        return {**super().info, "threads": self._crew.size}
