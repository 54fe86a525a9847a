"""A receiver itself: one short session of command strings on TCP 2202."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from core.domain.reading import ReceiverReading
from pollers.shure import decode
from pollers.shure.addresses import checked
from pollers.shure.deadlines import Deadline
from pollers.shure.errors import Malformed, Unreachable
from pollers.shure.families import Family
from pollers.shure.frames import FrameCutter
from pollers.shure.hearing import Hearing

PORT = 2202
CONNECT = timedelta(seconds=2)
SESSION = timedelta(seconds=3)
MOST_BYTES = 64 * 1024  # a receiver with four channels tells everything in about 10 KiB

# How long a receiver that told what is required may think about the rest: more than its own pace, and
# little enough for every poll of a receiver that never tells it.
_QUIET = timedelta(milliseconds=400)
_METERS_STOP = timedelta(milliseconds=250)
_METERS_ON = "SET {} METER_RATE 00100"  # the fastest there is: one sample is all that is wanted
_METERS_OFF = "SET {} METER_RATE 00000"
_PIECE = 8192


def converse(
    address: str, family: Family, *, deadline: Deadline, allow_loopback: bool, port: int = PORT
) -> ReceiverReading:
    """Ask a receiver for everything that its family tells, and hang up.

    `address` is numeric. Raises `Unreachable` when what the family requires did not come before the
    deadline, or in 3 s; `Malformed` when something came that no such family says.
    """
    deadline = deadline.within(SESSION)
    address = checked(address, allow_loopback=allow_loopback)
    with _connected(address, port, deadline) as receiver:
        session = _Session(receiver, family, deadline)
        try:
            session.listen()
        finally:
            if family.metered:
                session.stop_meters()
    return session.reading()


@contextmanager
def _connected(address: str, port: int, deadline: Deadline) -> Iterator[socket.socket]:
    try:
        receiver = socket.create_connection((address, port), timeout=_seconds(deadline.within(CONNECT)))
    except OSError as error:
        raise _no_connection(f"{address}:{port}", error) from None
    with receiver:
        receiver.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield receiver


class _Session:
    """What is said on one connection."""

    def __init__(self, receiver: socket.socket, family: Family, deadline: Deadline) -> None:
        self._receiver = receiver
        self._family = family
        self._deadline = deadline
        self._cutter = FrameCutter()
        self._hearing = Hearing(family)
        self._channels = range(1, family.channels + 1)
        self._bytes = 0
        self._allowance = MOST_BYTES
        self._hung_up = False

    def listen(self) -> None:
        """Ask, and hear the answers until nothing is left to wait for, or no time to wait for it."""
        questions = [*self._family.questions, *self._of_each(*self._family.channel_questions)]
        if self._family.metered:
            questions += self._of_each(_METERS_ON)
        try:
            self._say(questions, self._deadline)
            with suppress(TimeoutError):
                self._hear()
        except OSError:
            self._hung_up = True

    def stop_meters(self) -> None:
        """Switch the meters off, and wait a moment to hear it done.

        A socket that is closed while something in it is unread takes back what it said last.
        """
        patience = Deadline.after(_METERS_STOP)
        self._allowance = self._bytes + MOST_BYTES
        running = set(self._channels)
        with suppress(OSError, Malformed):
            self._say(self._of_each(_METERS_OFF), patience)
            while running and (piece := self._piece(patience)):
                running -= {
                    frame.channel or 0
                    for frame in self._cutter.cut(piece)
                    if frame.subject == "METER_RATE" and not frame.value.strip("0")
                }

    def reading(self) -> ReceiverReading:
        if not self._hearing.sufficient:
            raise self._shortfall()
        return decode.receiver(self._family, self._hearing.said)

    def _hear(self) -> None:
        patience = self._deadline
        while piece := self._piece(patience):
            for frame in self._cutter.cut(piece):
                new = self._hearing.hear(frame)
                if self._hearing.complete:
                    return
                if new and self._hearing.sufficient:
                    patience = self._deadline.within(_QUIET)
        self._hung_up = True

    def _say(self, sentences: list[str], deadline: Deadline) -> None:
        self._receiver.settimeout(_seconds(deadline))
        self._receiver.sendall("".join(f"< {sentence} >" for sentence in sentences).encode("ascii"))

    def _piece(self, patience: Deadline) -> bytes:
        """Return what comes next, nothing when the receiver hung up. Raises `TimeoutError`, or `Malformed`."""
        self._receiver.settimeout(_seconds(patience))
        piece = self._receiver.recv(_PIECE)
        self._bytes += len(piece)
        if self._bytes > self._allowance:
            raise Malformed(
                "The receiver says more than any receiver has to say.", reason="oversized", recording=piece
            )
        return piece

    def _of_each(self, *templates: str) -> list[str]:
        return [template.format(channel) for channel in self._channels for template in templates]

    def _shortfall(self) -> Unreachable:
        if not self._bytes:
            if self._hung_up:
                return Unreachable("dropped", "The receiver hangs up at once: it may serve others already.")
            return Unreachable(
                "silent", f"The receiver accepts connections and says nothing: {self._family.when_silent}"
            )
        first, *others = self._hearing.missing()
        some = f"{first} and {len(others)} more" if others else first
        return Unreachable(
            "incomplete", f"The receiver did not tell {some}: check its model and its firmware."
        )


def _seconds(deadline: Deadline) -> float:
    """Return what is left. Raises `TimeoutError` when nothing is: who drips fast enough would be waited for again."""
    seconds = deadline.remaining()
    if not seconds:
        raise TimeoutError("the time for the whole session is over")
    return seconds


def _no_connection(receiver: str, error: OSError) -> Unreachable:
    match error:
        case TimeoutError():
            return Unreachable(
                "timeout", f"{receiver} does not answer: check that the receiver is on and its network."
            )
        case ConnectionRefusedError():
            return Unreachable(
                "refused", f"{receiver} refuses connections: check that this is the receiver's address."
            )
        case _:
            return Unreachable(
                "unroutable", f"There is no way to {receiver}: check the address and the network."
            )
