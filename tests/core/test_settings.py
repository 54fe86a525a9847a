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


def test_proxies_that_are_none_are_told_with_the_name_of_the_setting() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import core.settings"],
        env={**os.environ, "MICBOARD_TRUSTED_PROXIES": "10.0.0.1, proxy.local"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "ImproperlyConfigured: MICBOARD_TRUSTED_PROXIES: addresses or networks, separated by" in ran.stderr


WITHOUT = ("core.admin", "dashboard.urls", "pollers.simulator", "apprise")
LOAD = f"""
import sys, django
from core.celery import app
django.setup()
app.loader.import_default_modules()
print(*(name for name in {WITHOUT} if name in sys.modules))
"""


def test_beat_and_the_workers_load_no_page_no_simulator_and_no_way_to_send_mail() -> None:
    ran = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == []


CHECK = """
import sys, django
django.setup()
from django.core import checks
assert "dashboard.admin" not in sys.modules
print(checks.run_checks(tags=[checks.Tags.admin]), "dashboard.admin" in sys.modules)
"""


def test_the_checks_of_the_admin_see_its_pages() -> None:
    ran = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == ["[]", "True"]
