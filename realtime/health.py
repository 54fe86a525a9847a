"""Whether the way from what was recorded to the sockets is whole."""

import asyncio
import logging
import secrets
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from core.pulses import BEAT, SILENT_AFTER_S
from realtime.tick import KEEP_UP_THE_BOARD, look

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


# What of the poller is called here as people call it, and what to look at where it is silent.
EMITTER = "emitter"
NEXT_STEP = {
    BEAT: "no poll is sent: is the process beat running?",
    EMITTER: "no window was emitted: is the worker window running?",
}
POLLS = "is a worker of its queue running?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A part of the way from the receivers to the sockets. `complaint` says what is wrong and what to look at."""

    name: str
    complaint: str | None = None


def legs() -> list[Leg]:
    """Look at the channel layer, the database, and the parts of the poller that keep the board up."""
    layer = None if check_websocket_health() else "The channel layer carries nothing: is Redis running?"
    return [Leg(name="layer", complaint=layer), *_poller()]


def readiness() -> tuple[str, ...]:
    """Return what is not as it has to be, a sentence each with the next step; none: clients are served whole."""
    return tuple(leg.complaint for leg in legs() if leg.complaint is not None)


def _poller() -> list[Leg]:
    try:
        tick = look(None)
    except DatabaseError as error:
        logger.warning("The database cannot be read: %s", error)
        connection.close()
        return [Leg(name="database", complaint="The database cannot be read: is Postgres running?")]
    parts = [(EMITTER if part == "window" else part, part in tick.silent) for part in KEEP_UP_THE_BOARD]
    return [
        Leg(name="database"),
        *(Leg(name=name, complaint=_silence(name) if is_silent else None) for name, is_silent in parts),
    ]


def _silence(name: str) -> str:
    return f"{name} has not shown itself for more than {SILENT_AFTER_S} s: {NEXT_STEP.get(name, POLLS)}"
