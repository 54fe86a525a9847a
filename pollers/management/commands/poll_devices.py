"""Poll receivers from the command line, once or again and again, beside a running beat or without one."""

import signal
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Q

from core import claims
from core.models import Claim, Receiver
from core.models.devices import Receivers
from pollers.poll import poll

AT_ONCE = 16
SHORTEST_INTERVAL_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one poll went. `word` is ok, failed, or busy: somebody else polls it at this moment."""

    receiver: Receiver
    word: str
    took_s: float
    detail: str = ""

    def __str__(self) -> str:
        columns = (self.receiver.code, self.receiver.name or "-", self.receiver.model or "-", self.word)
        return "\t".join((*columns, f"{self.took_s:.2f} s", self.detail)).rstrip()


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = (
        "Poll receivers now and say how each answered: a line a receiver, with tabs between code, name, model, "
        "result (ok, failed, busy), duration and reason. It takes the same claims as beat, so it may run beside it: "
        "no receiver is asked twice at once. Exit code 1 when one failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--manufacturer", help="only receivers of this manufacturer, such as shure")
        parser.add_argument("--server", help="only receivers of the server of this name")
        parser.add_argument("--location", help="only receivers of the location with this slug")
        parser.add_argument("--device", help="only this receiver: its code, a channel's id, or an alias")
        parser.add_argument("--model", help="only receivers of this model, such as ULXD4Q")
        parser.add_argument("--continuous", action="store_true", help="poll again and again until Ctrl-C")
        parser.add_argument(
            "--interval", type=float, default=30, metavar="S", help="seconds between rounds (30)"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        if options["interval"] < SHORTEST_INTERVAL_S:
            raise CommandError("--interval has to be 1 s or more.")
        chosen = _chosen(**options)
        if not chosen.exists():
            raise CommandError(
                "No enabled receiver fits. `manage.py sync_inventory` finds those of a new server."
            )
        with _told_to_stop() as stop:
            if options["continuous"]:
                self._for_ever(chosen, options["interval"], stop)
            elif self._round(chosen, stop)["failed"]:
                raise CommandError("Not every receiver answered.")

    def _for_ever(self, chosen: Receivers, interval_s: float, stop: threading.Event) -> None:
        due = time.monotonic()
        while not stop.is_set():
            self._round(chosen, stop)
            due = max(due + interval_s, time.monotonic())  # a round that took longer is not made up for
            stop.wait(due - time.monotonic())

    def _round(self, chosen: Receivers, stop: threading.Event) -> Counter[str]:
        receivers = list(chosen.all())
        words: Counter[str] = Counter()
        began = time.monotonic()
        for number, result in enumerate(_polled(receivers, stop), start=1):
            words[result.word] += 1
            self._progress("")
            self.stdout.write(str(result))
            self._progress(f"{number} of {len(receivers)}")
        self._progress("")
        told = ", ".join(f"{count} {word}" for word, count in sorted(words.items()))
        self.stderr.write(f"{len(receivers)} receivers in {time.monotonic() - began:.1f} s: {told or 'none'}")
        return words

    def _progress(self, text: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
            self.stderr.flush()


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Have the signals that end a command end it between two polls, not inside one."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _chosen(
    *,
    manufacturer: str | None,
    server: str | None,
    location: str | None,
    device: str | None,
    model: str | None,
    **_: object,
) -> Receivers:
    chosen = Receiver.objects.filter(enabled=True, server__enabled=True).order_by("code")
    if manufacturer:
        chosen = chosen.filter(server__manufacturer=manufacturer)
    if server:
        chosen = chosen.filter(server__name=server)
    if location:
        here = Q(location__slug=location) | Q(location=None, server__location__slug=location)
        chosen = chosen.filter(here)
    if device:
        chosen = chosen.named(device)
    if model:
        chosen = chosen.filter(model__iexact=model)
    return chosen


def _polled(receivers: Iterable[Receiver], stop: threading.Event) -> Iterator[Result]:
    """Poll receivers side by side, and yield each result as it comes; told to stop, it begins no other."""
    with ThreadPoolExecutor(AT_ONCE) as side_by_side:
        for future in as_completed([side_by_side.submit(_poll, receiver, stop) for receiver in receivers]):
            if result := future.result():
                yield result


def _poll(receiver: Receiver, stop: threading.Event) -> Result | None:
    if stop.is_set():
        return None
    began = time.monotonic()
    try:
        claim_seq = claims.claim_now(receiver.pk)
        done = claim_seq is not None and poll(device_id=receiver.pk, claim_seq=claim_seq) is not None
        took_s = time.monotonic() - began
        if not done:
            return Result(receiver=receiver, word="busy", took_s=took_s, detail="somebody else polls it")
        reasons = _failed(Claim.objects.get(receiver=receiver), receiver.sources)
        return Result(
            receiver=receiver, word="failed" if reasons else "ok", took_s=took_s, detail=" ".join(reasons)
        )
    finally:
        connection.close()


def _failed(claim: Claim, sources: Iterable[str]) -> list[str]:
    """Return why a source that the receiver's model needs did not answer, in sentences."""
    return [error for source in sources if (error := getattr(claim, f"{source}_error"))]
