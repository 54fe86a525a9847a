"""Beat with thousands of receivers: its start, then a minute of changing tiers; and the stock scheduler's the same.

Both are the Procfile's own command, the stock one with `--scheduler` in addition; it has a periodic task for each
receiver, of which as many a second are edited as tiers change here.
"""

import random
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from core import clock
from core.domain.tiers import DEFAULT_INTERVALS_S, Tier
from core.models import Claim, Receiver, Server
from deploy.processes import commands
from tests.bench.sends import Sends, Sent, taken
from tests.bench.workbench import ROOT, Process, running, say, spread

MIX = {Tier.CRITICAL: 10, Tier.NORMAL: 50, Tier.OFFLINE: 40}
STOCK = "--scheduler django_celery_beat.schedulers:DatabaseScheduler"
READY = r"\bmaxinterval ->"
START_S = 30.0
GRACE_S = 2.0  # for what is due at the end of a measurement to come
QUIET_S = 15.0  # of the stock scheduler, before its tasks are edited
FIRST_WITHIN_S = 60

Figures = dict[str, Any]


def run(options: Namespace) -> Figures:
    receivers = _receivers(options.devices, stopped_s=options.stopped)
    with taken(claims=True) as sends:
        began = time.time()
        with _beat() as beat:
            started = _start(sends, began)
            measured = _measure(sends, beat, seconds=options.seconds, edits=options.edits)
    _stock_tasks(receivers)
    with taken(claims=False) as sends, _beat(STOCK) as beat:
        stock = _measure_stock(sends, beat, seconds=options.seconds, edits=options.edits)
    times = round(measured["sent_a_second"] / max(stock["sent_a_second"], 1 / options.seconds), 1)
    burst = round(started["most_in_a_second"] / measured["sent_a_second"], 2)
    return {
        "devices": options.devices,
        "start": {**started, "times_steady_rate": burst},
        "steady": measured,
        "stock": stock,
        "times_stock_sends": times,
    }


def _receivers(count: int, *, stopped_s: float) -> list[int]:
    """Make receivers of every tier whose last slots were that long ago, and return their ids."""
    say(f"making {count} receivers")
    chance = random.Random(1)  # noqa: S311  repeatable, not secret
    server = Server.objects.create(name="main", url="https://198.51.100.7:10000", key_reference="env:NONE")
    made = Receiver.objects.bulk_create(
        Receiver(code=f"SHURE{number:05d}", server=server, source_id=f"dd{number:06x}", model="ULXD4Q")
        for number in range(count)
    )
    now = clock.now()
    tiers = chance.choices(list(MIX), weights=list(MIX.values()), k=count)
    Claim.objects.bulk_create(
        Claim(
            receiver=receiver,
            tier=tier.value,
            slot_at=now - timedelta(seconds=stopped_s + chance.random() * DEFAULT_INTERVALS_S[tier]),
        )
        for receiver, tier in zip(made, tiers, strict=True)
    )
    _analyze()
    return [receiver.pk for receiver in made]


def _stock_tasks(receivers: Sequence[int]) -> None:
    """Make a periodic task for each receiver, as if it had run so far."""
    say(f"making {len(receivers)} periodic tasks")
    chance = random.Random(2)  # noqa: S311  repeatable, not secret
    now = clock.now()
    intervals = _intervals()
    tiers = chance.choices(list(MIX), weights=list(MIX.values()), k=len(receivers))
    PeriodicTask.objects.bulk_create(
        PeriodicTask(
            name=f"receiver {pk}",
            task="pollers.poll_device",
            interval=intervals[tier],
            kwargs=f'{{"device_id": {pk}}}',
            queue=f"poll.{tier}",
            last_run_at=now - timedelta(seconds=chance.random() * DEFAULT_INTERVALS_S[tier]),
        )
        for pk, tier in zip(receivers, tiers, strict=True)
    )
    _analyze()


def _intervals() -> dict[Tier, IntervalSchedule]:
    return {
        tier: IntervalSchedule.objects.get_or_create(every=int(every_s), period="seconds")[0]
        for tier, every_s in DEFAULT_INTERVALS_S.items()
    }


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _beat(*options: str) -> Iterator[Process]:
    command = " ".join([commands(ROOT / "Procfile")["beat"], *options])
    with running("/bin/sh", "-c", command, sign=READY) as process:
        yield process


def _start(sends: Sends, began: float) -> Figures:
    """Watch the first half minute of a beat whose process began then, and that has just said that it is ready."""
    ready = time.time()
    say("beat has started")
    time.sleep(max(0.0, ready + START_S - time.time()))
    # From a quarter second before the first: each second then holds two of beat's ticks, and not one or three.
    first = sends.log[0].at
    seconds = Counter(int(sent.at - first + 0.25) for sent in list(sends.log))
    return {
        "first_send_after_process_s": round(first - began, 2),
        "first_send_after_ready_s": round(max(0.0, first - ready), 2),
        "most_in_a_second": max(seconds.values()),
    }


def _measure(sends: Sends, beat: Process, *, seconds: float, edits: float) -> Figures:
    say(f"measuring for {seconds:g} s")
    began, cpu_s, logged = time.time(), beat.cpu_s, len(sends.log)
    sends.edit(edits)
    time.sleep(seconds)
    sends.edit(0)
    ended, cpu_s, sent = time.time(), beat.cpu_s - cpu_s, len(sends.log) - logged
    time.sleep(GRACE_S)
    measured: list[Sent] = sends.within(began, ended)
    lost = sum(each.lost for each in measured) + sends.owed(ended)
    return {
        "sent": len(measured),
        "lost": lost,
        "sent_of_due": round(len(measured) / (len(measured) + lost), 4),
        "sent_a_second": round(len(measured) / (ended - began), 1),
        "lateness_s": spread([each.late_s for each in measured]),
        "cpu_ms_a_send": round(cpu_s / sent * 1000, 3),
        "edits": sends.edits,
    }


def _measure_stock(sends: Sends, beat: Process, *, seconds: float, edits: float) -> Figures:
    deadline = time.time() + FIRST_WITHIN_S
    while not sends.log and time.time() < deadline:
        time.sleep(0.1)
    say(
        f"the stock scheduler has started; measuring for {seconds:g} s, before that {QUIET_S:g} s without edits"
    )
    quiet_from = time.time()
    time.sleep(QUIET_S)
    began, cpu_s = time.time(), beat.cpu_s
    made = _edit_tasks(edits, seconds)
    ended, cpu_s = time.time(), beat.cpu_s - cpu_s
    sent = len(sends.within(began, ended))
    return {
        "sent": sent,
        "sent_a_second": round(sent / (ended - began), 2),
        "sent_a_second_without_edits": round(len(sends.within(quiet_from, began)) / (began - quiet_from), 1),
        "cpu_ms_a_send": round(cpu_s / sent * 1000, 3) if sent else None,
        "edits": made,
    }


def _edit_tasks(a_second: float, seconds: float) -> int:
    """Give so many tasks a second another interval, as the admin does, and return how many there were."""
    chance = random.Random(3)  # noqa: S311  repeatable, not secret
    intervals = _intervals()
    names = list(PeriodicTask.objects.filter(task="pollers.poll_device").values_list("pk", flat=True))
    began, made = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        if made < a_second * passed:
            task = PeriodicTask.objects.get(pk=chance.choice(names))
            (tier,) = chance.choices(list(MIX), weights=list(MIX.values()))
            task.interval = intervals[tier]
            task.save()
            made += 1
        else:
            time.sleep(0.01)
    return made
