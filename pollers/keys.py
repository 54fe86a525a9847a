"""A server's key, from where its reference says: never from the database, never into a log."""

import os
from pathlib import Path


class KeyUnreadable(Exception):
    """The key is not where the server's settings say; the text tells what to do."""


def read_key(reference: str) -> str:
    """Return the key behind `env:NAME` or `file:/PATH`, without the space around it."""
    scheme, _, where = reference.partition(":")
    match scheme:
        case "env":
            key = os.environ.get(where, "")
            missing = f"Set the environment variable {where} to the server's key, for the workers too."
        case "file":
            key, missing = _from_file(Path(where))
        case _:
            raise KeyUnreadable("The key has to be env:NAME or file:/PATH.")
    if not key.strip():
        raise KeyUnreadable(missing)
    return key.strip()


def _from_file(path: Path) -> tuple[str, str]:
    try:
        return path.read_text(), f"The key file {path} is empty: put the server's key into it."
    except OSError as error:
        why = error.strerror
    except UnicodeDecodeError:
        why = "it is no text"
    return "", f"The key file {path} cannot be read ({why}): make it readable for the workers."
