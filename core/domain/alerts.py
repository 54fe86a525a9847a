"""What somebody has to be told: which alerts hold now, and how that differs from those that are open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.state import AlertMark, AlertState, ChannelState, Rule, Severity
from core.domain.states import battery_is_critical


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `id` is None until it is kept; `channel_id` is None where it is about the whole receiver."""

    id: int | None = None
    rule: Rule
    severity: Severity
    state: AlertState = AlertState.OPEN
    channel_id: int | None = None
    since: datetime
    message: str

    @property
    def about(self) -> tuple[Rule, int | None]:
        return self.rule, self.channel_id


def of_receiver(name: str, channels: Iterable[str], now: datetime) -> Alert:
    """Return the alert of a receiver that is lost, with the channels that are lost with it."""
    return Alert(
        rule=Rule.RECEIVER_OFFLINE,
        severity=Severity.CRITICAL,
        since=now,
        message=f"No answer from {name}: {', '.join(channels)}",
    )


def of_channel(channel_id: int, state: ChannelState, now: datetime) -> list[Alert]:
    """Return what holds for one channel, by its last known values: silence clears nothing."""
    if not battery_is_critical(state):
        return []
    return [
        Alert(
            rule=Rule.BATTERY_LOW,
            severity=Severity.CRITICAL,
            channel_id=channel_id,
            since=now,
            message=f"{state.name}: {_battery_left(state)}",
        )
    ]


def _battery_left(state: ChannelState) -> str:
    if state.battery_minutes is not None:
        return f"{state.battery_minutes} minutes left"
    if state.battery_percent is not None:
        return f"battery at {state.battery_percent} %"
    return f"battery at {state.battery_bars} of 5 bars"


_WORSE = tuple(Severity)


def transitions(unresolved: Sequence[Alert], holding: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts as they have to be kept now: opened, reopened because they got worse, or resolved.

    One that goes on as it is stays as it is, with the message that it began with.
    """
    known = {alert.about: alert for alert in unresolved}
    still = {alert.about for alert in holding}
    opened = [alert for alert in holding if alert.about not in known]
    worse = [
        replace(known[alert.about], severity=alert.severity, message=alert.message, state=AlertState.OPEN)
        for alert in holding
        if alert.about in known and _WORSE.index(alert.severity) > _WORSE.index(known[alert.about].severity)
    ]
    over = [replace(alert, state=AlertState.RESOLVED) for alert in unresolved if alert.about not in still]
    return (*opened, *worse, *over)


def after(unresolved: Sequence[Alert], changed: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return the alerts that are unresolved once these changes are kept."""
    now = {alert.about: alert for alert in unresolved} | {alert.about: alert for alert in changed}
    return tuple(alert for alert in now.values() if alert.state is not AlertState.RESOLVED)


def mark(unresolved: Iterable[Alert], channel_id: int) -> AlertMark | None:
    """Return the worst alert that touches a channel: its own or its receiver's, an open one before one in hand."""
    touching = [alert for alert in unresolved if alert.channel_id in {None, channel_id}]
    if not touching:
        return None
    worst = max(
        touching, key=lambda alert: (_WORSE.index(alert.severity), alert.state is AlertState.OPEN, alert.rule)
    )
    return AlertMark(rule=worst.rule, severity=worst.severity, state=worst.state)
