"""The difference between what is recorded and what was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from core.domain.state import ChannelState

# A level that moves less than this is not worth a record; what is decided from it is decided on the raw value.
DEADBANDS: Mapping[str, int] = {
    "rf_dbm": 2,
    "rf_a_dbm": 2,
    "rf_b_dbm": 2,
    "rf_c_dbm": 2,
    "rf_d_dbm": 2,
    "audio_dbfs": 3,
    "audio_peak_dbfs": 3,
    "battery_percent": 1,
}

_RF = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "rf_c_dbm", "rf_d_dbm")

# The decided fields, and the levels that each is decided from: when one changes, its levels are recorded too,
# so that no record shows a verdict beside a value that does not bear it out.
GROUNDS: Mapping[str, tuple[str, ...]] = {
    "battery_status": ("battery_percent",),
    "rf_quality": _RF,
    "state": ("battery_percent", *_RF, "audio_dbfs", "audio_peak_dbfs"),
    "reasons": ("rf_dbm", "audio_dbfs", "audio_peak_dbfs"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one channel, from what was recorded to what is recorded now."""

    field: str
    before: Any
    after: Any


def diff(
    recorded: ChannelState, observed: ChannelState, deadbands: Mapping[str, int] = DEADBANDS
) -> tuple[Change, ...]:
    """Return what is worth recording, in the order of the fields.

    A level within its deadband of the *recorded* value is left out, so that a slow drift is recorded once it
    has gone far enough; it is kept when null-ness changes or something decided from it does.
    """
    differing = {
        field.name
        for field in fields(ChannelState)
        if getattr(recorded, field.name) != getattr(observed, field.name)
    }
    grounds = {level for decided, levels in GROUNDS.items() if decided in differing for level in levels}

    def worth_recording(name: str) -> bool:
        before, after = getattr(recorded, name), getattr(observed, name)
        if name not in deadbands or name in grounds or before is None or after is None:
            return True
        return bool(abs(after - before) >= deadbands[name])

    return tuple(
        Change(field.name, getattr(recorded, field.name), getattr(observed, field.name))
        for field in fields(ChannelState)
        if field.name in differing and worth_recording(field.name)
    )


def applied(recorded: ChannelState, changes: Iterable[Change]) -> ChannelState:
    """Return the state after the changes."""
    return replace(recorded, **{change.field: change.after for change in changes})
