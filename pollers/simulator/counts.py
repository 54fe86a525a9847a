"""What was asked, how often, and how it was answered."""

from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

NO_ANSWER = 0  # in place of a status


class Guest(Protocol):
    """The other side of a connection."""

    @property
    def left(self) -> bool: ...


@dataclass(slots=True)
class Sessions:
    """Connections to one place. `left_metering`: closed while a METER_RATE was still on.

    Whoever has left is no longer counted as open, heard of it or not: a client that closes and comes back was
    never there twice.
    """

    opened: int = 0
    open: int = 0
    most_open: int = 0
    left_metering: int = 0
    _guests: list[Guest] = field(default_factory=list, repr=False, compare=False)

    def opens(self, guest: Guest) -> None:
        self.settle()
        self._guests.append(guest)
        self.opened += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def closes(self, guest: Guest) -> None:
        if guest in self._guests:
            self._guests.remove(guest)
            self.open -= 1

    def settle(self) -> None:
        self._guests = [guest for guest in self._guests if not guest.left]
        self.open = len(self._guests)

    def reset(self) -> None:
        self.settle()
        self.opened = self.left_metering = 0
        self.most_open = self.open

    def told(self) -> "Sessions":
        self.settle()
        return Sessions(self.opened, self.open, self.most_open, self.left_metering)


@dataclass(slots=True)
class Counts:
    """Counts since the start or the last reset.

    `requests` has "GET /devices/{id}/name" → status → how many, with 0 for what a fault left without a whole
    answer; `commands` has "GET CHAN_NAME" → how many. What fits no pattern or property is "unknown", and what a
    receiver that keeps controllers out does not listen to "unheard". `connections` are those over HTTPS,
    `receivers` the TCP sessions by source id.
    """

    requests: dict[str, Counter[int]] = field(default_factory=dict)
    conditional: int = 0
    not_modified: int = 0
    connections: Sessions = field(default_factory=Sessions)
    receivers: dict[str, Sessions] = field(default_factory=dict)
    commands: Counter[str] = field(default_factory=Counter)

    def request(self, pattern: str, status: int, *, conditional: bool) -> None:
        self.requests.setdefault(pattern, Counter())[status] += 1
        self.conditional += conditional
        self.not_modified += status == HTTPStatus.NOT_MODIFIED

    def sessions(self, source_id: str) -> Sessions:
        return self.receivers.setdefault(source_id, Sessions())

    def reset(self) -> None:
        """Begin anew; what is open stays counted as open."""
        self.requests.clear()
        self.commands.clear()
        self.conditional = self.not_modified = 0
        self.connections.reset()
        for sessions in self.receivers.values():
            sessions.reset()

    def told(self) -> "Counts":
        """Return the counts as they are now, to keep."""
        return Counts(
            requests={pattern: Counter(statuses) for pattern, statuses in self.requests.items()},
            conditional=self.conditional,
            not_modified=self.not_modified,
            connections=self.connections.told(),
            receivers={source_id: sessions.told() for source_id, sessions in self.receivers.items()},
            commands=Counter(self.commands),
        )
