"""Whether the way from what was recorded to the sockets is whole."""

import asyncio
import logging
import secrets

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from core.pulses import BEAT, SILENT_AFTER_S
from realtime.tick import look

logger = logging.getLogger(__name__)

ROUND_TRIP_S = 2


def check_websocket_health() -> bool:
    """Say whether the channel layer carries a message, by one that goes there and comes back.

    The channel is its own and is read at once: a check that only sends would fill a channel that nobody reads.
    """
    try:
        return async_to_sync(_round_trip)()
    except (OSError, RedisError) as error:
        logger.warning("The channel layer carries nothing: %r", error)
        return False


async def _round_trip() -> bool:
    layer = get_channel_layer()
    async with asyncio.timeout(ROUND_TRIP_S):
        channel = await layer.new_channel()
        word = secrets.token_hex(8)
        await layer.send(channel, {"type": "health.check", "word": word})
        return bool((await layer.receive(channel))["word"] == word)


NEXT_STEP = {
    BEAT: "no poll is sent: is the process beat running?",
    "window": "no window was emitted: is the worker window running?",
}
POLLS = "is a worker of its queue running?"


def readiness() -> tuple[str, ...]:
    """Return what is not as it has to be, a sentence each with the next step; none: clients are served whole and live.

    Looks at the database, the channel layer, and the parts of the poller that keep the board up.
    """
    layer = () if check_websocket_health() else ("The channel layer carries nothing: is Redis running?",)
    return (*layer, *_silent_parts())


def _silent_parts() -> tuple[str, ...]:
    try:
        tick = look(None)
    except DatabaseError as error:
        logger.warning("The database cannot be read: %s", error)
        connection.close()
        return ("The database cannot be read: is Postgres running?",)
    return tuple(
        f"{part} has not shown itself for more than {SILENT_AFTER_S} s: {NEXT_STEP.get(part, POLLS)}"
        for part in tick.silent
    )
