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
UNCONDITIONAL_EVERY = 30  # polls: a server whose ETag lies is found out

Memories = dict[str, Mapping[str, Any]]
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Resources:
    """One poll's questions about one device. `memory` has, by resource, what vouches for the answers so far."""

    api: SystemApi
    source_id: str
    memory: Memories
    claim_seq: int
    deadline: Deadline

    def device(self) -> DeviceReading | Unchanged:
        """Return the device's entry. Raises what `errors` has."""
        return self._ask("device", self.api.device)

    def name(self) -> str | None:
        """Return the device's name where this poll asks for it and it is news."""
        if not self._is_due("name", SELDOM):
            return None
        with suppress(Unanswered):  # a name that cannot be had spoils nothing else; it is asked for again
            return self._news("name", self.api.name)
        return None

    def values(self, capabilities: frozenset[str]) -> ServerReading:
        """Return what is new of a device that speaks no command strings. Raises what `errors` has."""
        battery: BatteryReading | None = None
        health: BatteryHealthReading | None = None
        activity: Activity | None = None
        if "battery-level" in capabilities:
            battery = self._news("battery-level", self.api.battery_level)
        if "battery-health" in capabilities and self._is_due("battery-health", SELDOM):
            health = self._news("battery-health", self.api.battery_health)
        if "audio-channels" in capabilities and (channel := self._channel_with_activity()):
            activity = self._news("activity", self._activity_of(channel))
        return ServerReading(battery=battery, battery_health=health, activity=activity)

    def _channel_with_activity(self) -> str | None:
        """Return the server's id of the first audio channel that tells its activity, looked up seldom."""
        known = self.memory.get("audio-channels", {})
        if self._is_due("audio-channels", SELDOM):
            channels = self._news("audio-channels", self.api.audio_channels)
            if channels is not None:
                able = [channel.source_id for channel in channels if "activity" in channel.capabilities]
                known = {"first": able[0] if able else None}
            self.memory["audio-channels"] = {
                **self.memory.get("audio-channels", {}),
                "first": known.get("first"),
            }
        return known.get("first")

    def _activity_of(self, channel: str) -> Callable[..., tuple[Activity | Unchanged | None, Memory]]:
        def activity(
            source_id: str, *, memory: Memory | None, deadline: Deadline
        ) -> tuple[Activity | Unchanged | None, Memory]:
            return self.api.audio_activity(source_id, channel, memory=memory, deadline=deadline)

        return activity

    def _is_due(self, resource: str, every: int) -> bool:
        return resource not in self.memory or self.claim_seq % every == 0

    def _news(self, resource: str, question: Callable[..., tuple[T | Unchanged, Memory]]) -> T | None:
        """Return the answer where it is news; a capability that is not there after all is no news."""
        try:
            answer = self._ask(resource, question)
        except Unsupported:
            return None
        return None if isinstance(answer, Unchanged) else answer

    def _ask(self, resource: str, question: Callable[..., tuple[T | Unchanged, Memory]]) -> T | Unchanged:
        kept = self.memory.get(resource)
        whole = self.claim_seq % UNCONDITIONAL_EVERY == 0
        known = Memory(etag=None if whole else kept["etag"], digest=kept["digest"]) if kept else None
        answer, vouching = question(self.source_id, memory=known, deadline=self.deadline)
        self.memory[resource] = asdict(vouching)
        return answer
