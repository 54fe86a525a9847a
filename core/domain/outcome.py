"""One poll judged: from what was known of a receiver and what was read, to what is to be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from core.domain import alerts, changes, states
from core.domain.alerts import Alert
from core.domain.changes import Change
from core.domain.forecast import Drain, drained
from core.domain.reading import (
    ChannelReading,
    DeviceReading,
    DeviceState,
    Failure,
    Kind,
    Reading,
    ReceiverReading,
    Source,
)
from core.domain.state import ChannelState, State, display_name
from core.domain.states import Standing, Thresholds, from_server
from core.domain.tiers import LOST_AFTER, Default, Facts, Tier, tier

ANSWERED = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """How a source has answered for this receiver: when it last did, how many polls it has failed since, and why."""

    ok_at: datetime | None = None
    failures: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownChannel:
    id: int
    device_id: str
    number: int
    kind: Kind
    alias: str
    recorded: ChannelState
    thresholds: Thresholds = field(default_factory=Thresholds)
    drain: Drain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that is known of a receiver when its poll ends; times are the database's.

    `needs` are the sources that its model is asked through. `primary` among them is the one that tells what its
    channels show: the receiver is seen when that answered, and lost when that is silent.
    """

    now: datetime
    code: str
    device: DeviceReading
    name: str
    needs: frozenset[Source]
    flagged: bool
    watched: bool
    own_interval: timedelta | None
    intervals: Mapping[Tier, timedelta]
    tier: Tier
    sources: Mapping[Source, SourceStanding]
    lost_at: datetime | None
    troubled_at: datetime | None
    seen_at: datetime | None
    stale_at: datetime | None
    channels: tuple[KnownChannel, ...]
    alerts: tuple[Alert, ...] = ()
    defaults: tuple[Default, ...] = ()
    event_ends_at: datetime | None = None
    deadbands: Mapping[str, int] = field(default_factory=lambda: changes.DEADBANDS)

    @property
    def primary(self) -> Source:
        return Source.COMMAND_STRINGS if Source.COMMAND_STRINGS in self.needs else Source.SYSTEM_API

    def interval(self, of: Tier) -> timedelta:
        return self.own_interval or self.intervals[of]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedChannel:
    """A channel with something to record: its changes, its state after them, and what is remembered of its battery.

    `drain` None keeps what is remembered.
    """

    id: int
    changes: tuple[Change, ...]
    state: ChannelState
    drain: Drain | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one poll leaves behind. `answers` says in a word how each source that was asked took it: `ANSWERED`, or
    the reason of its failure. `device` holds the receiver's own fields that changed, by name; `alerts` those that
    opened, changed or were resolved.
    """

    answers: Mapping[Source, str]
    sources: Mapping[Source, SourceStanding]
    failures: int
    lost_at: datetime | None
    troubled_at: datetime | None
    seen_at: datetime | None
    stale_at: datetime | None
    stale: bool
    tier: Tier
    tier_reason: str
    interval: timedelta
    device: Mapping[str, Any]
    channels: tuple[ChangedChannel, ...]
    alerts: tuple[Alert, ...] = ()


def judge(known: Known, reading: Reading) -> Outcome:
    """Return what this reading changes. Pure: the same facts give the same outcome on any worker."""
    sources = _sources(known, reading)
    answered = {source for source in known.needs if _answered(reading, source)}
    failures = sources[known.primary].failures
    device = reading.system_api if isinstance(reading.system_api, DeviceReading) else known.device
    # The receiver's own answer outweighs its server's word: a server that lost its network calls all offline.
    disowned = device.state is DeviceState.OFFLINE and Source.COMMAND_STRINGS not in answered
    lost_at = (known.lost_at or known.now) if failures >= LOST_AFTER or disowned else None

    seen = known.primary in answered
    stale = not seen and (known.stale_at is None or known.now >= known.stale_at)
    standing = Standing(
        now=known.now,
        tier=known.tier,
        lost=lost_at is not None,
        stale=stale,
        complaints=_complaints(known, reading, device),
        event_ends_at=known.event_ends_at,
    )
    readings = _readings(known, reading)
    changed = _device_changes(known, reading)
    receiver_name = changed.get("name", known.name)
    drains = {
        channel.id: _drain(channel, readings.get(channel.number), known.now) for channel in known.channels
    }
    after = {
        channel.id: _named(
            states.observed(
                channel.recorded,
                readings.get(channel.number),
                standing,
                channel.thresholds,
                drain=drains[channel.id],
            ),
            channel,
            receiver_name,
        )
        for channel in known.channels
    }

    in_trouble = any(state.state in {State.CRITICAL, State.WARNING} for state in after.values())
    troubled_at = known.now if in_trouble else known.troubled_at
    now_tier, tier_reason = tier(
        Facts(
            now=known.now,
            flagged=known.flagged,
            watched=known.watched,
            failures=failures,
            lost_at=lost_at,
            troubled_at=troubled_at,
            defaults=known.defaults,
        )
    )
    interval = known.interval(now_tier)
    holding = _holding(known, after, readings, receiver_name, lost=lost_at is not None)
    told = alerts.transitions(known.alerts, holding)
    unresolved = alerts.after(known.alerts, told)
    return Outcome(
        answers=_answers(reading),
        sources=sources,
        failures=failures,
        lost_at=lost_at,
        troubled_at=troubled_at,
        seen_at=known.now if seen else known.seen_at,
        stale_at=known.now + states.stale_after(interval) if seen else known.stale_at,
        stale=stale,
        tier=now_tier,
        tier_reason=tier_reason,
        interval=interval,
        device=changed,
        channels=_changed(known, after, now_tier, unresolved, drains=drains),
        alerts=told,
    )


def _answered(reading: Reading, source: Source) -> bool:
    answer = reading.system_api if source is Source.SYSTEM_API else reading.command_strings
    return answer is not None and not isinstance(answer, Failure)


def _answers(reading: Reading) -> dict[Source, str]:
    asked = {Source.SYSTEM_API: reading.system_api, Source.COMMAND_STRINGS: reading.command_strings}
    return {
        source: answer.reason if isinstance(answer, Failure) else ANSWERED
        for source, answer in asked.items()
        if answer is not None
    }


def _sources(known: Known, reading: Reading) -> dict[Source, SourceStanding]:
    standings = dict(known.sources)
    for source, answer in (
        (Source.SYSTEM_API, reading.system_api),
        (Source.COMMAND_STRINGS, reading.command_strings),
    ):
        before = standings.get(source, SourceStanding())
        match answer:
            case None:
                standings[source] = before
            case Failure():
                failures = before.failures + answer.counts
                standings[source] = replace(before, failures=failures, error=answer.detail)
            case _:
                standings[source] = SourceStanding(ok_at=known.now)
    return standings


def _complaints(known: Known, reading: Reading, device: DeviceReading) -> tuple[str, ...]:
    words = []
    for source, answer in (
        (Source.COMMAND_STRINGS, reading.command_strings),
        (Source.SYSTEM_API, reading.system_api),
    ):
        if isinstance(answer, Failure) and source in known.needs:
            words += ["no_answer"] if source is known.primary and answer.counts else []
            words.append(f"{source}_{answer.reason}")
    if device.state is DeviceState.OFFLINE:
        words.append("server_says_offline")
    return tuple(words)


def _readings(known: Known, reading: Reading) -> dict[int, ChannelReading]:
    """Return what was read of each channel by its number; one that is missing keeps its values."""
    if isinstance(reading.command_strings, ReceiverReading):
        return {channel.number: channel for channel in reading.command_strings.channels}
    if reading.values is None:
        return {}
    return {
        channel.number: from_server(channel.number, channel.recorded, reading.values)
        for channel in known.channels
    }


_DEVICE_FIELDS = ("model", "serial", "firmware", "address", "compatibility", "capabilities", "state")


def _device_changes(known: Known, reading: Reading) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if isinstance(reading.system_api, DeviceReading):
        for name in _DEVICE_FIELDS:
            value = getattr(reading.system_api, name)
            # A DISCOVERED node has no serial, firmware or capabilities: that is silence, not news.
            if value not in (None, frozenset()) and value != getattr(known.device, name):
                changed[name] = value
    name = reading.name or known.name or _own_name(reading)
    if name != known.name:
        changed["name"] = name
    return changed


def _own_name(reading: Reading) -> str:
    """Return the receiver's own word for itself, for where its server tells none."""
    told = reading.command_strings
    return told.name or "" if isinstance(told, ReceiverReading) else ""


def _named(state: ChannelState, channel: KnownChannel, receiver_name: str) -> ChannelState:
    name = display_name(
        alias=channel.alias,
        reported=state.reported_name,
        receiver=receiver_name,
        number=channel.number,
        device_id=channel.device_id,
    )
    return state if state.name == name else replace(state, name=name)


def _drain(channel: KnownChannel, reading: ChannelReading | None, now: datetime) -> Drain | None:
    return drained(channel.drain, channel.recorded, reading, now) if reading else channel.drain


def _holding(
    known: Known,
    after: Mapping[int, ChannelState],
    readings: Mapping[int, ChannelReading],
    receiver_name: str,
    *,
    lost: bool,
) -> list[Alert]:
    """Return the alerts that hold now. Those of a channel that was not read go on: silence clears nothing."""
    holding: list[Alert] = []
    for channel in known.channels:
        mine = [alert for alert in known.alerts if alert.channel_id == channel.id]
        if channel.number not in readings:
            holding += mine
        elif channel.kind is Kind.MICROPHONE:
            open_rules = {alert.rule for alert in mine}
            holding += alerts.of_channel(
                channel.id, channel.recorded, after[channel.id], known.now, open_rules=open_rules
            )
    if lost and known.channels:
        names = [after[channel.id].name for channel in known.channels]
        holding.append(alerts.of_receiver(receiver_name or known.code, names, known.now))
    return holding


def _changed(
    known: Known,
    after: Mapping[int, ChannelState],
    now_tier: Tier,
    unresolved: tuple[Alert, ...],
    *,
    drains: Mapping[int, Drain | None],
) -> tuple[ChangedChannel, ...]:
    changed = []
    for channel in known.channels:
        state = replace(after[channel.id], tier=now_tier, alert=alerts.mark(unresolved, channel.id))
        found = changes.diff(channel.recorded, state, known.deadbands)
        if found:
            state = changes.applied(channel.recorded, found)
            changed.append(
                ChangedChannel(id=channel.id, changes=found, state=state, drain=drains[channel.id])
            )
    return tuple(changed)
