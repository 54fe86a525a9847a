"""How long a battery lasts: what its transmitter says, else an estimate of ours from how its charge fell.

An estimate needs two falls: the first shows where the charge stands, the second how fast it goes. What is told in the
first minutes of a transmitter counts for nothing, because a rested alkaline reads full.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from core.domain.reading import ChannelReading
from core.domain.state import ChannelState, Forecast, instant

SETTLES = timedelta(minutes=5)
PERCENT_STEP = 5  # a percentage falls by ones, and those are no measure of time
MOST_FALLS = 6  # of the same pack; older ones tell of another load
QUANTUM_MIN = 5  # a forecast that moves by less is not worth a record
HORIZON = timedelta(hours=12)  # an end that is further off is past every battery, and says nothing yet

_MINUTE = timedelta(minutes=1)


class Scale(StrEnum):
    BARS = "bars"
    PERCENT = "percent"


STEPS = {Scale.BARS: 1, Scale.PERCENT: PERCENT_STEP}


@dataclass(frozen=True, slots=True)
class Fall:
    """When the charge was first seen at a value below the one before."""

    at: datetime
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """What is remembered of the pack in a transmitter since it came on. Falls before `settled_at` do not count."""

    settled_at: datetime
    scale: Scale = Scale.BARS
    falls: tuple[Fall, ...] = ()


def drained(
    before: Drain | None, recorded: ChannelState, reading: ChannelReading, now: datetime
) -> Drain | None:
    """Return what is to be remembered after this reading; None without a transmitter.

    It is another one only together with a value of the channel that is recorded.
    """
    if not reading.transmitter_on:
        return None
    fresh = Drain(settled_at=now + SETTLES)
    if before is None or not recorded.transmitter_on:
        return fresh
    scale = Scale.BARS if reading.battery_bars is not None else Scale.PERCENT
    was, value = _charge(recorded, scale), _charge(reading, scale)
    if was is None or value is None or value == was:
        return before
    step = STEPS[scale]
    if value - was >= step:
        return fresh  # another pack
    if value > was or now < before.settled_at:
        return before
    falls = before.falls if before.scale is scale else ()
    if falls and falls[-1].value - value < step:
        return before
    return replace(before, scale=scale, falls=(*falls, Fall(now, value))[-MOST_FALLS:])


def _charge(values: ChannelState | ChannelReading, scale: Scale) -> int | None:
    return values.battery_bars if scale is Scale.BARS else values.battery_percent


def estimate(drain: Drain | None, now: datetime) -> int | None:
    """Return the minutes that are left by how the charge fell so far; None before the second fall."""
    if drain is None or len(drain.falls) < 2:  # noqa: PLR2004  two points make a line
        return None
    first, last = drain.falls[0], drain.falls[-1]
    step, spent = STEPS[drain.scale], first.value - last.value
    per_minute = spent / ((last.at - first.at) / _MINUTE)
    # The next step has not come yet: the charge falls no faster than if it came just now.
    per_minute = min(per_minute, (spent + step) / ((now - first.at) / _MINUTE))
    since = per_minute * ((now - last.at) / _MINUTE)
    return int(max(0, last.value - min(step, since)) / per_minute)


def forecast(
    before: Forecast | None,
    *,
    minutes: int | None,
    drain: Drain | None,
    now: datetime,
    ends_at: datetime | None,
    margin_min: int,
) -> Forecast | None:
    """Return how long a battery in use lasts, and whether that is to the event's end; None where nobody knows.

    `minutes` are the transmitter's own. What was short lasts only once it does by the margin. One that is much as it
    was `before` stays that very one.
    """
    estimated = minutes is None
    left = estimate(drain, now) if minutes is None else minutes
    if left is None:
        return None
    lasts = short = None
    if ends_at is not None and timedelta() < ends_at - now <= HORIZON:
        needed = -int((now - ends_at) // _MINUTE)
        was_short = before is not None and before.lasts is False
        lasts = left >= needed + (margin_min if was_short else 0)
        short = None if lasts else max(0, needed - left)
    after = Forecast(minutes=left, estimated=estimated, lasts=lasts, short_minutes=short)
    return before if before is not None and _much_the_same(before, after) else after


def _much_the_same(before: Forecast, after: Forecast) -> bool:
    return (
        (before.estimated, before.lasts) == (after.estimated, after.lasts)
        and abs(before.minutes - after.minutes) < QUANTUM_MIN
        and abs((before.short_minutes or 0) - (after.short_minutes or 0)) < QUANTUM_MIN
    )


def remembered(drain: Drain | None) -> dict[str, object] | None:
    """Return what is kept of a drain, as JSON has it."""
    if drain is None:
        return None
    return {
        "settled_at": instant(drain.settled_at),
        "scale": drain.scale,
        "falls": [[instant(fall.at), fall.value] for fall in drain.falls],
    }


def recalled(kept: dict[str, Any] | None) -> Drain | None:
    """Return the drain that `remembered` kept."""
    if kept is None:
        return None
    return Drain(
        settled_at=datetime.fromisoformat(kept["settled_at"]),
        scale=Scale(kept["scale"]),
        falls=tuple(Fall(datetime.fromisoformat(at), value) for at, value in kept["falls"]),
    )
