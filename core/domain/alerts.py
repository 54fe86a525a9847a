"""What somebody has to be told: which alerts hold now, and how that differs from those that are open."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.state import AlertMark, AlertState, ChannelState, Forecast, Rule, Severity


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What one rule is about: the reasons of a channel that are a warning to it, and those that are critical.

    A battery does not recover, and is told of at once. Anything else may be a person who walks by: it is told of when
    two polls in a row found it, and is over when two did not.
    """

    rule: Rule
    warning: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    at_once: bool = False

    def severity(self, state: ChannelState) -> Severity | None:
        """Return how bad it is. Clipping that is held for the eye of a reader was no second time."""
        reasons = set(state.reasons) if state.clipping else set(state.reasons) - {"clipping"}
        if reasons & self.critical:
            return Severity.CRITICAL
        return Severity.WARNING if reasons & self.warning else None

    def holds(self, before: ChannelState, now: ChannelState, *, is_open: bool) -> Severity | None:
        """Return how bad it certainly is, None where it does not hold."""
        was, found = self.severity(before), self.severity(now)
        if self.at_once:
            return found
        if was is not None and found is not None:
            return min(was, found, key=_WORSE.index)
        return Severity.WARNING if is_open and (was or found) else None


_WORSE = tuple(Severity)

_MATTERS = (
    _Matter(
        rule=Rule.BATTERY_LOW,
        warning=frozenset({"battery_low"}),
        critical=frozenset({"battery_critical"}),
        at_once=True,
    ),
    _Matter(rule=Rule.BATTERY_SHORT, warning=frozenset({"battery_short"}), at_once=True),
    _Matter(rule=Rule.RF_POOR, warning=frozenset({"rf_poor"}), critical=frozenset({"rf_lost"})),
    _Matter(rule=Rule.INTERFERENCE, warning=frozenset({"interference"})),
    _Matter(rule=Rule.ENCRYPTION, warning=frozenset({"encryption"})),
    _Matter(rule=Rule.CLIPPING, warning=frozenset({"clipping"})),
)


def of_channel(
    channel_id: int,
    before: ChannelState,
    state: ChannelState,
    now: datetime,
    *,
    open_rules: Collection[Rule] = (),
) -> list[Alert]:
    """Return what holds for one channel that was read; `before` is as the poll before left it."""
    return [
        Alert(
            rule=matter.rule,
            severity=severity,
            channel_id=channel_id,
            since=now,
            message=f"{state.name}: {_in_words(matter.rule, severity, state)}",
        )
        for matter in _MATTERS
        if (severity := matter.holds(before, state, is_open=matter.rule in open_rules))
    ]


def _in_words(rule: Rule, severity: Severity, state: ChannelState) -> str:
    match rule:
        case Rule.BATTERY_LOW:
            return _battery_left(state)
        case Rule.BATTERY_SHORT:
            return _lacking(state.forecast)
        case Rule.RF_POOR:
            level = "" if state.rf_dbm is None else f" at {state.rf_dbm} dBm"
            return f"signal {'lost' if severity is Severity.CRITICAL else 'weak'}{level}"
        case Rule.ENCRYPTION:
            return "encryption does not match"
        case _:
            return rule.value


def _lacking(forecast: Forecast | None) -> str:
    short = forecast.short_minutes if forecast else None
    by = f": about {short} minutes short" if short else ""
    return f"the battery will not last to the end{by}"


def _battery_left(state: ChannelState) -> str:
    if state.battery_minutes is not None:
        return f"{state.battery_minutes} minutes left"
    if state.battery_percent is not None:
        return f"battery at {state.battery_percent} %"
    return f"battery at {state.battery_bars} of 5 bars"


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
