"""How late the machine itself is, as seen by somebody who has nothing to do with Micboard.

A poll that the machine kept from the processor says nothing of what is polled. This asks a server of its own, the
database and the clock, and uses neither Micboard's workers nor its code: what Micboard does to itself is no excuse.
"""

import http.client
import ssl
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.db import connection

from .played import Presented

LOOKS_EVERY_S = 0.1
ASKS_EVERY = 5  # looks
STILL_S = 0.4  # a receiver that told the rest has that long for its meters, and nobody has less


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look, on the monotonic clock, and by how much it took longer than it takes alone."""

    began: float
    ended: float
    late_s: float


class Machine:
    """Looks until its block ends. `errors` is what went wrong with asking, which nothing but the machine can."""

    def __init__(self, presented: Presented) -> None:
        self.looks: list[Look] = []
        self.errors: list[OSError] = []
        self._presented = presented
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="machine")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._stop.set()
        self._thread.join()

    def stood_still(self, since: float, until: float) -> bool:
        """Say whether the machine was so late in that time that somebody may have been given up for it."""
        return any(look.late_s >= STILL_S for look in self._between(since, until))

    def still_s(self) -> float:
        """Return for how long it stood still in all."""
        return sum(look.late_s for look in self.looks if look.late_s >= STILL_S)

    def late_s(self, since: float, until: float) -> float:
        """Return by how much the machine was late in that time, in all."""
        return sum(look.late_s for look in self._between(since, until))

    def _between(self, since: float, until: float) -> list[Look]:
        return [look for look in self.looks if look.began <= until and since <= look.ended]

    def _look(self) -> None:
        try:
            looks = 0
            while not self._stop.is_set():
                began = time.monotonic()
                self._stop.wait(LOOKS_EVERY_S)
                looks += 1
                if looks % ASKS_EVERY == 0:
                    self._ask()
                ended = time.monotonic()
                self.looks.append(Look(began=began, ended=ended, late_s=ended - began - LOOKS_EVERY_S))
        finally:
            connection.close()

    def _ask(self) -> None:
        address = urlsplit(self._presented.url)
        server = http.client.HTTPSConnection(
            str(address.hostname),
            address.port,
            timeout=10,
            context=ssl._create_unverified_context(),  # noqa: S323  it is ours, on loopback
        )
        try:
            server.request("GET", "/api/v1/devices", headers={"x-api-key": self._presented.api_key})
            server.getresponse().read()
        except OSError as error:
            self.errors.append(error)
        finally:
            server.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_claim")
