"""What is really so, to compare with what somebody else believes."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.reading import ChannelReading, DeviceReading, DeviceState, ReceiverReading, ServerReading


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTruth:
    """One channel as it is.

    `reading` is what a perfect listener on TCP 2202 knows, `raw` the text of each property and of a SAMPLE.
    `held` names the fields that the show does not move, `changes` counts how often one was set or released.
    """

    reading: ChannelReading
    raw: Mapping[str, str]
    held: tuple[str, ...]
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverTruth:
    """One receiver as it is: `state` is what its server says, `listening` whether TCP 2202 answers.

    What a perfect client learns of it, whatever is wrong on the way: `listed` from the device list, `heard` on
    TCP 2202 (None for a device without command strings), `served` from the server's other resources.
    """

    source_id: str
    model: str
    serial: str
    firmware: str
    address: str
    name: str
    state: DeviceState
    listening: bool
    capabilities: tuple[str, ...]
    listed: DeviceReading
    heard: ReceiverReading | None
    served: ServerReading
    channels: tuple[ChannelTruth, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything at one second of the show. `changes` counts every change that was made from outside."""

    second: int
    changes: int
    receivers: tuple[ReceiverTruth, ...]

    def receiver(self, source_id: str) -> ReceiverTruth:
        wanted = source_id.casefold()
        return next(receiver for receiver in self.receivers if receiver.source_id.casefold() == wanted)

    def channel(self, source_id: str, number: int) -> ChannelTruth:
        return self.receiver(source_id).channels[number - 1]
