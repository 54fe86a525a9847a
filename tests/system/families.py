"""A show with a device of every model that is played, whose channels have no value in common."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.domain.reading import BatteryReading, ChannelReading, DeviceState, Kind
from pollers.simulator import ReceiverTruth, Simulator
from pollers.simulator.families import BY_MODEL, Family
from tests.system.show import Show, register
from tests.system.stack import Stack

MODELS = tuple(BY_MODEL)
PLENTY_MINUTES = 300
TOO_FEW_MINUTES = 12

# What the channels are set to, first and then: each takes the next pair. Both levels are far from any threshold
# that has a margin, and no sound clips.
_PERCENTS = tuple(zip(range(99, 50, -1), range(49, 0, -1), strict=True))
_LEVELS_DBM = tuple(zip(range(-30, -52, -1), range(-60, -82, -1), strict=True))
_SOUNDS_DBFS = tuple(zip(range(-13, -31, -1), range(-31, -49, -1), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One channel, and two settings of it with values that no other channel ever has."""

    source_id: str
    number: int
    family: Family
    first: Mapping[str, Any]
    then: Mapping[str, Any]

    @property
    def is_in_use(self) -> bool:
        """Say whether somebody depends on its battery; nobody does on one in a charger."""
        return self.family.kind is Kind.MICROPHONE

    def sayable(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the values that its family can say."""
        return {name: value for name, value in values.items() if name in self.family.settable}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the feed has to tell of a channel, as far as the guide's clients show it. None: it does not say."""

    name: str
    battery_level: int | None
    rf_signal: int | None
    rf_quality: str
    audio_level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryFamily:
    """The show, and each channel of it by the id that the feed gives it."""

    show: Show
    parts: dict[str, Part]

    def receivers(self) -> dict[str, str]:
        """Return the source id of each receiver by its id in the feed."""
        return {device_id: part.source_id for device_id, part in self.parts.items() if part.number == 1}

    def set(
        self, values: Callable[[Part], Mapping[str, Any]], device_ids: Iterable[str] | None = None
    ) -> None:
        """Set these values on these channels, or on all: those of them that the channel's family can say."""
        for device_id in self.parts if device_ids is None else device_ids:
            part = self.parts[device_id]
            self.show.simulator.set(part.source_id, part.number, **part.sayable(values(part)))

    def switch_off(self, receiver_id: str) -> None:
        source_id = self.parts[receiver_id].source_id
        self.show.simulator.patch(source_id, state=DeviceState.OFFLINE, listening=False)

    def switch_on(self, receiver_id: str) -> None:
        part = self.parts[receiver_id]
        self.show.simulator.patch(part.source_id, state=DeviceState.ONLINE, listening=part.family.speaks)

    def begin_anew(self) -> None:
        """Have everything as it was at first."""
        for receiver_id in self.receivers():
            self.switch_on(receiver_id)
        self.set(lambda part: part.first)

    def told(self) -> dict[str, Told]:
        """Return what has to be told of each channel now, from what the simulator knows to be so."""
        truth = self.show.simulator.truth()
        return {
            device_id: _told(truth.receiver(part.source_id), part.number)
            for device_id, part in self.parts.items()
        }


@contextmanager
def watching_every_family(stack: Stack) -> Iterator[EveryFamily]:
    with Simulator(models=MODELS, seed=285, paused=True) as simulator:
        parts = list(_cast(simulator))
        for part in parts:  # before the first polls, so that no verdict hangs on an earlier value
            simulator.set(part.source_id, part.number, **part.sayable(part.first))
        with register(stack, simulator) as show:
            named = {show.device_id(part.source_id, part.number): part for part in parts}
            yield EveryFamily(show=show, parts=named)


def _cast(simulator: Simulator) -> Iterator[Part]:
    percents, levels, sounds = iter(_PERCENTS), iter(_LEVELS_DBM), iter(_SOUNDS_DBFS)
    for receiver in simulator.truth().receivers:
        family = BY_MODEL[receiver.model]
        for channel in receiver.channels:
            percent = next(percents)
            level, sound = (next(levels), next(sounds)) if family.radio else ((None, None), (None, None))
            first, then = (
                {
                    **_in_use_and_well(family),
                    "battery_percent": percent[at],
                    "rf_dbm": level[at],
                    "audio_dbfs": sound[at],
                }
                for at in (0, 1)
            )
            yield Part(
                source_id=receiver.source_id,
                number=channel.reading.number,
                family=family,
                first=first,
                then=then,
            )


def _in_use_and_well(family: Family) -> dict[str, Any]:
    """Return what makes a channel tell its values, and nothing be wrong with it but what a test does."""
    in_the_hand = {"battery_state": "discharging"} if family.kind is Kind.MICROPHONE else {}
    return {
        "transmitter_on": True,
        "interference": False,
        "battery_type": "LION",
        "battery_minutes": PLENTY_MINUTES,
        "occupied": True,
        **in_the_hand,
    }


def _told(receiver: ReceiverTruth, number: int) -> Told:
    reading = receiver.channels[number - 1].reading
    level = reading.battery_percent
    if receiver.heard is None and isinstance(receiver.served.battery, BatteryReading):
        level = receiver.served.battery.percent
    off = reading.transmitter_on is False
    return Told(
        name=reading.name or f"{receiver.name} {number}",
        battery_level=level,
        rf_signal=None if off else reading.rf_dbm,
        rf_quality=_quality(reading),
        audio_level=None if off else reading.audio_dbfs,
    )


def _quality(reading: ChannelReading) -> str:
    if reading.transmitter_on is False:
        return "no_tx"
    if reading.link_quality is not None:
        return ("poor", "poor", "fair", "fair", "good", "excellent")[reading.link_quality]
    if reading.rf_dbm is None:
        return "unknown"
    limits = ((-60, "excellent"), (-70, "good"), (-83, "fair"))
    return next((word for limit, word in limits if reading.rf_dbm >= limit), "poor")
