"""What the alerts page says: alerts by what became of them, those of one receiver in one row. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.domain.state import AlertState, Rule, Severity
from core.models import Alert, Mute
from dashboard.shown import moment, shown, span

RULE_WORDS: Mapping[str, str] = {
    Rule.SERVER_DOWN: "no server",
    Rule.RECEIVER_OFFLINE: "no receiver",
    Rule.BATTERY_LOW: "battery",
    Rule.BATTERY_SHORT: "battery too short",
    Rule.RF_POOR: "signal",
    Rule.INTERFERENCE: "interference",
    Rule.ENCRYPTION: "encryption",
    Rule.CLIPPING: "clipping",
}
_LOST = frozenset({Rule.SERVER_DOWN.value, Rule.RECEIVER_OFFLINE.value})
_WORST_FIRST = ("critical", "offline", "warning", "ok")
_WORDS: Mapping[str, str] = {
    "critical": "critical",
    "offline": "no receiver",
    "warning": "warning",
    "ok": "over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What a row is about. `location` and the channels are what may be muted from there, beside it itself."""

    key: str
    code: str
    name: str = ""
    is_server: bool = False
    is_receiver: bool = False
    location: str = ""
    location_slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One alert, ready to be drawn."""

    id: int
    device_id: str
    channel: int | None
    rule: str
    message: str
    severity: str
    state: str
    since: datetime
    age: str
    until: datetime | None
    who: str
    at: datetime | None
    reason: str
    muted_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The alerts of one receiver, or server, with the same fate. `version` tells whether it has to be drawn anew."""

    id: str
    owner: Owner
    state: str
    word: str
    items: list[Item]
    version: str

    @property
    def open_ids(self) -> list[int]:
        return [item.id for item in self.items if item.state == AlertState.OPEN]

    @property
    def oldest(self) -> Item:
        return min(self.items, key=lambda item: item.since)

    @property
    def since(self) -> datetime:
        return self.oldest.since

    @property
    def channels(self) -> list[str]:
        return list(dict.fromkeys(item.device_id for item in self.items if item.channel is not None))


@dataclass(slots=True, kw_only=True)
class Section:
    name: str
    title: str
    empty: str
    rows: list[Row] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(row.items) for row in self.rows)


def sections(alerts: Iterable[Alert], owners: Mapping[str, Owner], now: datetime) -> list[Section]:
    """Return all four, each with its rows: the worst first, and of those the oldest."""
    found = {
        "open": Section(name="open", title="Open", empty="Nothing needs a hand."),
        "acknowledged": Section(
            name="acknowledged", title="In hand", empty="Nobody has taken anything over."
        ),
        "muted": Section(name="muted", title="Muted", empty="No alert is muted."),
        "resolved": Section(name="resolved", title="Over", empty="Nothing was over in the last 24 hours."),
    }
    together: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        together.setdefault((_fate(alert, now), key_of(alert)), []).append(alert)
    for (fate, key), theirs in together.items():
        found[fate].rows.append(_row(fate, owners[key], theirs, now))
    for section in found.values():
        newest_first = section.name == "resolved"
        section.rows.sort(key=lambda row: row.since, reverse=newest_first)
        section.rows.sort(key=lambda row: _WORST_FIRST.index(row.state))
    return list(found.values())


def key_of(alert: Alert) -> str:
    """Return what the alerts of one row have in common."""
    return f"server-{alert.server_id}" if alert.receiver_id is None else f"receiver-{alert.receiver_id}"


def _fate(alert: Alert, now: datetime) -> str:
    if alert.state == AlertState.RESOLVED:
        return "resolved"
    if alert.muted_until is not None and alert.muted_until > now:
        return "muted"
    return alert.state


def _row(fate: str, owner: Owner, alerts: list[Alert], now: datetime) -> Row:
    ordered = sorted(alerts, key=lambda alert: (alert.severity != Severity.CRITICAL, alert.since, alert.pk))
    items = [_item(alert, now) for alert in ordered]
    state = min((_state(alert) for alert in alerts), key=_WORST_FIRST.index)
    facts = [
        (owner, alert.pk, alert.state, alert.severity, alert.message, alert.changed_at, alert.muted_until)
        for alert in ordered
    ]
    return Row(
        id=f"{fate}-{owner.key}",
        owner=owner,
        state=state,
        word=RULE_WORDS[Rule.SERVER_DOWN] if owner.is_server and state == "offline" else _WORDS[state],
        items=items,
        version=hashlib.sha256(repr(facts).encode()).hexdigest()[:16],
    )


def _state(alert: Alert) -> str:
    """Return the state of the board that an alert looks like."""
    if alert.state == AlertState.RESOLVED:
        return "ok"
    return "offline" if alert.rule in _LOST else alert.severity


def _item(alert: Alert, now: datetime) -> Item:
    ended = alert.resolved_at or now
    return Item(
        id=alert.pk,
        device_id=str(alert.target.get("device_id", "")),
        channel=alert.target.get("channel"),
        rule=RULE_WORDS.get(alert.rule, alert.rule.replace("_", " ")),
        message=shown(alert.message),
        severity=alert.severity,
        state=alert.state,
        since=alert.since,
        age=span((ended - alert.since).total_seconds()),
        until=alert.resolved_at,
        who=shown(alert.acknowledged_by or ""),
        at=alert.acknowledged_at,
        reason=shown(alert.ack_reason or ""),
        muted_until=alert.muted_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What the header says while anything is muted; `until` is when the last of it ends."""

    number: int
    until: datetime
    text: str


def muted(mutes: list[Mute], now: datetime) -> Muted | None:
    """Return the note about mutes in force, None where there are none: "2 mutes, until 21:30 UTC"."""
    if not mutes:
        return None
    until = max(mute.until for mute in mutes)
    number = "1 mute" if len(mutes) == 1 else f"{len(mutes)} mutes"
    return Muted(number=len(mutes), until=until, text=f"{number}, until {moment(until, now)}")


def lasting(chosen: str, until: str, behind_utc_min: int, now: datetime) -> timedelta:
    """Return for how long to mute: so many minutes, or until a time of day, which is the next one there.

    Raises `ValueError` with a sentence.
    """
    if chosen != "until":
        if not chosen.isdecimal():
            raise ValueError("Choose how long the mute lasts.")
        return timedelta(minutes=int(chosen[:6]))
    try:
        wanted = datetime.strptime(until, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise ValueError("Write the time at which the mute ends as 21:30.") from None
    there = now.astimezone(UTC) - timedelta(minutes=behind_utc_min)
    end = there.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return (end if end > there else end + timedelta(days=1)) - there
