"""What each poll left behind, beside what was really so."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from core.domain.changes import DEADBANDS
from core.domain.reading import Activity, ChannelReading, DeviceState, ServerReading, Source
from core.domain.state import ChannelState, State, from_wire
from core.models import Alert, ChannelRecord, Claim, Receiver
from pollers.simulator import ReceiverTruth

_TOLD = {field.name for field in fields(ChannelReading)} & {field.name for field in fields(ChannelState)}
_ASKED_SELDOM = {"battery_health_percent", "battery_cycles"}
_LEVELS = {name for name in _TOLD if name.endswith(("_dbm", "_dbfs"))} | {"antennas"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One poll, and what was recorded when it ended. `began` and `ended` are of the monotonic clock.

    `untrue` names the values of channels that are not what they really are, `unlike` those of the receiver itself.
    """

    began: float
    ended: float
    claim_seq: int
    failures: int
    channels: tuple[ChannelState, ...]
    alerts: tuple[str, ...]
    untrue: tuple[str, ...]
    unlike: tuple[str, ...]

    @property
    def reasons(self) -> set[tuple[str, ...]]:
        return {channel.reasons for channel in self.channels}

    @property
    def states(self) -> set[State]:
        return {channel.state for channel in self.channels}

    def says_fresh(self, source: Source) -> bool:
        """Whether nothing on the board says that values from this source may be old ones."""
        words = {word for channel in self.channels for word in channel.reasons}
        failed = any(word.startswith(source) for word in words)
        return not (failed or words & {"stale", "unread"} or self.states & {State.OFFLINE, State.STALE})

    @property
    def is_well(self) -> bool:
        return self.reasons == {()} and not (self.alerts or self.untrue or self.unlike or self.failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One look at a server's list: why it could not be had, what is odd about it, and how its server stands then."""

    began: float
    ended: float
    error: str
    odd: str
    status: str


def seen(
    receiver_id: int,
    *,
    began: float,
    ended: float,
    claim_seq: int,
    truths: tuple[ReceiverTruth, ReceiverTruth],
) -> Seen:
    """Return what a poll left behind. `truths` are those before and after: either is what it may have heard."""
    channels = tuple(
        from_wire(recorded)
        for recorded in ChannelRecord.objects.filter(channel__receiver=receiver_id)
        .order_by("channel__number")
        .values_list("recorded", flat=True)
    )
    receiver = Receiver.objects.get(pk=receiver_id)
    return Seen(
        began=began,
        ended=ended,
        claim_seq=claim_seq,
        failures=Claim.objects.get(receiver=receiver_id).failures,
        channels=channels,
        alerts=tuple(
            Alert.objects.filter(receiver_id=receiver_id)
            .exclude(state="resolved")
            .values_list("rule", flat=True)
        ),
        untrue=min((tuple(_untrue(channels, truth)) for truth in truths), key=len),
        unlike=min((tuple(_unlike(receiver, truth)) for truth in truths), key=len),
    )


def _untrue(channels: tuple[ChannelState, ...], truth: ReceiverTruth) -> Iterator[str]:
    for number, (channel, told) in enumerate(zip(channels, truth.channels, strict=True), start=1):
        values = _heard(told.reading) if truth.heard is not None else _served(truth.served)
        if (
            truth.state is DeviceState.DISCOVERED
        ):  # what is asked for seldom is not asked for again because of that
            values = {name: value for name, value in values.items() if name not in _ASKED_SELDOM}
        for name, value in values.items():
            recorded = getattr(channel, name)
            if not _same(name, recorded, value):
                yield f"channel {number} {name}: {recorded}, and really {value}"


def _heard(reading: ChannelReading) -> dict[str, object]:
    off = reading.transmitter_on is False
    values = {name: None if off and name in _LEVELS else getattr(reading, name) for name in _TOLD - {"name"}}
    return {**values, "reported_name": reading.name}


def _served(served: ServerReading) -> dict[str, object]:
    return {
        "battery_percent": getattr(served.battery, "percent", None),
        "battery_minutes": getattr(served.battery, "minutes", None),
        "minutes_to_full": getattr(served.battery, "minutes_to_full", None),
        "charging": getattr(served.battery, "charging", None),
        "battery_health_percent": getattr(served.battery_health, "percent", None),
        "battery_cycles": getattr(served.battery_health, "cycles", None),
        "clipping": served.activity is Activity.CLIPPING,
    }


def _same(name: str, recorded: object, value: object) -> bool:
    if isinstance(recorded, int) and isinstance(value, int) and name in DEADBANDS:
        return abs(recorded - value) < DEADBANDS[name]
    return recorded == value


def _unlike(receiver: Receiver, truth: ReceiverTruth) -> Iterator[str]:
    for name, recorded, value in (
        ("source_id", receiver.source_id, truth.source_id),
        ("name", receiver.name, truth.name),
        ("firmware", receiver.firmware, truth.firmware),
        ("address", receiver.address, truth.address),
        ("compatibility", receiver.compatibility, truth.listed.compatibility),
        ("device_state", receiver.device_state, truth.state.value),
    ):
        if recorded != value:
            yield f"{name}: {recorded}, and really {value}"
