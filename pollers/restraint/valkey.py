"""The scripts of this folder, run by Valkey, on a connection of each thread's own."""

import hashlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import redis

WITHIN_S = 1.0
WITHOUT_S = 5.0  # until one that did not answer is asked again

Heard = Callable[[Any], None]

logger = logging.getLogger(__name__)


class Valkey:
    """Runs scripts, whose first argument is the key of what they are about, and answers None while there is no Valkey:
    whoever is without one must not be kept waiting for it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self._own = threading.local()

    def ask(self, script: str, *arguments: Any) -> Any:
        """Run a script and return what it says."""
        return self._run(script, arguments, None)

    def tell(self, script: str, *arguments: Any, heard: Heard) -> None:
        """Have a script run and go on; what it says is `heard` when this thread has its next answer."""
        self._run(script, arguments, heard)

    def _run(self, script: str, arguments: tuple[Any, ...], heard: Heard | None) -> Any:
        if time.monotonic() < self._silent_until:
            return None
        if not hasattr(self._own, "line"):
            self._own.line = _Line(self._url)
        try:
            return self._own.line.run(script, arguments, heard)
        except (redis.RedisError, OSError) as error:
            with self._lock:
                if time.monotonic() >= self._silent_until:
                    logger.warning("Without Valkey no server is spared anything: %r", error)
                self._silent_until = time.monotonic() + WITHOUT_S
            return None


class _Line:
    """One connection. `_due` are the answers that are still to come on it, in their order."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=WITHIN_S,
            socket_connect_timeout=WITHIN_S,
            client_name=f"restraint-{os.getpid()}",
        )
        self._connection: Any = pool.make_connection()
        self._knows_scripts = False
        self._due: deque[Heard] = deque()

    def run(self, script: str, arguments: tuple[Any, ...], heard: Heard | None) -> Any:
        """Run a script, and return its answer unless it is to be `heard` later. Raises `RedisError`, or `OSError`."""
        try:
            return self._run(script, arguments, heard)
        except (redis.ConnectionError, redis.exceptions.NoScriptError):
            return self._run(script, arguments, heard)  # Valkey was restarted since

    def _run(self, script: str, arguments: tuple[Any, ...], heard: Heard | None) -> Any:
        try:
            if not self._knows_scripts:
                self._introduce()
            key, *rest = arguments
            self._connection.send_command("EVALSHA", _hash(script), 2, key, f"{key}:inflight", *rest)
            if heard is None:
                return self._answer()
            self._due.append(heard)
        except BaseException:
            # What is still to come would be taken for the answer to the next question.
            self._connection.disconnect()
            self._knows_scripts = False
            self._due.clear()
            raise

    def _introduce(self) -> None:
        for script in ("enter", "leave"):
            self._connection.send_command("SCRIPT LOAD", _text(script))
            self._answer()
        self._knows_scripts = True

    def _answer(self) -> Any:
        while self._due:
            self._due.popleft()(self._connection.read_response())
        return self._connection.read_response()


@cache
def _text(script: str) -> str:
    return (Path(__file__).parent / f"{script}.lua").read_text()


@cache
def _hash(script: str) -> str:
    return hashlib.sha1(_text(script).encode(), usedforsecurity=False).hexdigest()
