"""A secret, from where its reference says: never from the database, never into a log."""

import os
import stat
from pathlib import Path

LONGEST_KEY = 8192  # bytes; Shure's have about 256


class KeyUnreadable(Exception):
    """The key is not where it is said to be; the text tells what to do."""


def read_key(reference: str, what: str = "the server's key") -> str:
    """Return the key behind `env:NAME` or `file:/PATH`, without the space around it; `what` it is, for the error."""
    scheme, _, where = reference.partition(":")
    match scheme:
        case "env":
            key = os.environ.get(where, "")
            missing = f"Set the environment variable {where} to {what}, for the workers too."
        case "file":
            key, missing = _from_file(Path(where), what)
        case _:
            raise KeyUnreadable(f"Say where {what} is: env:NAME or file:/PATH.")
    if not key.strip():
        raise KeyUnreadable(missing)
    return key.strip()


def _from_file(path: Path, what: str) -> tuple[str, str]:
    try:
        # Not blocking: a pipe that nobody writes to would hold the worker for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                key = os.read(descriptor, LONGEST_KEY + 1)
                if len(key) <= LONGEST_KEY:
                    return key.decode(), f"The key file {path} is empty: put {what} into it."
                why = "it is too long for a key"
            else:
                why = "it is no plain file"
        finally:
            os.close(descriptor)
    except OSError as error:
        why = error.strerror or "the system does not say why"
    except UnicodeDecodeError:
        why = "it is no text"
    return "", f"The key file {path} cannot be read ({why}): make it readable for the workers."
