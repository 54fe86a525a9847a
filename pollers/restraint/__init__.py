"""What a server is spared, by all workers together: a circuit breaker, pauses that it asked for, a rate, and how many
ask at once.

Kept in Valkey, changed by two scripts, by Valkey's clock. Lost with it: then the circuit is closed and the
bucket full, and a Valkey that does not answer holds no poll up.
"""

import hashlib
import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import uuid4

from django.conf import settings

from pollers.restraint.valkey import Valkey
from pollers.shure.deadlines import Deadline
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Refused, Throttled, Unanswered, Unreachable, Unsupported

AT_ONCE = 8
A_SECOND = 50  # requests, and as many saved up
FAILURES_TO_OPEN = 5  # in a row, whoever asked
OPEN_FOR = (
    timedelta(seconds=5),
    timedelta(seconds=60),
)  # doubled from the one to the other, with full jitter
SHORTEST_OPEN = timedelta(seconds=1)
REFUSED_FOR = timedelta(minutes=1)
REFUSALS = 2  # in a row: one alone may be a single device's
LEASE = timedelta(seconds=9)  # longer than any question takes: whoever died with one in flight
PATIENCE = timedelta(seconds=1)  # for a turn; a thread that waits longer polls nobody else

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restraint:
    """One server's, under its present address and key: whoever corrects either begins anew."""

    name: str
    authority: str
    key: str

    @classmethod
    def of(cls, server_id: int, name: str, endpoint: Endpoint) -> "Restraint":
        told = "\0".join((endpoint.url, endpoint.key, endpoint.ca_file or "", *endpoint.pins))
        version = hashlib.sha256(told.encode()).hexdigest()[:16]
        return cls(name, endpoint.authority, f"micboard:restraint:{server_id}:{version}")

    @contextmanager
    def turn(self, deadline: Deadline) -> Iterator[None]:
        """Ask one question inside. Raises, instead of letting it be asked, what the server was left alone for."""
        ticket = uuid4().hex
        is_probe = self._enter(ticket, deadline)
        try:
            yield
        except Throttled as error:
            self._leave(ticket, "pause", error, error.retry_after)
            raise
        except Refused as error:
            self._leave(ticket, "refused", error, REFUSED_FOR)
            raise
        except Unreachable as error:
            self._leave(ticket, "ok" if error.reason == "gone" else "failed", error)
            raise
        except Unanswered:
            self._leave(ticket, "ok")  # what it says may make no sense, but it is there
            raise
        except BaseException:
            self._leave(ticket, "none")
            raise
        # That a server answers which answered before is no news, so nobody waits to hear it.
        self._leave(ticket, "ok", wait=is_probe)

    def _enter(self, ticket: str, deadline: Deadline) -> bool:
        """Wait for a turn. True: this is the one question by which a server that is left alone is tried again."""
        patience = deadline.within(PATIENCE)
        limits = (FAILURES_TO_OPEN, AT_ONCE, A_SECOND, _ms(LEASE), ticket)
        while (answer := _valkey().ask("enter", self.key, *limits)) is not None:
            word, wait_ms, reason, detail = answer[0].decode(), int(answer[1]), *map(bytes.decode, answer[2:])
            match word:
                case "go":
                    return False
                case "probe":
                    return True
                case "open":
                    raise Unreachable(reason, detail)
                case "refused":
                    raise Refused(reason, detail)
                case "pause":
                    raise Throttled(timedelta(milliseconds=wait_ms), detail)
                case _ if patience.remaining() * 1000 < wait_ms:
                    raise Throttled(
                        timedelta(milliseconds=wait_ms),
                        f"{self.authority} is asked as much as it may be, {A_SECOND} times a second and {AT_ONCE} at "
                        "once: its devices have their turn at the next poll.",
                    )
                case _:
                    time.sleep(wait_ms / 1000)
        return False

    def _leave(
        self,
        ticket: str,
        verdict: str,
        error: Unanswered | None = None,
        pause: timedelta = timedelta(),
        *,
        wait: bool = True,
    ) -> None:
        shortest, longest = OPEN_FOR
        said = (error.reason, error.detail) if error else ("", "")
        spans = (_ms(shortest), _ms(longest), _ms(SHORTEST_OPEN))
        limits = (FAILURES_TO_OPEN, *spans, REFUSALS, random.random())  # noqa: S311
        arguments = (self.key, ticket, verdict, _ms(pause), *said, *limits)
        if wait:
            self._log(_valkey().ask("leave", *arguments), error)
        else:
            _valkey().tell("leave", *arguments, heard=self._log)

    def _log(self, answer: bytes | None, error: Unanswered | None = None) -> None:
        match answer:
            case b"lost" if error:
                logger.warning("%s is left alone for a while: %s", self.name, error.detail)
            case b"back":
                logger.info("%s answers again", self.name)


def answers(error: Unanswered) -> bool:
    """Say whether the server itself is well, and only what it was asked for is not."""
    match error:
        case Unsupported() | Unreachable(reason="gone") | Malformed(reason="malformed"):
            return True
        case _:
            return False


@cache
def _valkey() -> Valkey:
    return Valkey(settings.REDIS_URL)


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
