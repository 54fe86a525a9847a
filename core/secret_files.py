"""Generated secrets: each in a file of its own below the data directory, for its owner's eyes alone."""

import os
from pathlib import Path

from django.conf import settings


def secret_file(name: str) -> Path:
    """Return where a generated secret is kept; the folder is there and private."""
    folder: Path = settings.DATA_DIR / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / name


def write_secret(path: Path, secret: str) -> None:
    """Write a secret so that it is never readable by others, and never half there."""
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    temporary.replace(path)


def read_secret(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None
