"""What goes into the log: device strings and servers' words are in it, and must not look like lines of their own."""

import logging
import re

# Control characters, line and paragraph separators, and what reorders a line.
_DISGUISES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Return a text on one line in which nothing is hidden."""
    return _DISGUISES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainFormatter(logging.Formatter):
    """One line a message, whatever is in it; a traceback stands below."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name is logging's
        record.message = plain(record.message)
        return super().formatMessage(record)
