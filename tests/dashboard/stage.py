"""Channels put on the board as polls would leave them, and changed as polls would change them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from core.domain.state import ChannelState, to_wire
from core.models import Channel, ChannelRecord, Claim, Group, Head, Inbox, Pulse, Receiver, Server, Slot
from realtime.tick import KEEP_UP_THE_BOARD
from realtime.windows import emit

FAR_AWAY = timedelta(days=1)

WELL: Mapping[str, Any] = {
    "transmitter_on": True,
    "battery_level": 85,
    "battery_minutes": 380,
    "battery_bars": 4,
    "battery_status": "good",
    "charging": False,
    "rf_signal": -55,
    "rf_quality": "excellent",
    "interference": False,
    "mute_status": False,
    "state": "ok",
}


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        at: datetime = cursor.fetchone()[0]
    return at


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A channel to stand on the board: `values` in the feed's names over those of a channel that is well."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    seen: timedelta | None = timedelta(seconds=3)
    since: timedelta = timedelta(minutes=18)
    slot: int | None = None
    critical: bool = False


def put(channels: Iterable[Placed], *, group: str = "stage-left") -> list[str]:
    """Put single-channel receivers on the board, tell of them in a window, and return their ids."""
    now = database_time()
    server, _ = Server.objects.get_or_create(
        name="main", defaults={"url": "https://127.0.0.1:10000", "key_reference": "env:KEY"}
    )
    before = Receiver.objects.count()
    device_ids = [
        _place(placed, server=server, code=f"SHURE{number:03}", group=group, now=now)
        for number, placed in enumerate(channels, start=before + 1)
    ]
    emit()
    return device_ids


def _place(placed: Placed, *, server: Server, code: str, group: str, now: datetime) -> str:
    receiver = Receiver.objects.create(code=code, server=server, source_id=code, model="ULXD4")
    channel = Channel.objects.create(receiver=receiver, number=1, device_id=code, alias=placed.name)
    recorded = {
        **to_wire(ChannelState(name=placed.name, state_since=now - placed.since)),
        **WELL,
        **placed.values,
    }
    recorded["tier"] = "critical" if placed.critical else "normal"
    ChannelRecord.objects.create(channel=channel, rev=1, recorded=recorded)
    Claim.objects.create(
        receiver=receiver,
        tier=recorded["tier"],
        slot_at=now + FAR_AWAY,
        seen_at=None if placed.seen is None else now - placed.seen,
        stale_at=now + FAR_AWAY,
    )
    if placed.slot is not None:
        of, _ = Group.objects.get_or_create(slug=group, defaults={"title": group.replace("-", " ").title()})
        Slot.objects.create(group=of, channel=channel, number=placed.slot)
    return code


def change(device_id: str, **values: Any) -> None:
    """Record new values of a channel, in the feed's names, and tell of them in a window."""
    change_all({device_id: values})


def change_all(news: Mapping[str, Mapping[str, Any]]) -> None:
    """Record new values of several channels, by their ids, and tell of them in one window."""
    now = database_time()
    with transaction.atomic():
        records = ChannelRecord.objects.select_for_update().filter(channel__device_id__in=news)
        told = []
        for record in records.select_related("channel"):
            values = news[record.channel.device_id]
            changes = {name: [record.recorded[name], value] for name, value in values.items()}
            record.recorded |= values
            record.rev += 1
            record.save()
            told.append(
                Inbox(
                    at=now,
                    channel_id=record.channel_id,
                    device_id=record.channel.device_id,
                    rev=record.rev,
                    changes=changes,
                    state=record.recorded,
                )
            )
        Inbox.objects.bulk_create(told)
    emit()


def show_poller_alive(*, ago: timedelta = timedelta(0)) -> None:
    """Let every part of the poller have shown itself this long ago."""
    at = database_time() - ago
    for part in KEEP_UP_THE_BOARD:
        Pulse.objects.update_or_create(part=part, defaults={"at": at})
    Head.objects.update(emitted_at=at)
