"""The one clock: Postgres's. Who decides gets the time handed down; who acts at the edge asks here."""

from datetime import date, datetime

from django.db import connection


def now() -> datetime:
    """Return the time of the transaction, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (at,) = cursor.fetchone()
    moment: datetime = at
    return moment


def today() -> date:
    """Return the UTC day."""
    return now().date()
