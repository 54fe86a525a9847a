"""The board as the feed tells it: every channel's row, and what one window changes in it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window, as stored and as sent. `text` is its encoded frame, `frame` the same decoded."""

    epoch: str
    seq: int
    frame: Mapping[str, Any]
    text: str


@dataclass(slots=True, kw_only=True)
class Board:
    """All channels and unresolved alerts at one `seq`; a window brings it to the next."""

    epoch: str
    seq: int
    read_at: datetime
    intervals: dict[str, float]
    rows: dict[str, Row] = field(default_factory=dict)
    alerts: dict[int, Row] = field(default_factory=dict)

    def apply(self, frame: Mapping[str, Any]) -> list[str]:
        """Apply the next window and return the ids whose rows changed.

        An update with a `rev` not above the known one is dropped whole: the board was read from a snapshot that
        was ahead of its windows. So applying a window twice changes nothing.
        """
        for device_id in frame["removed"]:
            self.rows.pop(device_id, None)
        changed = []
        for row in frame["added"]:
            known = self.rows.get(row["device_id"])
            if known is None or row["rev"] > known["rev"]:
                self.rows[row["device_id"]] = dict(row)
                changed.append(row["device_id"])
        for update in frame["updates"]:
            known = self.rows.get(update["device_id"])
            if known is not None and update["rev"] > known["rev"]:
                known |= update["changes"]
                known["rev"] = update["rev"]
                changed.append(update["device_id"])
        for alert in frame["alerts"]:
            if alert["state"] == "resolved":
                self.alerts.pop(alert["id"], None)
            else:
                self.alerts[alert["id"]] = dict(alert)
        self.intervals = dict(frame.get("intervals", self.intervals))
        self.seq = frame["seq"]
        return changed

    def see(self, seen: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Note when receivers answered, and return those for which that is news."""
        latest = dict(seen)
        news = set()
        for row in self.rows.values():
            at = latest.get(row["receiver_id"])
            if at is not None and (row["seen_at"] is None or row["seen_at"] < at):
                row["seen_at"] = at
                news.add((row["receiver_id"], at))
        return sorted(news)

    def seen(self) -> list[tuple[str, str]]:
        """Return when each receiver last answered."""
        return sorted({(row["receiver_id"], row["seen_at"]) for row in self.rows.values() if row["seen_at"]})
