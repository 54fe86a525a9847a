"""Those who see the same part of the board in the same mode, and so get the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import orjson

from core.access import Visible
from core.domain.scopes import DECIDING
from realtime.board import Board, Row
from realtime.encoding import Burst, Frame, Message
from realtime.frames import (
    Seen,
    device_update,
    heartbeat,
    initial_message,
    resumed,
    system_alert,
    with_seen,
)


class Mode(Enum):
    """What a socket wants to hear: windows, the guide's messages, the servers, or the parts of the system."""

    BATCH = "batch"
    SINGLE = "single"
    CONNECTIONS = "connections"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class View:
    """What a socket asks for and may see. Sockets of one view are one audience."""

    mode: Mode
    visible: Visible


class Socket(Protocol):
    """What an audience needs of a connection. Nothing here waits; `end` closes it, behind what was pushed."""

    @property
    def waiting(self) -> int:
        """How many bytes have been pushed and not yet taken by the network."""

    def push(self, message: Message, *, welcome: bool = False) -> None:
        """Send; raises `TooSlow` where too much waits already, beside a welcome, which may be as long as it is."""

    def ping(self, now: float) -> None: ...

    def unanswered_s(self, now: float) -> float: ...

    def end(self, code: int) -> None: ...

    def abort(self) -> None: ...


class Part:
    """The part of the board that is seen. It follows the windows: channels enter it, and leave it."""

    def __init__(self, board: Board, visible: Visible) -> None:
        self._visible = visible
        self.is_whole = visible == Visible.everything()
        self._inside = {
            device_id for device_id, row in board.rows.items() if not self.is_whole and visible.includes(row)
        }
        self._note_receivers(board)
        self._alerts = self._touching(board)

    def rows(self, board: Board) -> list[Row]:
        return [row for device_id, row in board.rows.items() if self.is_whole or device_id in self._inside]

    def alerts(self, board: Board) -> list[Row]:
        return list(board.alerts.values() if self.is_whole else self._alerts.values())

    def seen(self, seen: Seen) -> Seen:
        return seen if self.is_whole else [one for one in seen if one[0] in self._receivers]

    def has_server(self, name: str) -> bool:
        """Say whether any of the channels that are seen comes from this server."""
        return self.is_whole or name in self._servers

    def told(self, board: Board, frame: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return this part of a window that the board has taken, None where nothing in it is seen.

        A channel that enters comes as added, one that leaves as removed; its alerts open and end with that.
        """
        if self.is_whole:
            return frame
        before = frozenset(self._inside)
        came = [row["device_id"] for row in frame["added"]]
        for device_id in (*frame["removed"], *came, *_decided(frame)):
            self._take_in(board, device_id)
        left, stayed = before - self._inside, before & self._inside
        if before != self._inside or any("server" in update["changes"] for update in frame["updates"]):
            self._note_receivers(board)
        entered = [*came, *sorted(self._inside - before)]
        added = [board.rows[device_id] for device_id in dict.fromkeys(entered) if device_id in self._inside]
        removed = sorted(left.union(before.intersection(frame["removed"])))
        updates = [update for update in frame["updates"] if update["device_id"] in stayed]
        alerts = self._alerts_told(board, frame)
        if not (added or removed or updates or alerts or "intervals" in frame):
            return None
        return {**frame, "updates": updates, "added": added, "removed": removed, "alerts": alerts}

    def is_unmoved_by(self, frames: Iterable[Mapping[str, Any]]) -> bool:
        """Say whether, through these windows, no channel can have entered or left."""
        return self.is_whole or not any(
            frame["added"] or frame["removed"] or _decided(frame) for frame in frames
        )

    def again(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Return this part of an earlier window by which no channel entered or left."""
        return {
            **frame,
            "updates": [update for update in frame["updates"] if update["device_id"] in self._inside],
            "alerts": [alert for alert in frame["alerts"] if self._touches(alert)],
        }

    def _take_in(self, board: Board, device_id: str) -> None:
        row = board.rows.get(device_id)
        if row is not None and self._visible.includes(row):
            self._inside.add(device_id)
        else:
            self._inside.discard(device_id)

    def _alerts_told(self, board: Board, frame: Mapping[str, Any]) -> list[Row]:
        known, self._alerts = self._alerts, self._touching(board)
        told = {
            alert["id"]: alert
            for alert in frame["alerts"]
            if alert["id"] in known or alert["id"] in self._alerts
        }
        entered = {id_: alert for id_, alert in self._alerts.items() if id_ not in known}
        left = {
            id_: {**alert, "state": "resolved"} for id_, alert in known.items() if id_ not in self._alerts
        }
        return list((left | entered | told).values())

    def _touching(self, board: Board) -> dict[int, Row]:
        return {id_: alert for id_, alert in board.alerts.items() if self._touches(alert)}

    def _touches(self, alert: Row) -> bool:
        target = alert["target"]
        return (
            target.get("device_id") in self._inside
            or target.get("receiver_id") in self._receivers
            or target.get("server") in self._servers
        )

    def _note_receivers(self, board: Board) -> None:
        rows = [board.rows[device_id] for device_id in self._inside]
        self._receivers = {row["receiver_id"] for row in rows}
        self._servers = {row["server"] for row in rows}


def _decided(frame: Mapping[str, Any]) -> list[str]:
    """Return the channels for which a window may decide anew in which scopes they are."""
    return [update["device_id"] for update in frame["updates"] if not DECIDING.isdisjoint(update["changes"])]


class Audience:
    """The sockets of one view. `seq` is the window up to which they have been told, `unsaid` who of theirs answered
    since the last frame, and `spoke_at` when that was, by a clock of the caller's.
    """

    def __init__(self, view: View, board: Board) -> None:
        self.view = view
        self.sockets: set[Socket] = set()
        self.spoke_at = 0.0
        self.begin(board)

    def begin(self, board: Board) -> None:
        """Start over from a board; the sockets need a new welcome."""
        self.part = Part(board, self.view.visible)
        self.seq = board.seq
        self.unsaid: dict[str, str] = {}
        self._welcome: Message | None = None

    def welcome(self, board: Board, *, timestamp: str) -> Message:
        """Return what a socket of this audience begins with: the snapshot, and for the guide's clients all of it again
        as the messages that they know. The same for all who come before something changes.
        """
        if self._welcome is None:
            rows, alerts = self.part.rows(board), self.part.alerts(board)
            first = Frame.of(initial_message(board, rows, alerts, timestamp=timestamp))
            if self.view.mode is Mode.BATCH:
                self._welcome = first
            else:
                updates = [device_update(row, seq=board.seq, timestamp=timestamp) for row in rows]
                self._welcome = Burst([first, *updates, *map(system_alert, alerts)])
        return self._welcome

    def see(self, seen: Seen) -> None:
        """Note who answered, which the next frame says. The next welcome is a new one: it has that as well."""
        self.unsaid |= dict(self.part.seen(seen))
        self._welcome = None

    def _say_seen(self) -> Seen:
        seen, self.unsaid = sorted(self.unsaid.items()), {}
        return seen

    def missed(self, board: Board, past: Sequence[str]) -> Message | None:
        """Return what a client begins with that has seen all but these last windows; None: it has to start over."""
        frames = [orjson.loads(text) for text in past]
        if not self.part.is_unmoved_by(frames):
            return None
        first = resumed(board, replayed=len(frames), seen=self.part.seen(board.seen()))
        if self.part.is_whole:
            return Burst([first, *map(Frame, past)])
        # All of them, so that the client ends where this audience is.
        return Burst([first, *(Frame.of(self.part.again(frame)) for frame in frames)])

    def window(
        self, board: Board, frame: Mapping[str, Any], text: str, *, changed: Iterable[str]
    ) -> Message | None:
        """Return what this audience is told of a window that the board has taken; None: nothing in it is theirs."""
        self._welcome = None
        mine = self.part.told(board, frame)
        match self.view.mode:
            case Mode.BATCH:
                return self._window(mine, text)
            case Mode.SINGLE:
                return self._updates(board, mine, changed)
            case _:
                return None

    def _window(self, mine: Mapping[str, Any] | None, text: str) -> Message | None:
        if mine is None:
            return None
        prev, self.seq = self.seq, mine["seq"]
        seen = self._say_seen()
        if self.part.is_whole:
            return Frame(with_seen(text, seen))
        return Frame.of({**mine, "prev": prev, **({"seen": seen} if seen else {})})

    def _updates(
        self, board: Board, mine: Mapping[str, Any] | None, changed: Iterable[str]
    ) -> Message | None:
        self.seq = board.seq
        if mine is None:
            return None
        changes = {update["device_id"]: update["changes"] for update in mine["updates"]}
        told = changes.keys() | {row["device_id"] for row in mine["added"]}
        updates = [
            device_update(
                board.rows[device_id],
                seq=board.seq,
                timestamp=mine["timestamp"],
                changes=changes.get(device_id),
            )
            for device_id in changed
            if device_id in told
        ]
        frames = [*updates, *map(system_alert, mine["alerts"])]
        if not frames:
            return None
        self.unsaid.clear()  # these clients hear of a board that is alive, and know no more of `seen`
        return Burst(frames)

    def level(self, board: Board, *, timestamp: str) -> Message | None:
        """Return an empty window that brings these sockets to where the board is, None where they are.

        So those who are here and those who come go on from the same seq, and so a client of a quiet part can resume.
        """
        if self.seq == board.seq:
            return None
        prev, self.seq = self.seq, board.seq
        nothing: dict[str, list[Any]] = {"updates": [], "added": [], "removed": [], "alerts": []}
        return Frame.of(
            {
                "type": "batch_update",
                "seq": board.seq,
                "prev": prev,
                "epoch": board.epoch,
                "timestamp": timestamp,
                **nothing,
            }
        )

    def heartbeat(self, board: Board, *, timestamp: str, live: bool) -> Message:
        return heartbeat(board, timestamp=timestamp, live=live, seen=self._say_seen())
