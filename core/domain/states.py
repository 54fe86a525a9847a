"""From the values of a channel to what an operator has to know: decided here once, for board, feed and history."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.forecast import Drain, forecast
from core.domain.reading import (
    Activity,
    BatteryHealthReading,
    BatteryReading,
    ChannelReading,
    ServerReading,
    Unchanged,
)
from core.domain.state import BatteryStatus, ChannelState, Forecast, LastKnown, RfQuality, State, Status
from core.domain.tiers import Tier

CLIPPING_HELD = timedelta(seconds=10)

STALE_AT_LEAST = timedelta(seconds=45)
STALE_AFTER_INTERVALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Below `critical` it is critical, below `low` low, below `fair` fair; a worse status is left `margin` above."""

    critical: int
    low: int
    fair: int
    margin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where values become verdicts. Battery from the best source that the device has."""

    battery_minutes: Levels = Levels(critical=30, low=60, fair=120, margin=10)
    battery_percent: Levels = Levels(critical=15, low=40, fair=60, margin=5)
    battery_bars: Levels = Levels(critical=2, low=3, fair=4, margin=0)
    rf_excellent_dbm: int = -60
    rf_good_dbm: int = -70
    rf_fair_dbm: int = -83
    rf_overload_dbm: int = -25
    rf_lost_dbm: int = -100  # a transmitter that the receiver still names, below what carries audio
    rf_margin_db: int = 4
    clipping_dbfs: int = -6


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for all channels of a receiver at one moment.

    `lost`: it did not answer three times, or its server says OFFLINE. `stale`: older than the age rule allows.
    `complaints`: a word for each source that failed, such as `no_answer` or `command_strings_refused`.
    `event_ends_at`: until when the batteries have to last, at its location.
    """

    now: datetime
    tier: Tier
    lost: bool
    stale: bool
    complaints: tuple[str, ...] = ()
    event_ends_at: datetime | None = None


def stale_after(interval: timedelta) -> timedelta:
    """Return the age from which a value is stale, for a receiver that is polled at this interval."""
    return max(STALE_AT_LEAST, STALE_AFTER_INTERVALS * interval)


def observed(
    recorded: ChannelState,
    reading: ChannelReading | None,
    standing: Standing,
    thresholds: Thresholds,
    *,
    drain: Drain | None = None,
) -> ChannelState:
    """Return the channel as this poll leaves it; without a reading its values stay as they are recorded.

    `drain` is what is remembered of its battery, this reading included.
    """
    values = recorded
    if reading:
        values = _with_values(recorded, reading, standing.now, thresholds)
        values = replace(values, forecast=_forecast(values, standing, thresholds, drain))
    return judged(recorded, values, standing, thresholds)


def _forecast(
    values: ChannelState, standing: Standing, thresholds: Thresholds, drain: Drain | None
) -> Forecast | None:
    if not in_use(values):
        return None
    return forecast(
        values.forecast,
        minutes=values.battery_minutes,
        drain=drain,
        now=standing.now,
        ends_at=standing.event_ends_at,
        margin_min=thresholds.battery_minutes.margin,
    )


# A charger's own words for a pack that it does not charge as it should.
CHARGER_TROUBLE = frozenset({"error", "hot", "cold"})

CRITICAL_REASONS = frozenset({"battery_critical", "rf_lost"})

# Reasons that come from the values or their age; every other word tells of a source.
VALUE_REASONS = frozenset(
    {
        "battery_critical",
        "rf_lost",
        "battery_low",
        "battery_short",
        "battery_error",
        "interference",
        "rf_poor",
        "rf_overload",
        "encryption",
        "clipping",
        "stale",
        "unread",
    }
)


def aged(recorded: ChannelState, *, now: datetime, tier: Tier, lost: bool) -> ChannelState:
    """Return the channel as it is when nothing was read for too long: all that was told of it stays, but `unread`, and
    clipping that is over.
    """
    over = {"stale", "unread"} | (set() if _clips_still(recorded, now) else {"clipping"})
    told = tuple(word for word in recorded.reasons if word not in over)
    standing = Standing(
        now=now,
        tier=tier,
        lost=lost,
        stale=True,
        complaints=tuple(word for word in told if word not in VALUE_REASONS),
    )
    critical = tuple(word for word in told if word in CRITICAL_REASONS)
    warning = tuple(word for word in told if word in VALUE_REASONS - CRITICAL_REASONS)
    return _decided(recorded, recorded, standing, critical=critical, warning=warning)


def judged(
    recorded: ChannelState, values: ChannelState, standing: Standing, thresholds: Thresholds
) -> ChannelState:
    """Return `values` with state, reasons and tier decided; `recorded` tells since when."""
    return _decided(
        recorded,
        values,
        standing,
        critical=_critical_reasons(values, thresholds),
        warning=_warning_reasons(values, standing.now),
    )


def _decided(
    recorded: ChannelState,
    values: ChannelState,
    standing: Standing,
    *,
    critical: tuple[str, ...],
    warning: tuple[str, ...],
) -> ChannelState:
    state, reasons = _state(values, standing, critical, warning)
    return replace(
        values,
        tier=standing.tier,
        status=Status.OFFLINE if standing.lost else Status.ONLINE,
        state=state,
        state_since=recorded.state_since if state is recorded.state else standing.now,
        reasons=reasons,
    )


def _with_values(
    recorded: ChannelState, reading: ChannelReading, now: datetime, thresholds: Thresholds
) -> ChannelState:
    off = reading.transmitter_on is False or reading.occupied is False
    percent, minutes, bars = _battery(recorded, reading)
    clipping = _clips(reading, thresholds) and not off
    return replace(
        recorded,
        reported_name=reading.name,
        frequency_khz=reading.frequency_khz,
        group_channel=reading.group_channel,
        transmitter_on=reading.transmitter_on,
        transmitter=reading.transmitter,
        battery_percent=percent,
        battery_minutes=minutes,
        battery_bars=bars,
        battery_status=battery_status(
            recorded.battery_status, thresholds, minutes=minutes, percent=percent, bars=bars
        ),
        battery_type=reading.battery_type,
        battery_health_percent=reading.battery_health_percent,
        battery_cycles=reading.battery_cycles,
        battery_celsius=reading.battery_celsius,
        battery_state=reading.battery_state,
        battery_error=reading.battery_error,
        minutes_to_full=reading.minutes_to_full,
        occupied=reading.occupied,
        charging=reading.charging,
        # Without a transmitter the receiver measures noise; that is no level of this channel.
        rf_dbm=None if off else reading.rf_dbm,
        rf_a_dbm=None if off else reading.rf_a_dbm,
        rf_b_dbm=None if off else reading.rf_b_dbm,
        rf_c_dbm=None if off else reading.rf_c_dbm,
        rf_d_dbm=None if off else reading.rf_d_dbm,
        antennas=None if off else reading.antennas,
        audio_dbfs=None if off else reading.audio_dbfs,
        audio_peak_dbfs=None if off else reading.audio_peak_dbfs,
        link_quality=reading.link_quality,
        interference=reading.interference,
        rf_quality=rf_quality(recorded.rf_quality, reading, thresholds),
        clipping=clipping,
        clipped_at=now if recorded.clipping and not clipping else recorded.clipped_at,
        muted=reading.muted,
        encryption_ok=reading.encryption_ok,
        gain_db=reading.gain_db,
        last=_last(recorded, now) if off else None,
    )


def _battery(recorded: ChannelState, reading: ChannelReading) -> tuple[int | None, int | None, int | None]:
    """Return percent, minutes and bars. While the transmitter calculates, what it does not tell stays as it was.

    Not the minutes beside a percentage that it does tell: they would be the last pack's.
    """
    percent, minutes, bars = reading.battery_percent, reading.battery_minutes, reading.battery_bars
    if not reading.battery_calculating:
        return percent, minutes, bars
    if percent is None:
        percent = recorded.battery_percent
        minutes = recorded.battery_minutes if minutes is None else minutes
    return percent, minutes, recorded.battery_bars if bars is None else bars


def from_server(number: int, recorded: ChannelState, values: ServerReading) -> ChannelReading:
    """Return a channel as its server tells of it; what did not change is as it is recorded."""
    battery, health, activity = values.battery, values.battery_health, values.activity
    if isinstance(battery, Unchanged):
        battery = BatteryReading(
            percent=recorded.battery_percent,
            minutes=recorded.battery_minutes,
            minutes_to_full=recorded.minutes_to_full,
            charging=recorded.charging,
        )
    if isinstance(health, Unchanged):
        health = BatteryHealthReading(percent=recorded.battery_health_percent, cycles=recorded.battery_cycles)
    battery, health = battery or BatteryReading(), health or BatteryHealthReading()
    return ChannelReading(
        number=number,
        battery_percent=battery.percent,
        battery_minutes=battery.minutes,
        minutes_to_full=battery.minutes_to_full,
        charging=battery.charging,
        battery_calculating=battery.calculating,
        battery_health_percent=health.percent,
        battery_cycles=health.cycles,
        overloaded=recorded.clipping if isinstance(activity, Unchanged) else activity is Activity.CLIPPING,
    )


def _last(recorded: ChannelState, now: datetime) -> LastKnown | None:
    """Return the battery as it was before the transmitter went off, kept while it stays off."""
    if not recorded.transmitter_on:
        return recorded.last
    known = (recorded.battery_percent, recorded.battery_minutes, recorded.battery_bars)
    if known == (None, None, None):
        return None
    percent, minutes, bars = known
    return LastKnown(at=now, battery_percent=percent, battery_minutes=minutes, battery_bars=bars)


def _clips(reading: ChannelReading, thresholds: Thresholds) -> bool:
    # A family that tells one level tells its meter's, which is what its own display calls clipping.
    peak = reading.audio_dbfs if reading.audio_peak_dbfs is None else reading.audio_peak_dbfs
    return bool(reading.overloaded) or (peak is not None and peak >= thresholds.clipping_dbfs)


_BATTERY_ORDER = (BatteryStatus.CRITICAL, BatteryStatus.LOW, BatteryStatus.FAIR, BatteryStatus.GOOD)


def battery_status(
    before: BatteryStatus,
    thresholds: Thresholds,
    *,
    minutes: int | None,
    percent: int | None,
    bars: int | None,
) -> BatteryStatus:
    """Return the battery's status from the best source: minutes, then percent, then bars.

    A better status than `before` is believed only once the value is past the margin.
    """
    for value, levels in (
        (minutes, thresholds.battery_minutes),
        (percent, thresholds.battery_percent),
        (bars, thresholds.battery_bars),
    ):
        if value is None:
            continue
        now = _battery_level(value, levels)
        if before is BatteryStatus.UNKNOWN or _BATTERY_ORDER.index(now) <= _BATTERY_ORDER.index(before):
            return now
        certain = _battery_level(value - levels.margin, levels)
        return max(certain, before, key=_BATTERY_ORDER.index)
    return BatteryStatus.UNKNOWN


def _battery_level(value: int, levels: Levels) -> BatteryStatus:
    if value < levels.critical:
        return BatteryStatus.CRITICAL
    if value < levels.low:
        return BatteryStatus.LOW
    return BatteryStatus.FAIR if value < levels.fair else BatteryStatus.GOOD


_RF_ORDER = (RfQuality.POOR, RfQuality.FAIR, RfQuality.GOOD, RfQuality.EXCELLENT)
_LINK_QUALITIES = (
    RfQuality.POOR,
    RfQuality.POOR,
    RfQuality.FAIR,
    RfQuality.FAIR,
    RfQuality.GOOD,
    RfQuality.EXCELLENT,
)


def rf_quality(before: RfQuality, reading: ChannelReading, thresholds: Thresholds) -> RfQuality:
    """Return how well the receiver hears: its own link quality where it has one, else the level."""
    if reading.transmitter_on is False:
        return RfQuality.NO_TX
    if reading.interference:
        return RfQuality.POOR
    if reading.rf_overloaded:
        return RfQuality.OVERLOAD
    if reading.link_quality is not None:
        return _LINK_QUALITIES[reading.link_quality]
    if reading.rf_dbm is None:
        return RfQuality.UNKNOWN
    margin = thresholds.rf_margin_db if before is RfQuality.OVERLOAD else 0
    if reading.rf_dbm > thresholds.rf_overload_dbm - margin:
        return RfQuality.OVERLOAD
    now = _rf_level(reading.rf_dbm, thresholds)
    if before not in _RF_ORDER or _RF_ORDER.index(now) <= _RF_ORDER.index(before):
        return now
    certain = _rf_level(reading.rf_dbm - thresholds.rf_margin_db, thresholds)
    return max(certain, before, key=_RF_ORDER.index)


def _rf_level(dbm: int, thresholds: Thresholds) -> RfQuality:
    if dbm >= thresholds.rf_excellent_dbm:
        return RfQuality.EXCELLENT
    if dbm >= thresholds.rf_good_dbm:
        return RfQuality.GOOD
    return RfQuality.FAIR if dbm >= thresholds.rf_fair_dbm else RfQuality.POOR


def _state(
    values: ChannelState, standing: Standing, critical: tuple[str, ...], warning: tuple[str, ...]
) -> tuple[State, tuple[str, ...]]:
    """Return the state and its reasons, worst first.

    A lost receiver's last values say nothing, so `offline` comes before them. Age does not soften what was last
    known to be wrong: critical and warning stay until they are contradicted, ok and off become stale.
    """
    if standing.lost:
        return State.OFFLINE, standing.complaints or ("no_answer",)
    aged = ("stale",) if standing.stale else ()
    reasons = (*critical, *warning, *standing.complaints, *aged)
    if critical:
        return State.CRITICAL, reasons
    if warning:
        return State.WARNING, reasons
    if standing.stale:
        return State.STALE, reasons
    return (State.OFF if _is_off(values) else State.OK), reasons


def _is_off(values: ChannelState) -> bool:
    """No transmitter is heard, or no battery lies in the bay."""
    return values.transmitter_on is False or values.occupied is False


def in_use(values: ChannelState) -> bool:
    """Say whether somebody depends on this battery: one in a charger may be as empty as it likes."""
    return not (_is_off(values) or values.charging or values.occupied)


def battery_is_critical(values: ChannelState) -> bool:
    return in_use(values) and values.battery_status is BatteryStatus.CRITICAL


def _critical_reasons(values: ChannelState, thresholds: Thresholds) -> tuple[str, ...]:
    if _is_off(values):
        return ()
    margin = thresholds.rf_margin_db if "rf_lost" in values.reasons else 0
    lost = (
        values.transmitter_on
        and values.rf_dbm is not None
        and values.rf_dbm <= thresholds.rf_lost_dbm + margin
    )
    return (
        *(("battery_critical",) if battery_is_critical(values) else ()),
        *(("rf_lost",) if lost else ()),
    )


def _warning_reasons(values: ChannelState, now: datetime) -> tuple[str, ...]:
    if _is_off(values):
        return ()
    return tuple(
        word
        for word, holds in (
            ("battery_low", in_use(values) and values.battery_status is BatteryStatus.LOW),
            (
                "battery_short",
                in_use(values) and values.forecast is not None and values.forecast.lasts is False,
            ),
            ("battery_error", bool(values.battery_error) or values.battery_state in CHARGER_TROUBLE),
            ("interference", bool(values.interference)),
            ("rf_poor", values.rf_quality is RfQuality.POOR and not values.interference),
            ("rf_overload", values.rf_quality is RfQuality.OVERLOAD),
            ("encryption", values.encryption_ok is False),
            ("clipping", _clips_still(values, now)),
        )
        if holds
    )


def _clips_still(values: ChannelState, now: datetime) -> bool:
    return values.clipping or (values.clipped_at is not None and now - values.clipped_at < CLIPPING_HELD)


def unread(name: str, now: datetime) -> ChannelState:
    """Return the state of a channel that has never been read: stale, everything unknown."""
    return ChannelState(name=name, state_since=now, reasons=("unread",))
