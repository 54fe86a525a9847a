"""A Shure System API server: what it knows of its devices."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlencode

from core.domain.reading import (
    Activity,
    Anomaly,
    AudioChannelReading,
    BatteryHealthReading,
    BatteryReading,
    DeviceReading,
    Unchanged,
)
from pollers.shure import decode, strict_json, transport
from pollers.shure.deadlines import Deadline
from pollers.shure.device_list import DeviceList
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Refused, Throttled, Unanswered, Unreachable, Unsupported
from pollers.shure.retry_after import pause
from pollers.shure.transport import Answer

RESOURCE_BYTES = 2 * 2**20
LIST_BYTES = 8 * 2**20  # all pages together
PAGE_WITHIN = timedelta(seconds=8)

_DISCOVERY = "/config/discovery/ips"
_TAKEN = (HTTPStatus.ACCEPTED, HTTPStatus.OK, HTTPStatus.NO_CONTENT)
_ETAG = re.compile(r"[\x20-\x7e]{1,256}")
_SERVER_ERRORS = range(500, 600)
_REDIRECTS = range(300, 400)

T = TypeVar("T")
Turn = Callable[[Deadline], AbstractContextManager[None]]


def at_once(_deadline: Deadline) -> AbstractContextManager[None]:
    """Let everything be asked."""
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What vouches for "unchanged": the server's ETag if it gave one that can be sent back, and a digest."""

    etag: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class SystemApi:
    """The questions to one server. Cheap to make: its connections are kept for the process.

    A resource is asked for on condition that it changed when the caller brings the `memory` of the last
    answer that it used; without one it comes whole. Every method raises what `errors` has. `turn` is entered for
    each GET, and may raise instead of letting it be asked.
    """

    endpoint: Endpoint
    turn: Turn = at_once

    def devices(self, *, deadline: Deadline) -> tuple[list[DeviceReading], list[Anomaly]]:
        """Return every device of the list once, in its order, and what was left out of it."""
        found, left, path = DeviceList(), LIST_BYTES, "/devices"
        while True:
            answer = self._get(path, absent=_no_api, limit=left, deadline=deadline.within(PAGE_WITHIN))
            page = self._understood(answer.body, decode.page)
            if not found.take(page):
                return found.devices, found.anomalies
            left -= len(answer.body)
            path = f"/devices?{urlencode({'after': page.more_after})}"

    def device(
        self, source_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[DeviceReading | Unchanged, Memory]:
        def same_device(value: object) -> DeviceReading:
            device = decode.device(value)
            if device.source_id.casefold() != source_id.casefold():
                raise Malformed("The server answers for another device than it was asked for.")
            return device

        return self._told(_device(source_id), same_device, absent=_gone, memory=memory, deadline=deadline)

    def name(
        self, source_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[str | Unchanged, Memory]:
        return self._capability(source_id, "name", decode.name, memory=memory, deadline=deadline)

    def battery_level(
        self, source_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[BatteryReading | Unchanged, Memory]:
        return self._capability(
            source_id, "battery-level", decode.battery_level, memory=memory, deadline=deadline
        )

    def battery_health(
        self, source_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[BatteryHealthReading | Unchanged, Memory]:
        return self._capability(
            source_id, "battery-health", decode.battery_health, memory=memory, deadline=deadline
        )

    def audio_channels(
        self, source_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[tuple[AudioChannelReading, ...] | Unchanged, Memory]:
        return self._capability(
            source_id, "audio-channels", decode.audio_channels, memory=memory, deadline=deadline
        )

    def audio_activity(
        self, source_id: str, channel_id: str, *, memory: Memory | None, deadline: Deadline
    ) -> tuple[Activity | Unchanged | None, Memory]:
        resource = f"audio-channels/{_segment(channel_id)}/activity"
        return self._capability(source_id, resource, decode.activity, memory=memory, deadline=deadline)

    def discovery_ips(self, *, deadline: Deadline) -> list[str]:
        """Return the addresses that the server looks for devices at, beside those that it finds by itself."""
        answer = self._get(_DISCOVERY, absent=_no_discovery, limit=RESOURCE_BYTES, deadline=deadline)
        return self._understood(answer.body, decode.discovery_ips)

    def replace_discovery_ips(self, addresses: Sequence[str], *, deadline: Deadline) -> None:
        """Have the server look at these addresses and no others."""
        body = json.dumps({"ips": list(addresses)}).encode()
        answer = transport.put(self.endpoint, _DISCOVERY, body, deadline=deadline)
        if answer.status not in _TAKEN:
            raise _rejection(answer, self.endpoint.authority, _no_discovery)

    def _capability(
        self,
        source_id: str,
        resource: str,
        understand: Callable[[object], T],
        *,
        memory: Memory | None,
        deadline: Deadline,
    ) -> tuple[T | Unchanged, Memory]:
        def lacking() -> Unanswered:
            return Unsupported(f"The device has no {resource.rpartition('/')[2]}.")

        path = f"{_device(source_id)}/{resource}"
        return self._told(path, understand, absent=lacking, memory=memory, deadline=deadline)

    def _told(
        self,
        path: str,
        understand: Callable[[object], T],
        *,
        absent: Callable[[], Unanswered],
        memory: Memory | None,
        deadline: Deadline,
    ) -> tuple[T | Unchanged, Memory]:
        etag = memory.etag if memory else None
        answer = self._get(path, etag=etag, absent=absent, limit=RESOURCE_BYTES, deadline=deadline)
        if answer.status == HTTPStatus.NOT_MODIFIED and memory is not None and etag is not None:
            return Unchanged(), memory
        if answer.status == HTTPStatus.NOT_MODIFIED:
            # It compares with something that nobody sent: ask again for the whole.
            answer = self._get(path, absent=absent, limit=RESOURCE_BYTES, deadline=deadline)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            raise Malformed("The server says that nothing changed, and never said what there is.")
        fresh = Memory(etag=_echoable(answer.etag), digest=hashlib.sha256(answer.body).hexdigest())
        if memory is not None and memory.digest == fresh.digest:
            return Unchanged(), fresh
        return self._understood(answer.body, understand), fresh

    def _get(
        self,
        path: str,
        *,
        etag: str | None = None,
        absent: Callable[[], Unanswered],
        limit: int,
        deadline: Deadline,
    ) -> Answer:
        with self.turn(deadline):
            answer = transport.get(self.endpoint, path, etag=etag, limit=limit, deadline=deadline)
            if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
                raise _rejection(answer, self.endpoint.authority, absent)
            return answer

    def _understood(self, body: bytes, understand: Callable[[object], T]) -> T:
        # A server that sends the key back must not get it into a log or a page.
        told = body.replace(self.endpoint.key.encode(), b"[key]")
        value = _parsed(told)
        try:
            return understand(value)
        except Malformed as error:
            raise Malformed(error.detail, reason=error.reason, recording=told) from None


def _parsed(body: bytes) -> object:
    try:
        return strict_json.parse(body)
    except Malformed as error:
        raise Malformed(error.detail, reason="no_json", recording=body) from None


def _rejection(answer: Answer, server: str, absent: Callable[[], Unanswered]) -> Unanswered:
    """Return what a status other than 200 and 304 means."""
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Refused(
                "unauthorised", f"{server} does not accept the key: enter the one that it has now."
            )
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return absent()
        case HTTPStatus.TOO_MANY_REQUESTS:
            now = datetime.fromtimestamp(time.time(), UTC)
            wanted = pause(answer.retry_after, date=answer.date, now=now)
            return Throttled(wanted, f"{server} asks for a pause of {wanted.total_seconds():.0f} s.")
        case status if status in _SERVER_ERRORS:
            return Unreachable("broken", f"{server} answers with its own error {status}: look at its log.")
        case status if status in _REDIRECTS:
            return Malformed(f"{server} points elsewhere: enter the address it has now.", reason="redirected")
        case status:
            return Malformed(f"{server} answers with status {status}.", reason="status")


def _no_discovery() -> Unanswered:
    return Unsupported("The server keeps no list of addresses to discover devices at.")


def _no_api() -> Unanswered:
    return Malformed("There is no System API at this address.", reason="status")


def _gone() -> Unanswered:
    return Unreachable("gone", "The server no longer knows this device: look for it in the device list.")


def _device(source_id: str) -> str:
    return f"/devices/{_segment(source_id)}"


def _segment(identifier: str) -> str:
    """Return an id as one segment of a path, whatever is in it."""
    return quote(decode.identifier(identifier), safe="")


def _echoable(etag: str | None) -> str | None:
    return etag if etag is not None and _ETAG.fullmatch(etag) else None
