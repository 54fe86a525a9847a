"""Alerts as polls would open them, for the pages that show them."""

from typing import Any

from django.db import connection

from core import notices
from core.models import Alert, Channel, Receiver, Server, ServerHealth
from realtime.windows import emit
from tests.dashboard.stage import database_time

_TELL = """
INSERT INTO core_inbox (at, kind, channel_id, device_id, rev, changes, state)
SELECT now(), 'alert', channel_id, coalesce(target ->> 'device_id', target ->> 'receiver_id', target ->> 'server'),
       0, '{}', core_alert_told(a)
  FROM core_alert a WHERE id = %s
"""


def raise_alert(
    device_id: str,
    *,
    rule: str = "battery_low",
    severity: str = "critical",
    message: str = "",
    told: bool = True,
) -> Alert:
    """Open an alert about a channel, and tell of it in a window, unless that is still to come."""
    channel = Channel.objects.get(device_id=device_id)
    return _open(
        told=told,
        receiver_id=channel.receiver_id,
        channel_id=channel.pk,
        target={"device_id": device_id, "channel": channel.number},
        rule=rule,
        severity=severity,
        message=message or f"{channel.alias}: 12 minutes left",
    )


def lose(code: str) -> Alert:
    """Open the alert about a receiver that does not answer."""
    receiver = Receiver.objects.get(code=code)
    return _open(
        receiver_id=receiver.pk,
        target={"receiver_id": code},
        rule="receiver_offline",
        severity="critical",
        message=f"No answer from {code}: Vox 1, Vox 2, Vox 3, Vox 4",
    )


def lose_server() -> None:
    """Have the server not answer any more, and the window tell of it."""
    failed = {"status": "disconnected", "failures": 5, "detail": "It is silent."}
    ServerHealth.objects.update_or_create(server=Server.objects.get(), defaults=failed)
    emit()


def _open(*, told: bool = True, **values: Any) -> Alert:
    at = database_time()
    alert = Alert.objects.create(**values, state="open", since=at, changed_at=at)
    return tell(alert) if told else alert


def tell(alert: Alert, **values: Any) -> Alert:
    """Have an alert become this, and tell of it in a window."""
    for name, value in values.items():
        setattr(alert, name, value)
    alert.changed_at = database_time()
    alert.save()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_alert SET muted_until = core_muted_until(server_id, receiver_id, channel_id) WHERE id = %s",
            [alert.pk],
        )
        cursor.execute(_TELL, [alert.pk])
        notices.put(cursor, [alert.pk])
    emit()
    alert.refresh_from_db()
    return alert


def end(alert: Alert) -> Alert:
    alert.refresh_from_db()
    return tell(alert, state="resolved", resolved_at=database_time())
