"""Say which leg of the feed is broken, as a client and from inside."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from core.models import Head
from core.secret_files import read_secret, secret_file
from realtime.health import legs

CONNECT_WITHIN_S = 5
SNAPSHOT_WITHIN_S = 5
WINDOW_WITHIN_S = 8  # a heartbeat, which bears the seq, comes after 5 at the latest
HEARTBEAT_WITHIN_S = 12  # as long as a client waits before it gives a silent connection up


class Broken(Exception):
    """A leg is broken; the text says what to look at."""


class Command(BaseCommand):
    requires_system_checks = ()  # `prepare` ran them
    help = (
        "Connect to the feed as an integrator does and say which leg works: connect, sign-in, snapshot, heartbeat, "
        "window; then look at the channel layer, the database, the emitter and the poller from inside. A line a leg, "
        "with tabs between its name, ok or BROKEN, and what was seen. Exit code 1 when one is broken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", help="ws://HOST:PORT/ws/devices/ (of the Micboard that runs here)")
        parser.add_argument(
            "--token-file", type=Path, help="file with a bearer token (the one made at the first start)"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        url = options["url"] or _own_url()
        token = read_secret(options["token_file"] or secret_file("feed-token"))
        if token is None:
            raise CommandError("There is no token: make one with `manage.py create_token` and name its file.")
        broken = False
        for leg, seen in _legs(url, token):
            try:
                self.stdout.write(f"{leg}\tok\t{seen()}")
            except Broken as error:
                broken = True
                self.stdout.write(f"{leg}\tBROKEN\t{error}")
                if leg in {"connect", "sign-in", "snapshot"}:
                    break
        for part in legs():
            broken |= part.complaint is not None
            verdict = "ok\tit shows itself" if part.complaint is None else f"BROKEN\t{part.complaint}"
            self.stdout.write(f"{part.name}\t{verdict}")
        if broken:
            raise CommandError("The feed is broken where it says so.")


def _own_url() -> str:
    """Return the address of the Micboard that runs on this data folder."""
    try:
        written = json.loads((settings.DATA_DIR / "run" / "runner.json").read_text())
        address = str(written["address"])
    except (OSError, KeyError, json.JSONDecodeError):
        address = "http://127.0.0.1:8000/"
    return f"ws{address.removeprefix('http')}ws/devices/"


def _legs(url: str, token: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each leg with what looks at it: it returns what it saw, or raises `Broken`."""
    client = _Client(url, token)
    try:
        yield "connect", client.connect
        yield "sign-in", client.sign_in
        yield "snapshot", client.snapshot
        yield "heartbeat", client.heartbeat
        yield "window", client.window
    finally:
        client.close()


class _Client:
    """An integrator's client, a step at a time."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._socket: ClientConnection | None = None
        self._first: dict[str, Any] = {}
        self._seq, self._epoch = 0, ""

    def connect(self) -> str:
        began = time.monotonic()
        try:
            self._socket = connect(
                f"{self._url}?mode=batch",
                additional_headers={"Authorization": f"Bearer {self._token}"},
                open_timeout=CONNECT_WITHIN_S,
                max_size=None,
                proxy=None,
            )
        except InvalidURI as error:
            raise Broken(f"{self._url} is no address of a feed: write ws://HOST:PORT/ws/devices/") from error
        except (OSError, InvalidHandshake) as error:
            raise Broken(f"{self._url} does not answer ({error}): is the process web running?") from error
        return f"{self._url} in {1000 * (time.monotonic() - began):.0f} ms"

    def sign_in(self) -> str:
        self._first = self._next(
            SNAPSHOT_WITHIN_S, "The server says nothing: it cannot read the database yet."
        )
        if self._first["type"] == "error":
            raise Broken(str(self._first["message"]))
        return "the token is accepted"

    def snapshot(self) -> str:
        if self._first["type"] != "initial_data":
            raise Broken(f"It begins with {self._first['type']} and not with initial_data.")
        return (
            f"{len(self._first['devices'])} channels, seq {self._first['seq']}, epoch {self._first['epoch']}"
        )

    def heartbeat(self) -> str:
        began = time.monotonic()
        while True:
            left_s = HEARTBEAT_WITHIN_S - (time.monotonic() - began)
            frame = self._next(left_s, f"Nothing came for {HEARTBEAT_WITHIN_S} s: the web process hangs.")
            if frame["type"] == "batch_update":
                return f"window {frame['seq']} after {time.monotonic() - began:.1f} s"
            if frame["type"] == "heartbeat":
                live = "the poller is alive" if frame["live"] else "the poller is SILENT"
                return f"after {time.monotonic() - began:.1f} s, {live}"

    def window(self) -> str:
        """Say whether the last window that was emitted has come to this client."""
        head = Head.objects.get()
        deadline = time.monotonic() + WINDOW_WITHIN_S
        while self._epoch == head.epoch and self._seq < head.seq:
            self._next(
                deadline - time.monotonic(),
                f"The server is at window {head.seq}, the feed at {self._seq}: restart the process web.",
            )
        return f"the feed is at window {self._seq}, as the database is"

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _next(self, within_s: float, otherwise: str) -> dict[str, Any]:
        assert self._socket is not None  # noqa: S101  the legs come in order
        try:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=max(0.0, within_s)))
        except TimeoutError:
            raise Broken(otherwise) from None
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else "no code"
            raise Broken(f"The server closed the connection ({code}).") from None
        self._seq, self._epoch = frame.get("seq", self._seq), frame.get("epoch", self._epoch)
        return frame
