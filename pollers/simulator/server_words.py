"""What a System API server says of a device's battery and audio, as bodies and as a perfect client reads them."""

from collections.abc import Collection
from typing import Any

from core.domain.reading import (
    Activity,
    BatteryHealthReading,
    BatteryReading,
    ChannelReading,
    ServerReading,
)
from pollers.simulator.families.server_alone import CALCULATING, CHARGING, DISCHARGING, DRAINED, FULL, STATES

GOOD_FROM_DBFS = -40
CLIPPING_FROM_DBFS = -6

_TOWARDS = {CHARGING: FULL, FULL: FULL}
_IS_CHARGED = {CHARGING: True, DISCHARGING: False, DRAINED: False}


def battery_level(channel: ChannelReading) -> dict[str, Any]:
    state = _state(channel)
    minutes = _minutes(channel)
    return {
        "percentage": channel.battery_percent,
        "status": {
            "currentState": state.upper(),
            "targetState": _TOWARDS.get(state, DRAINED).upper(),
            "timeToTargetState": None if minutes is None else f"PT{minutes}M",
        },
    }


def battery_health(channel: ChannelReading) -> dict[str, int | None]:
    return {"percentage": channel.battery_health_percent, "cycleCount": channel.battery_cycles}


def activity(channel: ChannelReading) -> Activity:
    """Return how loud the channel is in the server's three words, from its peak."""
    peak = channel.audio_peak_dbfs
    if peak is None or peak < GOOD_FROM_DBFS:
        return Activity.LOW
    return Activity.CLIPPING if peak >= CLIPPING_FROM_DBFS else Activity.GOOD


def told(
    channel: ChannelReading, capabilities: Collection[str], channel_capabilities: Collection[str]
) -> ServerReading:
    """Return what a server tells of a device whose first channel this is, as far as it is capable of it."""
    state = _state(channel)
    battery = BatteryReading(
        percent=channel.battery_percent,
        minutes=None if state in _TOWARDS else _minutes(channel),
        minutes_to_full=_minutes(channel) if state in _TOWARDS else None,
        charging=_IS_CHARGED.get(state),
        calculating=state == CALCULATING,
    )
    health = BatteryHealthReading(percent=channel.battery_health_percent, cycles=channel.battery_cycles)
    audible = "audio-channels" in capabilities and "activity" in channel_capabilities
    return ServerReading(
        battery=battery if "battery-level" in capabilities else None,
        battery_health=health if "battery-health" in capabilities else None,
        activity=activity(channel) if audible else None,
    )


def _state(channel: ChannelReading) -> str:
    if channel.battery_state in STATES:
        return channel.battery_state
    if channel.battery_calculating:
        return CALCULATING
    return CHARGING if channel.charging else DISCHARGING


def _minutes(channel: ChannelReading) -> int | None:
    return channel.minutes_to_full if _state(channel) in _TOWARDS else channel.battery_minutes
