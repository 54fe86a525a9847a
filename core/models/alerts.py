"""Alerts: what somebody has to be told, until it is over."""

from django.db import models

from core.domain.state import AlertState, Rule, Severity


class Alert(models.Model):
    """One alert about a receiver or one of its channels. No foreign keys: it outlives what it was about."""

    receiver_id = models.BigIntegerField()
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

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["receiver_id", "channel_id", "rule"],
                condition=~models.Q(state=AlertState.RESOLVED.value),
                nulls_distinct=False,
                name="alert_once_while_unresolved",
            ),
        ]
        indexes = [models.Index(fields=["resolved_at"], name="alert_by_end_for_pruning")]

    def __str__(self) -> str:
        return self.message
