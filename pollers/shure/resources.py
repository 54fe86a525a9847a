"""A server's resources of one device, asked for as often as each may change, with what vouches for the last answer."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from core.domain.reading import (
    Activity,
    BatteryHealthReading,
    BatteryReading,
    DeviceReading,
    ServerReading,
    Unchanged,
)
from pollers.shure.deadlines import Deadline
from pollers.shure.errors import Unanswered, Unsupported
from pollers.shure.system_api import Memory, SystemApi

SELDOM = 10  # polls: for what changes by hand or with the years

Memories = dict[str, Mapping[str, Any]]
T = TypeVar("T")

_ACTIVE_CHANNEL = "active-channel"  # the server's id of the first audio channel that tells its activity


@dataclass(slots=True, kw_only=True)
class Resources:
    """One poll's questions about one device.

    `memory` has, by resource, what vouches for the answers so far, or the firmware that had no such resource;
    "owed", where the whole was asked for and did not come.
    `whole`: nothing is asked on condition, so that a server whose ETags lie is found out.
    """

    api: SystemApi
    source_id: str
    firmware: str | None
    memory: Memories
    claim_seq: int
    whole: bool
    deadline: Deadline

    def device(self) -> DeviceReading | Unchanged:
        """Return the device's entry. Raises what `errors` has."""
        told = self._ask("device", self.api.device)
        if isinstance(told, DeviceReading):
            # What it lacked while it was only discovered, it may have again.
            self.memory = {name: kept for name, kept in self.memory.items() if "absent" not in kept}
        return told

    def name(self, capabilities: frozenset[str]) -> str | None:
        """Return the device's name where this poll asks for it and it is news."""
        if "name" in capabilities:
            with suppress(Unanswered):  # a name that cannot be had spoils nothing else; it is asked for again
                told = self._told("name", self.api.name, every=SELDOM)
                return None if isinstance(told, Unchanged) else told
        return None

    def name_now(self) -> str | None:
        """Return the device's name, asked for whole; None where it has none. Raises what `errors` has."""
        if "digest" in self.memory.get("name", {}):
            del self.memory["name"]
        told = self._told("name", self.api.name)
        return None if isinstance(told, Unchanged) else told

    def values(self, capabilities: frozenset[str]) -> ServerReading:
        """Return what the server tells of a device that speaks no command strings. Raises what `errors` has."""
        battery: BatteryReading | Unchanged | None = None
        health: BatteryHealthReading | Unchanged | None = None
        activity: Activity | Unchanged | None = None
        if "battery-level" in capabilities:
            battery = self._told("battery-level", self.api.battery_level)
        if "battery-health" in capabilities:
            health = self._told("battery-health", self.api.battery_health, every=SELDOM)
        if "audio-channels" in capabilities and (channel := self._active_channel()):
            activity = self._told("activity", self._activity_of(channel))
        return ServerReading(battery=battery, battery_health=health, activity=activity)

    def _active_channel(self) -> str | None:
        channels = self._told("audio-channels", self.api.audio_channels, every=SELDOM)
        if not isinstance(channels, Unchanged):
            able = (one.source_id for one in channels or () if "activity" in one.capabilities)
            self.memory[_ACTIVE_CHANNEL] = {"id": next(able, None)}
        found: str | None = self.memory.get(_ACTIVE_CHANNEL, {}).get("id")
        return found

    def _activity_of(self, channel: str) -> Callable[..., tuple[Activity | Unchanged | None, Memory]]:
        def activity(
            source_id: str, *, memory: Memory | None, deadline: Deadline
        ) -> tuple[Activity | Unchanged | None, Memory]:
            return self.api.audio_activity(source_id, channel, memory=memory, deadline=deadline)

        return activity

    def _told(
        self, resource: str, question: Callable[..., tuple[T | Unchanged, Memory]], *, every: int = 1
    ) -> T | Unchanged | None:
        """Return the answer, `Unchanged` also where this poll does not ask, None where there is no such resource."""
        kept = self.memory.get(resource, {})
        if "absent" in kept and kept["absent"] == self.firmware:
            return None
        if "digest" in kept and self.claim_seq % every and not self._wants_whole(kept):
            return Unchanged()
        try:
            return self._ask(resource, question)
        except Unsupported:
            # The capabilities said otherwise; only another firmware may know better.
            self.memory[resource] = {"absent": self.firmware}
            return None

    def _ask(self, resource: str, question: Callable[..., tuple[T | Unchanged, Memory]]) -> T | Unchanged:
        kept, known = self.memory.get(resource, {}), None
        if "digest" in kept:
            if whole := self._wants_whole(kept):
                self.memory[resource] = {**kept, "owed": True}
            known = Memory(etag=None if whole else kept["etag"], digest=kept["digest"])
        answer, vouching = question(self.source_id, memory=known, deadline=self.deadline)
        self.memory[resource] = asdict(vouching)
        return answer

    def _wants_whole(self, kept: Mapping[str, Any]) -> bool:
        return self.whole or "owed" in kept
