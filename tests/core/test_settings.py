"""Settings as they come from the environment."""

import json
import os
import subprocess
import sys

PRINT = """
import json
from core.settings import DATABASES
print(json.dumps(DATABASES["default"]["OPTIONS"]))
"""


def database_options(url: str) -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "core.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    options: dict[str, object] = json.loads(ran.stdout)
    return options


def test_what_the_address_of_the_database_asks_for_is_kept_beside_our_deadlines() -> None:
    options = database_options(
        "postgres://micboard@db.example/micboard"
        "?sslmode=verify-full&sslrootcert=/ca.pem&options=-c%20search_path%3Dav"
    )

    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/ca.pem")
    assert str(options["options"]).startswith("-c search_path=av -c lock_timeout=3s ")
    assert options["connect_timeout"] == 3


def test_an_address_that_asks_for_nothing_has_our_deadlines() -> None:
    options = database_options("postgres://micboard@db.example/micboard")

    assert str(options["options"]).startswith("-c lock_timeout=3s ")
    assert "sslmode" not in options
