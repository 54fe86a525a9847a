"""The wall as it was, out of a long history: how long its page takes, and which part of that is whose.

The history has a keyframe of every channel at the beginning of each day, as the emitter writes them, and changes of
each channel spread over the day. The page is asked for at moments all over it, as a browser asks.
"""

import random
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from statistics import median
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory

from core import clock
from core.access import Principal
from core.domain.state import instant
from core.models import ChangeRecord
from core.retention import ensure_partition, history_bytes
from dashboard.painted import context
from realtime import replay
from tests.bench.house import House
from tests.bench.workbench import say, spread

_KEYFRAMES = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT nextval(pg_get_serial_sequence('core_inbox', 'id')), %(at)s::timestamptz, 'keyframe', r.channel_id,
       r.device_id, 1, '{}', r.identity || c.recorded, 1
  FROM core_roster r JOIN core_channelrecord c USING (channel_id)
"""

_CHANGES = """
INSERT INTO core_changerecord (id, at, kind, channel_id, device_id, rev, changes, state, seq)
SELECT nextval(pg_get_serial_sequence('core_inbox', 'id')), changed.at, 'change', r.channel_id, r.device_id, 2,
       '{"battery_minutes": [380, 379]}', c.recorded, 1
  FROM core_roster r JOIN core_channelrecord c USING (channel_id)
 CROSS JOIN generate_series(1, %(changes)s) n
 CROSS JOIN LATERAL (
    SELECT %(at)s::timestamptz + (n - random()) * (interval '1 day' / %(changes)s) AS at WHERE r.channel_id > 0
 ) changed
 WHERE changed.at < %(until)s
 ORDER BY changed.at
"""

Figures = dict[str, Any]
T = TypeVar("T")


def run(options: Namespace) -> Figures:
    say(f"making {options.channels} channels and {options.days} days of history")
    House(options.channels)
    now = _write_history(options)
    chance = random.Random(1)  # noqa: S311  repeatable, not secret
    span_s = timedelta(days=options.days).total_seconds() - 60
    bench = Bench()
    bench.look(now)  # warm: templates, plans
    for number in range(options.moments):
        bench.look(now - timedelta(seconds=60 + chance.random() * (span_s - 60)), measured=True)
        say(f"{number + 1}: {bench.spent['page'][-1]:.0f} ms")
    return {
        "channels": options.channels,
        "records": ChangeRecord.objects.count(),
        "history_mb": round(history_bytes() / 1e6),
        "moments": options.moments,
        "html_kb": round(bench.html / 1000),
        **{f"{part}_ms": spread(spent) for part, spent in bench.spent.items()},
        "page_cpu_ms": round(median(bench.cpu_ms), 1),
    }


def _write_history(options: Namespace) -> datetime:
    """Write as many days as are asked for up to now, each in its partition."""
    now = clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for day in (today - timedelta(days=ago) for ago in range(options.days, -1, -1)):
            ensure_partition(cursor, day.date())
            cursor.execute(_KEYFRAMES, {"at": day})
            cursor.execute(_CHANGES, {"at": day, "until": now, "changes": options.changes})
        cursor.execute("VACUUM ANALYZE core_changerecord")
        cursor.execute("SET statement_timeout = '10s'")
    return now


class Bench:
    """Looks at moments. `spent` holds the milliseconds of each look: of its page, and of what that is made of."""

    def __init__(self) -> None:
        user = User.objects.create_user("bench")
        self._client = Client(SERVER_NAME="127.0.0.1")
        self._client.force_login(user)
        self._principal = Principal(name="bench", user_id=user.pk)
        self.spent: dict[str, list[float]] = defaultdict(list)
        self.cpu_ms: list[float] = []
        self.html = 0

    def look(self, at: datetime, *, measured: bool = False) -> None:
        spent: dict[str, float] = {}

        def timed(part: str, act: Callable[[], T]) -> T:
            began = time.perf_counter()
            result = act()
            spent[part] = (time.perf_counter() - began) * 1000
            return result

        began_s = time.thread_time()
        answer = timed("page", lambda: self._client.get("/wall/", {"at": instant(at)}))
        cpu_ms = (time.thread_time() - began_s) * 1000
        assert answer.status_code == HTTPStatus.OK
        snapshot = timed("board", lambda: replay.data_at(self._principal, at))
        request = RequestFactory(SERVER_NAME="127.0.0.1").get("/wall/")
        timed("paint", lambda: context(request, lambda: snapshot))
        timed("step", lambda: replay.data_at(self._principal, at, since=at - timedelta(minutes=1)))
        if measured:
            plan = replay.explain(at)
            spent["statement"] = float(plan.rsplit("Execution Time: ", 1)[1].split(" ")[0])
            self.html = len(answer.content)
            self.cpu_ms.append(cpu_ms)
            for part, ms in spent.items():
                self.spent[part].append(ms)
