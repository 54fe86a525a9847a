"""Which of several beats sends the ordinary periodic entries: the one that holds an advisory lock."""

import contextlib
import logging
from typing import Any

import psycopg
from django.db import connection as django_connection

logger = logging.getLogger(__name__)

LOCK = 0x6D696362  # "micb"; any number that nobody else uses in this database


class Leader:
    """Holds the lock on a connection of its own: one from a pool would come back to others still holding it."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._leading = False

    def leads(self) -> bool:
        """Say whether this beat holds the lock now, and try to take it where it is free."""
        try:
            if self._connection is None:
                self._connection = _connect()
            if self._leading:
                self._connection.execute("SELECT 1")
            else:
                row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
                self._leading = row == (True,)
                if self._leading:
                    logger.info("This beat sends the periodic entries now")
        except psycopg.Error as error:
            logger.warning("This beat lost its hold of the periodic entries: %s", error)
            self.close()
        return self._leading

    def close(self) -> None:
        self._leading = False
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _connect() -> psycopg.Connection[Any]:
    given = django_connection.get_connection_params()
    plain = {
        name: value
        for name, value in given.items()
        if name not in {"pool", "context", "cursor_factory", "prepare_threshold"}
    }
    return psycopg.connect(**plain, autocommit=True)
