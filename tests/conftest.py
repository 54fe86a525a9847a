"""Fixtures that tests of several rooms share."""

from collections.abc import Callable, Generator, Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings
from psycopg.errors import DeadlockDetected
from pytest_django import DjangoDbBlocker

from core import garbage

settings.register_profile("shared machine", deadline=None)  # how long an example takes says nothing of a law
settings.load_profile("shared machine")

# Rows that migrations made are put back as they were; all else is deleted, with whatever refers to it. Truncating so
# many tables costs Postgres a tenth of a second, so only those that grew are. Under an epoch of its own, so that a web
# process that outlives a test takes the next for another database, and not for this one set back.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE emptied regclass;
BEGIN
    FOR emptied IN
        WITH RECURSIVE related (id) AS (
            SELECT unnest(ARRAY['core_server', 'core_location', 'core_group', 'core_roster', 'core_edited',
                'core_inbox', 'core_changerecord', 'core_window', 'core_pulse', 'core_absence', 'core_token',
                'core_alert', 'core_destination', 'core_serverhealth', 'django_admin_log', 'django_session',
                'auth_user']::regclass[])::oid
            UNION SELECT more.id FROM related, LATERAL (
                SELECT conrelid AS id FROM pg_constraint WHERE contype = 'f' AND confrelid = related.id
                UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = related.id) more)
        SELECT id FROM related JOIN pg_class ON pg_class.oid = id
         WHERE relkind = 'r' AND pg_relation_size(id) > 0
    LOOP
        IF pg_relation_size(emptied) > 1000000 THEN
            EXECUTE format('TRUNCATE %s CASCADE', emptied);
        ELSE
            EXECUTE format('DELETE FROM %s', emptied);
        END IF;
    END LOOP;
END $$;
SET session_replication_role = origin;
UPDATE core_head SET epoch = substr(md5(random()::text), 1, 6), seq = 0, intervals = '{}', emitted_at = NULL,
                     access_version = 0, keyframed_on = NULL;
UPDATE django_celery_beat_periodictask SET enabled = true, last_run_at = NULL, total_run_count = 0;
"""


EMPTYINGS = 5  # tries
SHARED = ("stack", "house")  # fixtures that are a whole Micboard


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, None, None]:
    """Load thousands of tests as the product is loaded."""
    garbage.begin_loading()
    yield
    garbage.end_loading()


@pytest.hookimpl(trylast=True)  # after they were put in a random order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with those that last: what one process still does while the others have nothing left is time lost."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End what the tests of a group share with the last of them: it would go on polling beside all others."""
    if nextitem is None or _group_of(item) != _group_of(nextitem):
        for name in SHARED:
            for shared in item.session._fixturemanager.getfixturedefs(name, item) or ():
                shared.finish(item._request)  # type: ignore[attr-defined]  # pytest has no scope of a group


def _group_of(item: pytest.Item) -> object:
    mark = item.get_closest_marker("xdist_group")
    return mark and mark.args


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database, for any test that asks: the stock fixture leaves the real one in place when no test of
    the run is marked `django_db`.
    """
    del django_test_environment, django_db_modify_db_settings
    with django_db_blocker.unblock():
        before = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(before, verbosity=0)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose commits are real: for what is seen from several connections or processes."""
    del django_db_setup
    with django_db_blocker.unblock():
        _empty()
        yield
        _empty()
        connection.close()


SignInAsStaff = Callable[..., Client]


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """A browser in which a superuser is signed in."""
    del db
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def staff(client: Client) -> SignInAsStaff:
    """Sign somebody in to the admin who may do this and that."""

    def signed_in(*permissions: str) -> Client:
        user = User.objects.create_user("sam", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return signed_in


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
        assert name.startswith("test_"), f"{name} is no test database"
        for left in reversed(range(EMPTYINGS)):
            try:
                cursor.execute(_EMPTY)
            except OperationalError as error:
                # The pages' Daphne reads these tables once a second; another order of locks is a deadlock.
                if not left or not isinstance(error.__cause__, DeadlockDetected):
                    raise
            else:
                return
