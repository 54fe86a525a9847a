"""What one poll costs, in a real worker of the Procfile and called directly, beside a bare `requests` loop.

`unchanged` is one conditional GET that is answered by 304 (each thirtieth asks for the whole, as ever); `full` is a
ULXD4Q of which the server's entry and every channel changed.
"""

import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from statistics import median
from typing import Any

import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import ChangeRecord, Inbox
from pollers.poll import poll
from tests.bench.line import ALONE, FULL, Line, Member, claimed, racked, require_answers, working
from tests.bench.workbench import say

TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK"}

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    with ExitStack() as stack:
        alone, full = racked(stack, ALONE, options), racked(stack, FULL, options)
        bench = Bench(stack.enter_context(working()), alone, full)
        for _ in range(options.rounds):
            bench.round()
        return bench.figures()


class Bench:
    """Each kind of poll once a round, `alone` and `full` being the receivers that are polled."""

    def __init__(self, line: Line, alone: Sequence[Member], full: Sequence[Member]) -> None:
        changing = Changing(full)
        self._alone, self._changing = alone, changing
        self._kinds: dict[str, Callable[[], float]] = {
            "bare_requests": Bare(alone).cpu_ms,
            "trimmed_requests": Bare(alone, trust_env=False).cpu_ms,
            "celery_alone": lambda: line.nothings(len(alone)).cpu_ms,
            "unchanged_worker": lambda: line.polls(alone).cpu_ms,
            "unchanged_direct": lambda: _direct_cpu_ms(alone),
            "full_worker": lambda: line.polls(changing.changed()).cpu_ms,
            "full_direct": lambda: _direct_cpu_ms(changing.changed()),
        }
        for measure in self._kinds.values():
            measure()  # warm: connections, first readings, the memory of what was answered
        self._costs: dict[str, list[float]] = defaultdict(list)
        self._rows: dict[str, int] = defaultdict(int)

    def round(self) -> None:
        for kind, measure in self._kinds.items():
            before = _history_rows()
            self._costs[kind].append(measure())
            self._rows[kind] += _history_rows() - before
        say(", ".join(f"{kind} {costs[-1]:.2f} ms" for kind, costs in self._costs.items()))

    def figures(self) -> Figures:
        cpu_ms = {kind: round(median(costs), 3) for kind, costs in self._costs.items()}

        def times_bare(kind: str, bare: str) -> float:
            return round(cpu_ms[kind] / cpu_ms[bare], 2)

        return {
            "cpu_ms": cpu_ms,
            **{
                f"times_{bare}": {
                    kind: times_bare(kind, bare) for kind in cpu_ms if kind.startswith(("unchanged", "full"))
                }
                for bare in ("bare_requests", "trimmed_requests")
            },
            "history_rows": dict(self._rows),
            "unchanged": _asked_of_the_database(self._alone[0]),
            "full": _asked_of_the_database(self._changing.changed()[0]),
        }


class Bare:
    """The same question, asked by nobody but `requests`: as it is, or without a look for proxies and a .netrc."""

    def __init__(self, rack: Sequence[Member], *, trust_env: bool = True) -> None:
        self._session = requests.Session()
        self._session.trust_env = trust_env
        self._rack = [(member, self._asked(member).headers["ETag"]) for member in rack]

    def cpu_ms(self) -> float:
        began = time.thread_time()
        for member, etag in self._rack:
            assert self._asked(member, {"If-None-Match": etag}).status_code == HTTPStatus.NOT_MODIFIED
        return (time.thread_time() - began) / len(self._rack) * 1000

    def _asked(self, member: Member, headers: Mapping[str, str] | None = None) -> requests.Response:
        return self._session.get(
            f"{member.played.url}/api/v1/devices/{member.receiver.source_id}",
            headers={"x-api-key": member.played.api_key, **(headers or {})},
            timeout=10,
            verify=member.played.certificate,
        )


class Changing:
    """Receivers of which everything that a poll hears is another thing each time."""

    def __init__(self, rack: Sequence[Member]) -> None:
        self._rack = rack
        self._times = 0

    def changed(self) -> Sequence[Member]:
        self._times += 1
        odd = self._times % 2
        firmware = {"firmware": f"2.7.{self._times}.0"}
        radio = {
            "transmitter_on": True,
            "frequency_khz": 578_350 + 100 * odd,
            "battery_percent": 80 + 10 * odd,
        }
        levels = {"rf_dbm": -50 - 5 * odd, "audio_dbfs": -20 - 5 * odd, "muted": bool(odd)}
        for member in self._rack:
            at = f"receivers/{member.receiver.source_id}"
            member.played.direct("PATCH", at, firmware)
            for number in range(1, 5):
                member.played.direct("PATCH", f"{at}/channels/{number}", {**radio, **levels})
        return self._rack


def _direct_cpu_ms(rack: Sequence[Member]) -> float:
    claims = claimed(rack)
    began = time.thread_time()
    for due in claims:
        assert poll(device_id=due.receiver_id, claim_seq=due.claim_seq)
    cpu_s = time.thread_time() - began
    require_answers(rack)
    return cpu_s / len(claims) * 1000


def _asked_of_the_database(member: Member) -> Figures:
    """Poll once, and count what the database was asked from the start of the claim on."""
    (due,) = claimed([member])
    with CaptureQueriesContext(connection) as queries:
        assert poll(device_id=due.receiver_id, claim_seq=due.claim_seq)
    words = [query["sql"].split()[0].upper() for query in queries]
    return {
        "statements": sum(word not in TRANSACTION for word in words),
        "transactions": words.count("BEGIN"),
    }


def _history_rows() -> int:
    """Return how many rows wait for the history, or are in it: nobody emits here."""
    return Inbox.objects.count() + ChangeRecord.objects.count()
