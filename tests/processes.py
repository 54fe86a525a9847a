"""Programs of ours that a test runs beside itself, on its own database."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection


def environment() -> dict[str, str]:
    """Return the environment of a process that works on this test's database, and on its store."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "core.settings",
        "PYTHONPATH": str(Path.cwd()),
    }
