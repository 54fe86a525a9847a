"""Polls and an admin who edit at random: `writers.py SEED PEACE`, until the file PEACE is there.

The polls are Micboard's own but for the network: claimed, started, judged, recorded. Each thread draws from chance of
its own, so that a seed makes the same choices in the same order, whatever becomes of them.
"""

import queue
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402  needs Django set up
from django.db import InterfaceError, OperationalError, connection, transaction  # noqa: E402
from django_celery_beat.models import IntervalSchedule, PeriodicTask  # noqa: E402

from core import alerting, claims, clock, edits  # noqa: E402
from core.access import Principal, create_token  # noqa: E402
from core.domain.outcome import judge  # noqa: E402
from core.domain.reading import ChannelReading, Reading  # noqa: E402
from core.models import Alert, Channel, Group, Location, Receiver, Server, Slot  # noqa: E402
from core.recording import ServerAnswer, record  # noqa: E402
from pollers import inventory  # noqa: E402
from tests.fleet import answered, device, heard, silent  # noqa: E402

POLLERS = 4
CLAIM_EVERY_S = 0.2
ANSWERS_WITHIN_S = 0.05
EDIT_EVERY_S = 0.5
STANDS_STILL = (
    1 / 50
)  # behind a statement of a poll, so that transactions are over in another order than they began
FEWEST, MOST = 12, 20  # receivers on the main server
ALIASES = ("", "", "Lead", "Choir", "Host")
INTERVALS_S = (1.0, 1.5, 2.0, None)
TIER_S = (5, 10, 15, 30)
LOCATIONS = (None, 1, 2)


class Writer:
    """Does something again and again until there is peace. Postgres may be away; whatever else is wrong is said."""

    def __init__(self, name: str, seed: str, peace: Path) -> None:
        self.name = name
        self.chance = random.Random(f"{seed} {name}")  # noqa: S311  repeatable, not secret
        self._peace = peace

    def run(self) -> None:
        while not self._peace.exists():
            try:
                self.act()
            except (OperationalError, InterfaceError):  # also a deadlock, of which one side has to give way
                connection.close()
        connection.close()

    def act(self) -> None:
        raise NotImplementedError


class Beat(Writer):
    def __init__(self, due: "queue.Queue[claims.Due]", seed: str, peace: Path) -> None:
        super().__init__("beat", seed, peace)
        self._due = due

    def act(self) -> None:
        for due in claims.claim_due(1000)[0]:
            self._due.put(due)
        time.sleep(CLAIM_EVERY_S)


class Poller(Writer):
    """Polls receivers that answer what chance has them answer."""

    def __init__(self, number: int, due: "queue.Queue[claims.Due]", seed: str, peace: Path) -> None:
        super().__init__(f"poller {number}", seed, peace)
        self._due = due

    def act(self) -> None:
        if self._stand_still not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._stand_still)
        try:
            due = self._due.get(timeout=CLAIM_EVERY_S)
        except queue.Empty:
            return
        started = claims.start(receiver_id=due.receiver_id, claim_seq=due.claim_seq)
        if started is None:
            return
        time.sleep(self.chance.uniform(0, ANSWERS_WITHIN_S))
        reading = self._reading(len(started.known.channels))
        answer = ServerAnswer(ok=self.chance.random() < 0.9, latency_ms=self.chance.randrange(5, 50))
        while started is not None:
            outcome = judge(started.known, reading)
            if record(started, outcome, memory=started.memory, server=answer):
                return
            started = claims.again(started)

    def _reading(self, channels: int) -> Reading:
        if self.chance.random() < 0.2:
            return silent()
        return answered(*(self._channel(number) for number in range(1, channels + 1)))

    def _channel(self, number: int) -> ChannelReading:
        if self.chance.random() < 0.3:
            return heard(number)  # as it is most of the time
        return heard(
            number,
            name=self.chance.choice(("Vox", "Vox 2", "")),
            transmitter_on=self.chance.random() < 0.9,
            battery_percent=self.chance.choice((85, 60, 12, 4)),
            battery_minutes=self.chance.choice((312, 100, 20, 6, None)),
            rf_dbm=self.chance.randrange(-95, -30),
            audio_dbfs=self.chance.randrange(-60, 0),
            muted=self.chance.random() < 0.2,
            interference=self.chance.random() < 0.1,
            frequency_khz=470_000 + 25 * self.chance.randrange(4000),
        )

    def _stand_still(self, execute: Callable[..., Any], *statement: Any) -> Any:
        done = execute(*statement)
        if self.chance.random() < STANDS_STILL:
            time.sleep(self.chance.uniform(0, 0.3))
        return done


class Admin(Writer):
    """Edits as the admin's pages do."""

    def __init__(self, seed: str, peace: Path) -> None:
        super().__init__("admin", seed, peace)
        self._edits: tuple[Callable[[], None], ...] = (
            self._enable, self._enable, self._move, self._move, self._name, self._alias, self._alias,
            self._slot, self._slot, self._slot, self._own_interval, self._tier_interval,
            self._rename_place, self._add, self._add, self._delete, self._server, self._revoke,
            self._acknowledge, self._acknowledge, self._mute, self._unmute,
        )  # fmt: skip

    def act(self) -> None:
        time.sleep(self.chance.expovariate(1 / EDIT_EVERY_S))
        edit = self.chance.choice(self._edits)
        with transaction.atomic():
            edit()

    def _one(self) -> Receiver:
        return self.chance.choice(list(Receiver.objects.order_by("pk")))

    def _change(self, **values: Any) -> None:
        by = User.objects.get(username="fuzz")
        edits.change(by, Receiver.objects.filter(pk=self._one().pk), "By chance.", **values)

    def _enable(self) -> None:
        self._change(enabled=self.chance.random() < 0.7)

    def _move(self) -> None:
        self._change(location_id=self.chance.choice(LOCATIONS))

    def _name(self) -> None:
        self._change(name=f"Rack {self.chance.randrange(9)}")

    def _own_interval(self) -> None:
        self._change(interval_s=self.chance.choice(INTERVALS_S))

    def _alias(self) -> None:
        channel = self.chance.choice(list(Channel.objects.order_by("pk")))
        channel.alias = self.chance.choice(ALIASES)
        channel.save()

    def _slot(self) -> None:
        channel = self.chance.choice(list(Channel.objects.order_by("pk")))
        group = self.chance.choice(list(Group.objects.order_by("pk")))
        number = self.chance.randrange(1, 20)
        Slot.objects.filter(group=group, channel=channel).delete()
        Slot.objects.filter(group=group, number=number).delete()
        if self.chance.random() < 0.7:
            Slot.objects.create(group=group, channel=channel, number=number)

    def _rename_place(self) -> None:
        """Rename a group or a location, and at the next time back."""
        places: list[Group | Location] = [*Group.objects.order_by("pk"), *Location.objects.order_by("pk")]
        place = self.chance.choice(places)
        place.slug = place.slug.removesuffix("-x") if place.slug.endswith("-x") else f"{place.slug}-x"
        place.save()

    def _tier_interval(self) -> None:
        tier = self.chance.choice(("critical", "normal", "offline"))
        every, _ = IntervalSchedule.objects.get_or_create(
            every=self.chance.choice(TIER_S), period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.filter(name=f"poll:{tier}").update(interval=every)

    def _add(self) -> None:
        main = Server.objects.get(name="main")
        known = [int(source_id[2:8], 16) for source_id in main.receivers.values_list("source_id", flat=True)]
        if len(known) < MOST:
            numbers = [*known, max(known) + 1]
            inventory.keep(main, [device(number) for number in numbers], [])

    def _delete(self) -> None:
        main = Server.objects.get(name="main")
        chosen = self._one()
        if chosen.server_id == main.pk and main.receivers.count() > FEWEST:
            chosen.delete()

    def _server(self) -> None:
        annex = Server.objects.get(name="annex")
        annex.enabled = not annex.enabled
        annex.save()

    def _by(self) -> Principal:
        user = User.objects.get(username="fuzz")
        return Principal(name=user.username, user_id=user.pk)

    def _acknowledge(self) -> None:
        for alert in Alert.objects.filter(state="open").order_by("pk")[:1]:
            alerting.acknowledge(alert.pk, by=self._by(), reason="By chance.")

    def _mute(self) -> None:
        parts: list[Receiver | Group | None] = [self._one(), *Group.objects.order_by("pk"), None]
        lasting = timedelta(seconds=self.chance.uniform(1, 60))
        alerting.mute(self.chance.choice(parts), lasting=lasting, by=self._by(), reason="By chance.")

    def _unmute(self) -> None:
        for mute in alerting.muted_now()[:1]:
            alerting.unmute(mute.pk, by=self._by())

    def _revoke(self) -> None:
        """Have everybody's rights read anew."""
        token, _ = create_token("short-lived")
        token.revoked_at = clock.now()
        token.save()


def main(seed: str, peace: Path) -> None:
    due: queue.Queue[claims.Due] = queue.Queue()
    writers = [
        Beat(due, seed, peace),
        *(Poller(number, due, seed, peace) for number in range(1, POLLERS + 1)),
        Admin(seed, peace),
    ]
    threads = [threading.Thread(target=writer.run, name=writer.name) for writer in writers]
    for thread in threads:
        thread.start()
    _say("the writers write")
    for thread in threads:
        thread.join()
    _say("the writers rest")
    threading.Event().wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
