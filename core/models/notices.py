"""Whom alerts are told to outside the board, and what has been told."""

from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import models

from core.domain.state import Severity
from core.models.alerts import at_most_one
from core.models.devices import validate_key_reference


class Destination(models.Model):
    """Somebody who is told of alerts, by e-mail or a webhook. The address itself may be a secret: only where it is."""

    name = models.CharField(max_length=100, unique=True)
    address_reference = models.CharField(
        "address",
        max_length=255,
        validators=[validate_key_reference],
        help_text="env:NAME or file:/PATH. There stands mailto://USER:PASSWORD@HOST?to=NAME@HOST, or the https:// "
        "address of a webhook that takes Slack's JSON, or any other address that Apprise knows.",
    )
    severity = models.CharField(
        "from",
        max_length=8,
        choices=[
            (Severity.WARNING.value, "warning, and critical"),
            (Severity.CRITICAL.value, "critical alone"),
        ],
        default=Severity.CRITICAL.value,
        help_text="Which alerts it is told of.",
    )
    location = models.ForeignKey(
        "core.Location", models.CASCADE, null=True, blank=True, help_text="Of this location alone."
    )
    group = models.ForeignKey(
        "core.Group", models.CASCADE, null=True, blank=True, help_text="Of channels in this group alone."
    )
    enabled = models.BooleanField(default=True)
    told_from = models.DateTimeField(
        db_default=TransactionNow(), editable=False, help_text="What began before is not told."
    )
    busy_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=at_most_one(("location", "group")), name="destination_of_one_part_or_of_everything"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """One message to one destination: waiting to be sent, sent, or given up. `alert_id` is None for a test."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        WORSE = "worse"
        RESOLVED = "resolved"
        TEST = "test"

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed", "given up"

    destination = models.ForeignKey(Destination, models.CASCADE, related_name="notices")
    alert_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, choices=Kind)
    severity = models.CharField(
        max_length=8, choices=[(severity.value, severity.value) for severity in Severity]
    )
    message = models.TextField(blank=True)
    target: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    since = models.DateTimeField(db_default=TransactionNow())
    state = models.CharField(max_length=7, choices=State, default=State.WAITING, db_default=State.WAITING)
    created_at = models.DateTimeField(db_default=TransactionNow())
    next_try_at = models.DateTimeField(db_default=TransactionNow())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "alert_id", "kind", "severity"], name="notice_once_a_transition"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="waiting"), name="notice_waiting_by_turn"
            ),
            models.Index(fields=["alert_id"], name="notice_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.destination}: {self.kind} {self.message}".strip()
