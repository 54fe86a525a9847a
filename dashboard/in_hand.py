"""Who has the trouble of a channel in hand. Pure.

`static/micboard/js/in_hand.js` does the same from the first frame on; the vectors in tests/vectors hold them together.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.domain.state import AlertState, Rule, Severity
from dashboard.shown import moment, shown, span

Alert = Mapping[str, Any]
"""One alert as the feed has it."""


@dataclass(frozen=True, slots=True)
class InHand:
    """`by` are initials, `spoken` is all of it for who does not see it."""

    by: str = ""
    at: str = ""
    spoken: str = ""


def is_in_hand(channel: Mapping[str, Any], state: str) -> bool:
    """Say whether somebody has taken over what this state is about, and not only something less."""
    mark = channel["alert"]
    if mark is None or mark["state"] != AlertState.ACKNOWLEDGED:
        return False
    if state == "offline":
        return bool(mark["rule"] == Rule.RECEIVER_OFFLINE)
    return state == "warning" or (state == "critical" and mark["severity"] == Severity.CRITICAL)


def in_hand(channel: Mapping[str, Any], state: str, alerts: Iterable[Alert], now: datetime) -> InHand:
    """Return who took a channel's trouble over and when, as far as one of these alerts tells; empty: nobody has."""
    if not is_in_hand(channel, state):
        return InHand()
    theirs = next((alert for alert in alerts if _is_meant(alert, channel)), None)
    if theirs is None or not theirs.get("acknowledged_by"):
        return InHand(by="in hand", spoken="in hand")
    name = shown(theirs["acknowledged_by"])
    at = datetime.fromisoformat(theirs["acknowledged_at"])
    return InHand(by=initials(name), at=_since(at, now), spoken=f"{name} has it since {moment(at, now)}")


def _is_meant(alert: Alert, channel: Mapping[str, Any]) -> bool:
    target, mark = alert["target"], channel["alert"]
    touches = target.get("device_id") == channel["device_id"] or (
        target.get("receiver_id") == channel["receiver_id"]
    )
    return bool(touches and alert["rule"] == mark["rule"] and alert["state"] == mark["state"])


def _since(at: datetime, now: datetime) -> str:
    """Return a time of day, or how long ago it is once that is a day: a badge has no room for a date."""
    ago = now - at
    return moment(at, now) if ago < timedelta(days=1) else span(ago.total_seconds())


def initials(name: str) -> str:
    """Return the first letters of somebody's first and last name, or two of their only one: "OM", "OL"."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name))
    letters: str = words[0][0] + words[-1][0] if len(words) > 1 else (words or [name])[0][:2]
    return letters.upper()
