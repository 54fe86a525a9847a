"""What was asked, how often, and how it was answered."""

from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(slots=True)
class Sessions:
    """Connections to one place. `left_metering`: closed while a METER_RATE was still on."""

    opened: int = 0
    open: int = 0
    most_open: int = 0
    left_metering: int = 0

    def opens(self) -> None:
        self.opened += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def closes(self) -> None:
        self.open -= 1

    def reset(self) -> None:
        self.opened = self.left_metering = 0
        self.most_open = self.open


@dataclass(slots=True)
class Counts:
    """Counts since the start or the last reset.

    `requests` has "GET /devices/{id}/name" → status → how many, `commands` "GET CHAN_NAME" → how many;
    what fits no pattern or property is counted as "unknown". `connections` are those over HTTPS, `receivers`
    the TCP sessions by source id.
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
