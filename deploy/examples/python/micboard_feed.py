"""Follow a Micboard's feed. Copy this file; it needs Python 3.11 and `pip install websockets`, nothing of Micboard.

    async for change in feed("wss://micboard.example/ws/devices/", token):
        print(change.kind, change.device_id, change.fields)

It never gives up: a connection that is lost, or that says nothing for 12 seconds, is made anew, and what happened
meanwhile is asked for. `Stopped` is raised only where trying again is of no use. As a command it prints a line for
each change:

    python micboard_feed.py wss://micboard.example/ws/devices/ --token-file token
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException

logger = logging.getLogger("micboard_feed")

SILENCE_S = 12  # a server says something every 5
DELAYS_S = (1, 2, 4, 8, 15)
JITTER = 0.2  # so that clients do not come in step
BACKOFF_FROM = 3  # the first of DELAYS_S for a server that has too much to do
RESUMES_APART_S = 5  # a server that leaves a hole each time is not asked without end
LARGEST_FRAME = 64 * 2**20  # bytes; a snapshot holds every channel

STOP = frozenset({4400, 4401, 4403})  # bad request, not signed in (any more), not allowed
BACK_OFF = frozenset({1013, 4429})  # too slow, too many

Row = dict[str, Any]
Kind = Literal["snapshot", "resumed", "added", "update", "removed", "alert", "seen", "lost"]


class Stopped(Exception):
    """The server will not serve this client, however often it tries."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One piece of news. `board` is where it has led to: every channel's whole row, every open alert.

    `fields` are those that changed (update), the whole row (added), the alert, or when each receiver was seen.
    snapshot: the board was replaced. lost: nothing is known until the next snapshot or resumed; `why` says more.
    """

    kind: Kind
    board: "Board" = field(repr=False)
    device_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(slots=True)
class Board:
    """Channels by device_id and alerts by id, at one `seq`."""

    epoch: str | None = None
    seq: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    alerts: dict[int, Row] = field(default_factory=dict)
    intervals: dict[str, float] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)  # when each receiver last answered, ISO 8601
    live: bool = True  # False: the server's poller is silent

    def apply(self, frame: Mapping[str, Any]) -> list[Change] | None:
        """Apply a frame and return what it changed; None when a window was missed before it."""
        match frame["type"]:
            case "initial_data":
                return self._replace(frame)
            case "batch_update":
                return self._advance(frame)
            case "heartbeat":
                if frame["epoch"] != self.epoch or frame["prev"] > self.seq:
                    return None
                self.live = frame["live"]
                return [self._see(frame["seen"])]
            case "resumed":
                if frame["epoch"] != self.epoch:
                    return None
                return [Change(kind="resumed", board=self), *self._seen_in(frame)]
            case _:
                return []

    def _replace(self, frame: Mapping[str, Any]) -> list[Change]:
        self.epoch, self.seq, self.intervals = frame["epoch"], frame["seq"], frame["intervals"]
        self.rows = {row["device_id"]: row for row in frame["devices"]}
        self.alerts = {alert["id"]: alert for alert in frame["alerts"]}
        self.seen = {row["receiver_id"]: row["seen_at"] for row in frame["devices"] if row["seen_at"]}
        return [Change(kind="snapshot", board=self)]

    def _advance(self, frame: Mapping[str, Any]) -> list[Change] | None:
        if frame["epoch"] != self.epoch:
            return None
        if frame["seq"] <= self.seq:
            return []
        if frame["prev"] != self.seq:
            return None
        gone = [device_id for device_id in frame["removed"] if self.rows.pop(device_id, None) is not None]
        came = {row["device_id"]: row for row in frame["added"] if self._is_news(row)}
        self.rows |= came
        changed = {told["device_id"]: told for told in frame["updates"] if self._is_news_of_a_known_one(told)}
        for device_id, told in changed.items():
            self.rows[device_id] = {**self.rows[device_id], **told["changes"], "rev": told["rev"]}
        self.alerts |= {alert["id"]: alert for alert in frame["alerts"]}
        self.alerts = {id_: alert for id_, alert in self.alerts.items() if alert["state"] != "resolved"}
        self.intervals = frame.get("intervals", self.intervals)
        self.seq = frame["seq"]
        return [
            *(Change(kind="removed", board=self, device_id=device_id) for device_id in gone),
            *(Change(kind="added", board=self, device_id=id_, fields=row) for id_, row in came.items()),
            *(
                Change(kind="update", board=self, device_id=device_id, fields=told["changes"])
                for device_id, told in changed.items()
            ),
            *(
                Change(kind="alert", board=self, device_id=alert["target"].get("device_id"), fields=alert)
                for alert in frame["alerts"]
            ),
            *self._seen_in(frame),
        ]

    def _is_news(self, told: Mapping[str, Any]) -> bool:
        """Say whether a row or an update is newer than what is known: a snapshot may be ahead of its windows."""
        known = self.rows.get(told["device_id"])
        return known is None or told["rev"] > known["rev"]

    def _is_news_of_a_known_one(self, told: Mapping[str, Any]) -> bool:
        return told["device_id"] in self.rows and self._is_news(told)

    def _seen_in(self, frame: Mapping[str, Any]) -> list[Change]:
        return [self._see(frame["seen"])] if frame.get("seen") else []

    def _see(self, seen: Sequence[tuple[str, str]]) -> Change:
        self.seen.update(seen)
        return Change(kind="seen", board=self, fields=dict(seen))


class _Lost(Exception):
    """The connection is over: how the server closed it, and what it said; or a window was missed."""

    def __init__(self, code: int, why: str, *, missed: bool = False) -> None:
        super().__init__(why)
        self.code = code
        self.missed = missed


@dataclass(slots=True)
class _Patience:
    """How long to wait before the next try, and whether there is one."""

    attempt: int = 0
    resumed_at: float = float("-inf")

    def served(self) -> None:
        self.attempt = 0

    def after(self, lost: _Lost) -> float:
        """Return the seconds to wait. Raises `Stopped`."""
        if lost.code in STOP:
            raise Stopped(lost.code, str(lost)) from None
        if lost.missed and time.monotonic() - self.resumed_at > RESUMES_APART_S:
            self.resumed_at = time.monotonic()
            return 0
        if lost.code in BACK_OFF:
            self.attempt = max(self.attempt, BACKOFF_FROM)
        seconds = DELAYS_S[min(self.attempt, len(DELAYS_S) - 1)]
        self.attempt += 1
        return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret


async def feed(url: str, token: str, *, scope: Sequence[str] = ()) -> AsyncGenerator[Change, None]:
    """Yield every change, once and in order, for ever. Raises `Stopped`, and `InvalidURI` for what is no address.

    `scope` narrows the feed: "location:main-a", "group:stage-left", "device:SHURE001".
    """
    board, patience = Board(), _Patience()
    while True:
        try:
            async with aclosing(_frames(_address(url, board, scope), token)) as frames:
                async for frame in frames:
                    changes = _applied(board, frame)
                    patience.served()
                    for change in changes:
                        yield change
        except _Lost as lost:
            why, wait_s = str(lost), patience.after(lost)
        logger.warning("%s; trying again in %.1f s", why, wait_s)
        yield Change(kind="lost", board=board, why=why)
        await asyncio.sleep(wait_s)


def _applied(board: Board, frame: Mapping[str, Any]) -> list[Change]:
    changes = board.apply(frame)
    if changes is None:
        raise _Lost(1006, f"a window was missed after {board.seq}", missed=True)
    return changes


async def _frames(address: str, token: str) -> AsyncGenerator[Mapping[str, Any], None]:
    """Yield what one connection says, until it is lost: this always ends in `_Lost`."""
    said = ""
    try:
        async with connect(
            address,
            additional_headers={"Authorization": f"Bearer {token}"},
            max_size=LARGEST_FRAME,
            ping_interval=None,  # silence is noticed sooner than an unanswered ping
            proxy=None,  # an AV network has none
        ) as socket:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    text = await socket.recv()
                frame = json.loads(text)
                if frame["type"] == "error":
                    said = frame["message"]  # why it closes, if it does
                else:
                    yield frame
    except ConnectionClosed as closed:
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        raise _Lost(code, said or reason or f"the server closed the connection ({code})") from closed
    except TimeoutError as error:
        raise _Lost(1006, f"the server said nothing for {SILENCE_S} s") from error
    except InvalidURI:
        raise
    except (OSError, WebSocketException) as error:
        raise _Lost(1006, f"no connection: {error}") from error


def _address(url: str, board: Board, scope: Sequence[str]) -> str:
    """Return the address that asks for what was missed since this board, or for everything."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query), ("mode", "batch"), *(("scope", each) for each in scope)]
    if board.epoch is not None:
        query += [("since", str(board.seq)), ("epoch", board.epoch)]
    return urlunsplit(parts._replace(query=urlencode(query)))


async def _print(url: str, token: str, scope: Sequence[str]) -> None:
    async for change in feed(url, token, scope=scope):
        told = change.why or json.dumps(
            change.fields or {"seq": change.board.seq, "channels": len(change.board.rows)}
        )
        print(change.kind, change.device_id or "-", told, sep="\t", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Print a line for each change on a Micboard.")
    parser.add_argument("url", help="wss://micboard.example/ws/devices/")
    parser.add_argument("--token-file", type=Path, required=True, help="a file that holds the token alone")
    parser.add_argument(
        "--scope", action="append", default=[], help="group:stage-left and the like; repeatable"
    )
    options = parser.parse_args()
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_print(options.url, options.token_file.read_text().strip(), options.scope))
    except Stopped as stopped:
        print(f"Stopped: {stopped}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
