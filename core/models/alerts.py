"""Alerts: what somebody has to be told, until it is over; and mutes, during which nobody is told."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

from django.contrib.postgres.functions import TransactionNow
from django.core.validators import MaxLengthValidator
from django.db import models

from core.domain.state import AlertState, Rule, Severity

LONGEST_REASON = 200  # characters
LONGEST_MUTE = timedelta(hours=24)
MUTABLE = ("location", "group", "receiver", "channel")  # the parts that a mute may be about


def at_most_one(names: Sequence[str]) -> models.Q:
    """Return the condition that no two of these have a value."""
    told = models.Q()
    for one, other in combinations(names, 2):
        told &= models.Q(**{f"{one}__isnull": True}) | models.Q(**{f"{other}__isnull": True})
    return told


class Alert(models.Model):
    """One alert about a server, a receiver or one of its channels. No foreign keys: it outlives what it was about.

    `muted_until` is the end of the last mute that it fell under when it was told last; a moment that has passed mutes
    nothing. What somebody said who took it over goes when it gets worse and is opened again.
    """

    server_id = models.BigIntegerField(null=True)
    receiver_id = models.BigIntegerField(null=True)
    channel_id = models.BigIntegerField(null=True)
    target = models.JSONField()
    rule = models.CharField(max_length=24, choices=[(rule.value, rule.value) for rule in Rule])
    severity = models.CharField(
        max_length=8, choices=[(severity.value, severity.value) for severity in Severity]
    )
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in AlertState])
    message = models.TextField()
    since = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    acknowledged_by_id = models.BigIntegerField(null=True)
    acknowledged_by = models.TextField(null=True)  # noqa: DJ001  None: nobody has
    acknowledged_at = models.DateTimeField(null=True)
    ack_reason = models.TextField(null=True)  # noqa: DJ001  None: nobody has
    muted_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["server_id", "receiver_id", "channel_id", "rule"],
                condition=~models.Q(state=AlertState.RESOLVED.value),
                nulls_distinct=False,
                name="alert_once_while_unresolved",
            ),
            models.CheckConstraint(
                condition=models.Q(server_id__isnull=False) ^ models.Q(receiver_id__isnull=False),
                name="alert_about_a_server_or_a_receiver",
            ),
        ]
        indexes = [models.Index(fields=["resolved_at"], name="alert_by_end_for_pruning")]

    def __str__(self) -> str:
        return self.message


class Mute(models.Model):
    """A while in which nobody is told of alerts about one part, or about anything. The alerts themselves go on.

    One that is ended early ends at that moment, and stays as the record of who muted what, and why.
    """

    location = models.ForeignKey("core.Location", models.CASCADE, null=True, blank=True, related_name="mutes")
    group = models.ForeignKey("core.Group", models.CASCADE, null=True, blank=True, related_name="mutes")
    receiver = models.ForeignKey("core.Receiver", models.CASCADE, null=True, blank=True, related_name="mutes")
    channel = models.ForeignKey("core.Channel", models.CASCADE, null=True, blank=True, related_name="mutes")
    until = models.DateTimeField("until (UTC)")
    reason = models.TextField(validators=[MaxLengthValidator(LONGEST_REASON)])
    by_id = models.BigIntegerField(null=True, editable=False)
    by = models.TextField(editable=False)
    ended_by = models.TextField(null=True, editable=False)  # noqa: DJ001  None: it ends by itself
    created_at = models.DateTimeField("since (UTC)", db_default=TransactionNow(), editable=False)

    class Meta:
        ordering = ["-until"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("created_at"))
                & models.Q(until__lte=models.F("created_at") + models.Value(LONGEST_MUTE)),
                name="mute_ends_within_a_day",
            ),
            models.CheckConstraint(condition=at_most_one(MUTABLE), name="mute_of_one_part_or_of_everything"),
        ]
        indexes = [models.Index(fields=["until"], name="mute_by_end")]

    def __str__(self) -> str:
        return f"{self.what} until {self.until:%H:%M} UTC"

    @property
    def part(self) -> models.Model | None:
        """What is muted, None for everything."""
        return next((part for name in MUTABLE if (part := getattr(self, name)) is not None), None)

    @property
    def what(self) -> str:
        return "everything" if self.part is None else str(self.part)
