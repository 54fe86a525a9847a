"""The receivers that are played: what they are, what they read now, and which values somebody holds.

All of it belongs to one event loop; nothing here locks.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.domain.reading import ChannelReading, DeviceState
from pollers.simulator import show
from pollers.simulator.clock import Clock
from pollers.simulator.families import BY_MODEL, Family, Plate
from pollers.simulator.truth import ChannelTruth, ReceiverTruth, Truth
from pollers.simulator.values import Unknown, Unplayable, check_channel, checked_receiver

# Captured from a ULXD4D; no other receiver's list has been seen.
CAPABILITIES = (
    "audio-channels",
    "audio-channels-v2",
    "audio-network",
    "control-network",
    "dante-audio-network",
    "factory-reset",
    "hosted-firmware",
    "identify",
    "name",
    "reboot",
    "uptime",
)
CHANNEL_CAPABILITIES = ("activity", "gain", "name")

FIRST_MAC = 0x4C009A
FIRST_SERIAL = 4_192_630_196


@dataclass(slots=True, kw_only=True)
class Receiver:
    """One receiver. `listening` is its TCP side, `state` what its server says: they are set apart.

    `held` and `changes` have an entry a channel: the fields that the show no longer moves, and how often
    somebody set or released one.
    """

    source_id: str
    model: str
    serial: str
    address: str
    name: str
    family: Family
    microphones: tuple[show.Microphone, ...]
    firmware: str
    state: DeviceState = DeviceState.ONLINE
    compatibility: str = "COMPATIBLE_LATEST"
    capabilities: tuple[str, ...] = CAPABILITIES
    channel_capabilities: tuple[str, ...] = CHANNEL_CAPABILITIES
    listening: bool = True
    identifying: bool = False
    audio_muted: bool = False
    held: list[dict[str, Any]] = field(init=False)
    changes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.held = [{} for _ in self.microphones]
        self.changes = [0] * len(self.microphones)

    @property
    def plate(self) -> Plate:
        return Plate(model=self.model, name=self.name, firmware=self.firmware)


class Rack:
    """The receivers by their ids, in the order in which they came.

    `inventory_version` rises with whatever the System API lists, `changes` with every change from outside.
    """

    def __init__(self, *, seed: int, network: ipaddress.IPv4Network, clock: Clock) -> None:
        self.seed = seed
        self.network = network
        self.clock = clock
        self.receivers: dict[str, Receiver] = {}
        self.changes = 0
        self.inventory_version = 0
        self._added = 0
        self._places = 0
        self._cast = 0
        self._read: dict[str, tuple[show.Moment, tuple[ChannelReading, ...]]] = {}

    def add(self, model: str, *, name: str | None = None) -> Receiver:
        """Put one more receiver in: the next id, address and microphones of the show. No address comes twice."""
        if model not in BY_MODEL:
            raise Unplayable(f"{model} is not played; what is: {', '.join(BY_MODEL)}")
        index = self._added
        if index + 1 >= self.network.num_addresses - 2:  # the last host address claims the network
            raise Unplayable(
                f"{self.network} has no address left for receiver {index + 1}: choose a larger network"
            )
        family = BY_MODEL[model]
        mac = (FIRST_MAC + self.seed * 0x10001 + index) & 0xFFFFFF
        receiver = Receiver(
            source_id=f"dd{mac:06x}-0000-11dd-a000-000eddcccccc",
            model=model,
            serial=str(FIRST_SERIAL + index + self.seed % 10_000 * 10_000),
            address=str(self.network[index + 1]),
            name=f"RX {index + 1:03d}" if name is None else name,
            family=family,
            microphones=self._microphones(family, family.models[model]),
            firmware=family.firmware,
        )
        self._added += 1
        self.receivers[receiver.source_id] = receiver
        self._inventory_changed()
        return receiver

    def open_curtain(self) -> None:
        """Fix the cast among whom the show hands out its troubles; receivers that come later have none."""
        self._cast = self._places

    def remove(self, source_id: str) -> Receiver:
        receiver = self.find(source_id)
        del self.receivers[receiver.source_id]
        self._read.pop(receiver.source_id, None)
        self._inventory_changed()
        return receiver

    def find(self, source_id: str) -> Receiver:
        try:
            return self.receivers[source_id.lower()]
        except KeyError:
            raise Unknown(f"no receiver {source_id}") from None

    def readings(self, receiver: Receiver, now: float) -> tuple[ChannelReading, ...]:
        """Return each channel as the receiver's own meters show it now."""
        moment = self.clock.at(now)
        read = self._read.get(receiver.source_id)
        if read is not None and read[0] == moment:
            return read[1]
        troubles = show.troubles(self.seed, self._cast, moment.second)
        readings = tuple(
            receiver.family.shown(show.play(mic, moment, troubles.get(mic.place), held))
            for mic, held in zip(receiver.microphones, receiver.held, strict=True)
        )
        self._read[receiver.source_id] = moment, readings
        return readings

    def hold(self, source_id: str, channel: int, values: Mapping[str, Any]) -> None:
        """Hold these fields of one channel: all of them, or none when one cannot be said."""
        receiver, at = self._channel(source_id, channel)
        check_channel(receiver.family, values)
        receiver.held[at].update(values)
        self._channel_changed(receiver, at)

    def release(self, source_id: str, channel: int, fields: Iterable[str] = ()) -> None:
        """Give these fields of one channel back to the show; none named means all."""
        receiver, at = self._channel(source_id, channel)
        for name in tuple(fields) or tuple(receiver.held[at]):
            receiver.held[at].pop(name, None)
        self._channel_changed(receiver, at)

    def patch(self, source_id: str, values: Mapping[str, Any]) -> Receiver:
        """Change the receiver itself. Opening or closing its socket is the caller's part."""
        receiver = self.find(source_id)
        for name, value in checked_receiver(values).items():
            setattr(receiver, name, value)
        self._inventory_changed()
        return receiver

    def truth(self, now: float, source_id: str | None = None) -> Truth:
        """Return the truth of one receiver, or of all."""
        chosen = self.receivers.values() if source_id is None else [self.find(source_id)]
        return Truth(
            second=self.clock.at(now).second,
            changes=self.changes,
            receivers=tuple(self._receiver_truth(receiver, now) for receiver in chosen),
        )

    def _receiver_truth(self, receiver: Receiver, now: float) -> ReceiverTruth:
        channels = zip(self.readings(receiver, now), receiver.held, receiver.changes, strict=True)
        return ReceiverTruth(
            source_id=receiver.source_id,
            model=receiver.model,
            serial=receiver.serial,
            firmware=receiver.firmware,
            address=receiver.address,
            name=receiver.name,
            state=receiver.state,
            listening=receiver.listening,
            capabilities=receiver.capabilities,
            channels=tuple(
                ChannelTruth(
                    reading=receiver.family.told(reading),
                    raw=_raw(receiver.family, reading),
                    held=tuple(sorted(held)),
                    changes=changes,
                )
                for reading, held, changes in channels
            ),
        )

    def _microphones(self, family: Family, count: int) -> tuple[show.Microphone, ...]:
        first = self._places
        self._places += count
        return tuple(
            show.microphone(seed=self.seed, place=first + at, number=at + 1, of=count, family=family)
            for at in range(count)
        )

    def _channel(self, source_id: str, channel: int) -> tuple[Receiver, int]:
        receiver = self.find(source_id)
        if not 1 <= channel <= len(receiver.held):
            raise Unknown(f"{receiver.model} {receiver.source_id} has no channel {channel}")
        return receiver, channel - 1

    def _channel_changed(self, receiver: Receiver, at: int) -> None:
        receiver.changes[at] += 1
        self.changes += 1
        self._read.pop(receiver.source_id, None)

    def _inventory_changed(self) -> None:
        self.changes += 1
        self.inventory_version += 1


def _raw(family: Family, reading: ChannelReading) -> dict[str, str]:
    """Return the text of each property; the empty transmitter slots say nothing and are left out."""
    said = {name: text(reading) for name, text in family.channel.items() if not name.startswith("SLOT_")}
    return {**said, "SAMPLE": family.sample(reading)}
