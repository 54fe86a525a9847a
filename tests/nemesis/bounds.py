"""Within which time a poll is made up for, and an outage is over."""

from datetime import timedelta

SLOW_MACHINE = timedelta(seconds=2)  # what a machine that runs other tests as well may add to a bound
GRACE = timedelta(seconds=2)
LONGEST_INTERVAL = timedelta(seconds=5)
WORKER_DEAD = timedelta(seconds=20)
BROKER_BACK = timedelta(seconds=6)
POSTGRES_BACK = timedelta(seconds=10)


def publish_lost(interval: timedelta) -> timedelta:
    """From the slot whose message was lost to the end of the next poll."""
    return interval + GRACE + SLOW_MACHINE


def worker_lost(interval: timedelta) -> timedelta:
    """From the start of a poll that was not finished to the end of the next."""
    return max(2 * interval, WORKER_DEAD) + GRACE + SLOW_MACHINE


def broker_away(away: timedelta) -> timedelta:
    """From the end of a poll, beyond its interval, to the next: a message may have been lost as well."""
    return away + BROKER_BACK + LONGEST_INTERVAL + GRACE + SLOW_MACHINE


def postgres_away(away: timedelta) -> timedelta:
    """From the end of a poll, beyond its interval, to the next."""
    return away + POSTGRES_BACK + SLOW_MACHINE
