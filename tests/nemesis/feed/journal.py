"""What one client was told, frame by frame, where that led, and what of it breaks a promise of the feed. Pure.

A client follows the feed's document and nothing of Micboard's code, so that an error on both sides cannot agree.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from tests.contract import checked

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The board as the database has it."""

    epoch: str
    seq: int
    rows: dict[str, Row]
    alerts: dict[int, Row]
    intervals: dict[str, float]


class Broken(StrEnum):
    """What can be wrong with what a client is told."""

    GAP = "gaps"
    REPEAT = "repeats"
    REGRESSION = "regressions"
    EPOCH = "epochs_without_snapshot"
    PROMISE = "broken_resumes"
    CONTRACT = "invalid_frames"
    CONTRADICTION = "contradictions"
    BOARD = "differing_boards"
    SURPRISE = "surprises"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    kind: Broken
    what: str


@dataclass(slots=True)
class Windows:
    """What all clients together were told: each distinct text is held against the contract once, and whoever sees the
    whole board has to be told the same under the same number.
    """

    contents: dict[tuple[str, int], bytes] = field(default_factory=dict)
    _valid: set[bytes] = field(default_factory=set)

    def read(self, text: str) -> Row:
        """Return the frame. Raises `AssertionError` where it is not as the contract says."""
        frame: Row = orjson.loads(text)
        digest = _digest(text.encode())
        if digest not in self._valid:
            checked(frame)
            self._valid.add(digest)
        return frame

    def agree(self, frame: Mapping[str, Any]) -> bool:
        content = content_of(frame)
        return self.contents.setdefault((frame["epoch"], frame["seq"]), content) == content


def content_of(window: Mapping[str, Any]) -> bytes:
    """Return the digest of what a window changes."""
    parts = ("updates", "added", "removed", "alerts", "intervals")
    return _digest(orjson.dumps({part: window.get(part) for part in parts}, option=orjson.OPT_SORT_KEYS))


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


class Journal:
    """Everything that a client of one scope was told, over all of its connections."""

    def __init__(self, windows: Windows, scope: Iterable[str] = ()) -> None:
        self.scope = tuple(scope)
        self.epoch: str | None = None
        self.seq = 0
        self.rows: dict[str, Row] = {}
        self.alerts: dict[int, Row] = {}
        self.intervals: dict[str, float] = {}
        self.seen: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.breaches: list[Breach] = []
        self._windows = windows
        self._promised: int | None = (
            None  # windows after `resumed`; None: nothing was said on this connection
        )
        self._shown: dict[str, int] = {}  # the highest rev that each channel ever had here
        self._told: dict[str, int] = {}  # and that of its updates, which no snapshot runs ahead of

    @property
    def place(self) -> tuple[str | None, int]:
        return self.epoch, self.seq

    def connect(self) -> dict[str, str]:
        """Begin a connection, and return what it asks for."""
        self._promised = None
        return {} if self.epoch is None else {"since": str(self.seq), "epoch": self.epoch}

    def take(self, text: str) -> bool:
        """Take what came next. False: it does not follow from what came before, and a client asks anew."""
        before = len(self.breaches)
        try:
            frame = self._windows.read(text)
        except AssertionError as error:
            self._breach(Broken.CONTRACT, str(error))
            return False
        self.counts[frame["type"]] += 1
        match frame["type"]:
            case "initial_data":
                self._begin(frame)
            case "resumed":
                self._resume(frame)
            case "batch_update":
                self._window(frame)
            case "heartbeat":
                self._heartbeat(frame)
        return len(self.breaches) == before

    def _breach(self, kind: Broken, what: str) -> None:
        self.breaches.append(
            Breach(kind=kind, what=f"{self.epoch}/{self.seq} {' '.join(self.scope)}: {what}")
        )

    # Each kind of frame

    def _begin(self, frame: Row) -> None:
        if self._promised:
            self._breach(Broken.PROMISE, f"a snapshot, and {self._promised} windows were still to come")
        if frame["epoch"] == self.epoch and frame["seq"] < self.seq:
            self._breach(Broken.REPEAT, f"a snapshot of {frame['seq']}")
        self._promised = 0
        self.epoch, self.seq, self.intervals = frame["epoch"], frame["seq"], frame["intervals"]
        self.rows = {row["device_id"]: row for row in frame["devices"]}
        self.alerts = {alert["id"]: alert for alert in frame["alerts"]}
        self._see((row["receiver_id"], row["seen_at"]) for row in frame["devices"])
        for row in frame["devices"]:
            self._show(row)

    def _resume(self, frame: Row) -> None:
        if self._promised is not None or self.epoch is None:
            self._breach(Broken.PROMISE, "resumed, and not at the beginning")
        if frame["epoch"] != self.epoch:
            self._breach(Broken.EPOCH, f"resumed in {frame['epoch']}")
        elif frame["replayed"] != frame["seq"] - self.seq or frame["replayed"] < 0:
            self._breach(Broken.PROMISE, f"{frame['replayed']} windows to {frame['seq']}")
        self._promised = frame["replayed"]
        self._see(frame["seen"])

    def _window(self, frame: Row) -> None:
        if not self._is_next(frame):
            return
        if not self.scope and not self._windows.agree(frame):
            self._breach(Broken.CONTRADICTION, f"another window {frame['seq']} than others were told")
        if self._promised:
            self._promised -= 1
        for device_id in frame["removed"]:
            self.rows.pop(device_id, None)
        for row in frame["added"]:
            known = self.rows.get(row["device_id"])
            if known is None or row["rev"] > known["rev"]:
                self.rows[row["device_id"]] = row
                self._show(row)
        for update in frame["updates"]:
            self._update(update)
        self.alerts |= {alert["id"]: alert for alert in frame["alerts"]}
        self.alerts = {id_: alert for id_, alert in self.alerts.items() if alert["state"] != "resolved"}
        self.intervals = frame.get("intervals", self.intervals)
        self.seq = frame["seq"]
        self._see((row["receiver_id"], row["seen_at"]) for row in frame["added"])
        self._see(frame.get("seen", ()))

    def _update(self, update: Row) -> None:
        device_id, rev = update["device_id"], update["rev"]
        if rev <= self._told.get(device_id, 0):
            self._breach(Broken.REGRESSION, f"{device_id} is told rev {rev} after {self._told[device_id]}")
        self._told[device_id] = rev
        known = self.rows.get(device_id)
        if known is not None and rev > known["rev"]:
            self.rows[device_id] = {**known, **update["changes"], "rev": rev}
            self._show(self.rows[device_id])

    def _heartbeat(self, frame: Row) -> None:
        if self._promised:
            self._breach(Broken.PROMISE, f"a heartbeat, and {self._promised} windows were still to come")
        if self._is_of_this_epoch(frame) and not frame["prev"] == frame["seq"] == self.seq:
            self._breach(Broken.GAP, f"a heartbeat at {frame['prev']}, {frame['seq']}")
        self._see(frame["seen"])

    # What holds between them

    def _is_next(self, frame: Row) -> bool:
        if not self._is_of_this_epoch(frame):
            return False
        if frame["seq"] <= self.seq:
            self._breach(Broken.REPEAT, f"window {frame['seq']}")
            return False
        if frame["prev"] != self.seq:
            self._breach(Broken.GAP, f"window {frame['seq']} after {frame['prev']}")
            return False
        return True

    def _is_of_this_epoch(self, frame: Row) -> bool:
        if self._promised is None:
            self._breach(Broken.PROMISE, f"a {frame['type']} before the client was told where it begins")
        if frame["epoch"] != self.epoch:
            self._breach(Broken.EPOCH, f"a {frame['type']} of {frame['epoch']}")
            return False
        return True

    def _show(self, row: Row) -> None:
        device_id, rev = row["device_id"], row["rev"]
        if rev < self._shown.get(device_id, 0):
            self._breach(Broken.REGRESSION, f"{device_id} shows rev {rev} after {self._shown[device_id]}")
        self._shown[device_id] = rev

    def _see(self, seen: Iterable[tuple[str, str | None]]) -> None:
        for receiver_id, at in seen:
            if at is not None and at > self.seen.get(receiver_id, ""):
                self.seen[receiver_id] = at

    # At the end

    def differences(self, truth: Truth) -> list[str]:
        """Say in what this board is another than the part of the database's that its scope sees."""
        if self.place != (truth.epoch, truth.seq):
            return [f"is at {self.epoch}/{self.seq}, not at {truth.epoch}/{truth.seq}"]
        rows = {id_: row for id_, row in truth.rows.items() if not self.scope or _is_in(self.scope, row)}
        receivers = {row["receiver_id"]: row["seen_at"] for row in rows.values()}
        alerts = {
            id_: alert for id_, alert in truth.alerts.items() if not self.scope or _is_about(alert, rows)
        }
        return [
            *_different(_without(self.rows, "seen_at"), _without(rows, "seen_at")),
            *_different(self.alerts, alerts),
            *_different({id_: self.seen.get(id_) for id_ in receivers}, receivers),
            *_different(self.intervals, truth.intervals),
        ]


class SingleJournal:
    """What a client that knows only the guide's messages was told: whole updates, of which the last one counts."""

    def __init__(self, windows: Windows) -> None:
        self.epoch: str | None = None
        self.seq = 0
        self.channels: dict[str, Row] = {}
        self.alerts: dict[int, Row] = {}
        self.counts: Counter[str] = Counter()
        self.breaches: list[Breach] = []
        self._windows = windows

    @property
    def place(self) -> tuple[str | None, int]:
        return self.epoch, self.seq

    def connect(self) -> dict[str, str]:
        self.epoch = None
        return {}

    def take(self, text: str) -> bool:
        try:
            frame = self._windows.read(text)
        except AssertionError as error:
            self.breaches.append(Breach(kind=Broken.CONTRACT, what=str(error)))
            return False
        self.counts[frame["type"]] += 1
        match frame["type"]:
            case "initial_data":
                self.epoch, self.seq, self.channels, self.alerts = frame["epoch"], frame["seq"], {}, {}
            case "device_update":
                self._go_on(frame)
                self.channels[frame["device_id"]] = frame
            case "heartbeat":
                self._go_on(frame)
            case "system_alert":
                self.alerts[frame["id"]] = {name: value for name, value in frame.items() if name != "type"}
        return True

    def _go_on(self, frame: Row) -> None:
        if self.epoch is None or frame["seq"] < self.seq:
            what = f"{frame['type']} of {frame['seq']} at {self.epoch}/{self.seq}"
            self.breaches.append(Breach(kind=Broken.REPEAT, what=what))
        self.seq = frame["seq"]

    def differences(self, truth: Truth) -> list[str]:
        """Say which channels and open alerts were told otherwise last; of those that are gone nothing is told."""
        if (self.epoch, self.seq) != (truth.epoch, truth.seq):
            return [f"is at {self.epoch}/{self.seq}, not at {truth.epoch}/{truth.seq}"]
        last = {
            id_: {name: value for name, value in self.channels[id_].items() if name in row}
            for id_, row in truth.rows.items()
            if id_ in self.channels
        }
        true = {
            id_: {name: value for name, value in row.items() if name in last.get(id_, row)}
            for id_, row in truth.rows.items()
        }
        unresolved = {id_: alert for id_, alert in self.alerts.items() if alert["state"] != "resolved"}
        return [*_different(last, true), *_different(unresolved, truth.alerts)]


def _without(rows: Mapping[str, Row], name: str) -> dict[str, Row]:
    return {id_: {key: value for key, value in row.items() if key != name} for id_, row in rows.items()}


def _different(mine: Mapping[Any, Any], true: Mapping[Any, Any]) -> list[str]:
    """Say what is otherwise: of two rows only the fields that are."""
    found = []
    for key in sorted(mine.keys() | true.keys()):
        one, other = mine.get(key), true.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += [f"{key} {difference}" for difference in _different(one, other)]
        elif one != other:
            found.append(f"{key}: {one} and not {other}")
    return found


def _is_about(alert: Row, rows: Mapping[str, Row]) -> bool:
    """Say whether an alert is about one of these channels, its receiver or its server."""
    ((kind, name),) = ((kind, name) for kind, name in alert["target"].items() if kind != "channel")
    return any(row[kind] == name for row in rows.values())


def _is_in(scope: Iterable[str], row: Row) -> bool:
    for kind, _, value in (one.partition(":") for one in scope):
        match kind:
            case "location":
                found = row["location"] == value
            case "group":
                found = value in [slug for slug, _ in row["groups"]]
            case _:
                found = value.casefold() in {row["device_id"].casefold(), row["name"].casefold()}
        if found:
            return True
    return False
