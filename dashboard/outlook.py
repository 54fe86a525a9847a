"""How long a battery lasts beside what its transmitter tells: our own estimate, and whether to the event's end. Pure.

`static/micboard/js/outlook.js` does the same from the first frame on; the vectors in tests/vectors hold them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.domain.forecast import HORIZON
from dashboard.shown import runtime

LASTS = "lasts ✓"
_BATTERY = frozenset({"battery_critical", "battery_low", "battery_short"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether a battery lasts to the event's end, in words; nothing where no end is near or nobody knows."""

    says: str = ""
    short: bool = False

    def spoken(self) -> str:
        return "lasts" if self.says == LASTS else self.says

    def beside(self, reasons: list[str]) -> list[str]:
        """Return the reasons that there is still something to say about: this says more of the battery."""
        return [reason for reason in reasons if reason not in _BATTERY] if self.says else reasons


def is_current(state: str, freshness: str) -> bool:
    """Say whether a forecast may be shown: values in use, and of now."""
    return state in {"ok", "warning", "critical"} and freshness in {"fresh", "late"}


def estimate_min(channel: Mapping[str, Any]) -> int | None:
    """Return the minutes that are left by our own estimate, None where the transmitter tells, or nobody knows."""
    forecast = channel["forecast"]
    if channel["battery_minutes"] is not None or forecast is None or not forecast["estimated"]:
        return None
    minutes: int = forecast["minutes"]
    return minutes


def estimate(channel: Mapping[str, Any]) -> str:
    minutes = estimate_min(channel)
    return "" if minutes is None else f"~{runtime(minutes)}"


def outlook(channel: Mapping[str, Any], now: datetime, ends_at: datetime | None) -> Outlook:
    """Return what there is to say of a current channel. `ends_at` is a wall's own end, instead of the event's.

    A channel that is in trouble for being short of the event's end says so in any case.
    """
    forecast = channel["forecast"]
    if forecast is None:
        return Outlook()
    lasts, short_min = forecast["lasts"], forecast["short_minutes"]
    if ends_at is not None and "battery_short" not in channel["reasons"]:
        if not timedelta() < ends_at - now <= HORIZON:
            return Outlook()
        short_min = max(0, minutes_to(ends_at, now) - forecast["minutes"])
        lasts = short_min == 0
    if lasts is None:
        return Outlook()
    return Outlook(LASTS) if lasts else Outlook(f"short by {runtime(short_min or 0)}", short=True)


def minutes_to(ends_at: datetime, now: datetime) -> int:
    """Return the minutes until then, as the clocks show them: a begun one counts whole."""
    return -((now - ends_at) // _MINUTE)
