"""One receiver asked, through both its sources, within one deadline: the answers merged into a reading."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings

from core.claims import ServerFacts, Started
from core.domain.reading import (
    DeviceReading,
    Failure,
    Reading,
    ReceiverReading,
    ServerReading,
    Source,
    Unchanged,
)
from core.keys import KeyUnreadable, read_key
from core.recording import ServerAnswer
from pollers.restraint import Restraint, answers
from pollers.shure.command_strings import converse
from pollers.shure.deadlines import Deadline
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Throttled, Unanswered
from pollers.shure.families import family_of
from pollers.shure.recognition import SAID, recognise
from pollers.shure.resources import Memories, Resources
from pollers.shure.system_api import SystemApi

TOTAL = timedelta(seconds=8)  # below the lease of a poll
SERVER_WITHIN = timedelta(seconds=5)  # leaves the receiver its own three
WHOLE_EVERY = 30  # polls
WHOLE_WITHIN = timedelta(minutes=10)
COMMON_INTERVAL = timedelta(minutes=1)  # up to here a change of interval begins no new period
PHASES = 1000
_WHOLE = "whole"  # what the memory says of the last poll that asked for everything

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What asking brought: the reading, what vouches for it, and how the server took it (None: not asked)."""

    reading: Reading
    memory: Memories
    server: ServerAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FromServer:
    device: DeviceReading | Unchanged | Failure
    name: str | None = None
    values: ServerReading | None = None
    memory: Memories
    answer: ServerAnswer | None
    resources: Resources | None = None  # to ask more, where it answered


def ask(started: Started) -> Answers:
    """Ask a receiver's sources. Raises nothing that a source can cause: a source that fails is a `Failure`.

    The server comes first, because it knows where the receiver is now.
    """
    deadline = Deadline.after(TOTAL)
    told = _ask_server(started, deadline.within(SERVER_WITHIN))
    device = told.device if isinstance(told.device, DeviceReading) else started.known.device
    strings = None
    if Source.COMMAND_STRINGS in started.known.needs:
        strings = _ask_receiver(started, device, deadline)
        if isinstance(strings, ReceiverReading):
            told, strings = _recognised(started, told, strings, deadline)
    return Answers(
        reading=Reading(system_api=told.device, name=told.name, values=told.values, command_strings=strings),
        memory=told.memory,
        server=told.answer,
    )


def endpoint_of(server: ServerFacts) -> Endpoint:
    """Return a server ready to be asked. Raises `KeyUnreadable`, or `ValueError` for an address that is none."""
    return _endpoint(server, read_key(server.key_reference))


def restrained_api_of(server: ServerFacts) -> SystemApi:
    """Return what a server is asked by beside all who ask it for Micboard. Raises what `endpoint_of` raises."""
    return _restrained_api(server, read_key(server.key_reference))


# The key is read for each poll, so that a new one counts at once; all else follows from it and from the facts.
@lru_cache(maxsize=256)
def _restrained_api(server: ServerFacts, key: str) -> SystemApi:
    endpoint = _endpoint(server, key)
    return SystemApi(endpoint, Restraint.of(server.id, server.name, endpoint).turn)


def _endpoint(server: ServerFacts, key: str) -> Endpoint:
    return Endpoint(
        url=server.url,
        key=key,
        ca_file=server.ca_file or None,
        pins=server.pins,
        allow_loopback=settings.ALLOW_LOOPBACK,
    )


def _ask_receiver(started: Started, told: DeviceReading, deadline: Deadline) -> ReceiverReading | Failure:
    family = family_of(told.model or started.known.device.model)
    address = told.address or started.known.device.address
    if family is None or address is None:
        return Failure(reason="unaddressed", detail="Its server has not told where the receiver is.")
    try:
        reading = converse(address, family, deadline=deadline, allow_loopback=settings.ALLOW_LOOPBACK)
    except Unanswered as error:
        _log_malformed(started, Source.COMMAND_STRINGS, error)
        return error.failure()
    if reading.model is not None and family_of(reading.model) is not family:
        # Addresses swap: what another receiver says must not be shown as this one's.
        return _mistaken(f"At {address} answers a {reading.model}")
    return reading


def _recognised(
    started: Started, told: _FromServer, reading: ReceiverReading, deadline: Deadline
) -> tuple[_FromServer, ReceiverReading | Failure]:
    """Return what was told with what it takes to know the receiver again, and the reading if this is the one."""
    if not reading.name:
        return told, reading
    known, memory = started.known, told.memory
    name, resources = told.name or known.name, told.resources

    def ask_name() -> str | None:
        if "name" not in known.device.capabilities:
            return None
        if resources is None:
            return name
        resources.deadline = deadline.within(SERVER_WITHIN)
        answer = resources.name_now()
        memory["name"] = resources.memory["name"]
        return answer

    recognition = recognise(
        reading.name, name=name, kept=memory.get(SAID, {}), now=known.now, ask_name=ask_name
    )
    told = replace(told, name=recognition.name or told.name, memory={**memory, SAID: recognition.kept})
    if recognition.known:
        return told, reading
    return told, _mistaken(f"At the address of {name} answers a receiver that is called {reading.name}")


def _mistaken(who: str) -> Failure:
    return Failure(reason="mistaken", detail=f"{who}: the server's address is out of date.")


def _ask_server(started: Started, deadline: Deadline) -> _FromServer:
    try:
        api = restrained_api_of(started.server)
    except (KeyUnreadable, ValueError) as error:
        return _FromServer(
            device=Failure(reason="misconfigured", detail=str(error)),
            memory=dict(started.memory),
            answer=ServerAnswer(ok=False, latency_ms=None, detail=str(error)),
        )
    known, device = started.known, started.known.device
    now = {"period": whole_period(started.receiver_id, known.now, known.interval(known.tier))}
    resources = Resources(
        api=api,
        source_id=device.source_id,
        firmware=device.firmware,
        memory=dict(started.memory),
        claim_seq=started.claim_seq,
        whole=started.claim_seq % WHOLE_EVERY == 0 or started.memory.get(_WHOLE) != now,
        deadline=deadline,
    )
    asked_at = time.monotonic()
    try:
        told = resources.device()
        latency_ms = round((time.monotonic() - asked_at) * 1000)
        # A device that is only discovered tells no capabilities: that is silence, not news.
        capabilities = told.capabilities if isinstance(told, DeviceReading) else frozenset()
        capabilities = capabilities or device.capabilities
        values = None if Source.COMMAND_STRINGS in started.known.needs else resources.values(capabilities)
    except Unanswered as error:
        _log_malformed(started, Source.SYSTEM_API, error)
        return _FromServer(device=error.failure(), memory=resources.memory, answer=_how_it_took(error))
    return _FromServer(
        device=told,
        name=resources.name(capabilities),
        values=values,
        # Not before all was asked: what failed is asked whole again.
        memory={**resources.memory, _WHOLE: now},
        answer=ServerAnswer(ok=True, latency_ms=latency_ms),
        resources=resources,
    )


def whole_period(receiver_id: int, at: datetime, interval: timedelta) -> int:
    """Return the period that a moment falls into. The first poll of each asks for everything unconditionally, and
    the first of the next one is over within `WHOLE_WITHIN` of it, unless the interval is longer than that allows.
    """
    length = WHOLE_WITHIN - max(interval, COMMON_INTERVAL) - TOTAL
    if length < interval:
        length = interval / 2  # every poll has one of its own
    # A phase of its own for each receiver, so that a server is not asked for everything at once.
    phase = length * (receiver_id % PHASES) / PHASES
    return int((at.timestamp() + phase.total_seconds()) // length.total_seconds())


def _log_malformed(started: Started, source: Source, error: Unanswered) -> None:
    """Log what made no sense, once for as long as it stays the same."""
    standing = started.known.sources.get(source)
    if isinstance(error, Malformed) and (standing is None or standing.error != error.detail):
        logger.warning("%s, %s: %s It began: %r", started.known.code, source, error.detail, error.recording)


def _how_it_took(error: Unanswered) -> ServerAnswer | None:
    if isinstance(error, Throttled):
        return None
    well = answers(error)
    return ServerAnswer(ok=well, latency_ms=None, detail="" if well else error.detail)
