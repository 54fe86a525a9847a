"""One question and its answer over one TLS connection, under one deadline and one allowance of bytes.

A socket's timeout starts anew with each byte, so a server that drips can hold its client for ever, in the
handshake, the headers, the body or endless `100 Continue`. Here every wait is armed with what is left.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pollers.shure.deadlines import Deadline
from pollers.shure.errors import Malformed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

READ = timedelta(seconds=5)  # the longest silence inside an answer


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What one question may still cost. `dialled`: it needed a new connection; `heard`: bytes that came."""

    deadline: Deadline
    allowance: int
    dialled: bool = False
    heard: int = 0

    def patience(self) -> float:
        """Return the seconds that the next wait may take. Raises `TimeoutError` when there are none."""
        seconds = self.deadline.within(READ).remaining()
        if not seconds:
            raise TimeoutError("the time for the whole exchange is over")
        return seconds

    def charge(self, size: int) -> None:
        """Count what came. Raises `Malformed` beyond the allowance, wherever in the answer that is."""
        self.heard += size
        if self.heard > self.allowance:
            raise Malformed("The answer is larger than any that is expected.", reason="oversized")


# The layers between the question and its socket, requests and urllib3, hand nothing through but a timeout.
_current: ContextVar[Exchange] = ContextVar("exchange")


def current() -> Exchange:
    return _current.get()


@contextmanager
def underway(exchange: Exchange) -> Iterator[Exchange]:
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


class DeadlineSocket(ssl.SSLSocket):
    """A TLS socket that waits no longer than the current exchange may."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 -- the signature of ssl
        # One timeout bounds the whole handshake: OpenSSL's loop counts down from it.
        self.settimeout(current().patience())
        super().do_handshake(block)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        self.settimeout(current().patience())
        return super().send(data, flags)

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        exchange = current()
        self.settimeout(exchange.patience())
        size = super().recv_into(buffer, nbytes, flags)
        exchange.charge(size)
        return size
