"""Who may ask without a session: integrators' tokens, and tickets, which are good once."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

LONGEST_NAME = 100


class Token(models.Model):
    """An integrator's bearer token. Only its SHA-256 is kept: it is random and long, so that needs no salt."""

    secret: str | None = None  # what is sent, known to whoever has just made it; it has no column

    name = models.CharField(
        max_length=LONGEST_NAME, help_text="What uses it, so that it can be revoked with confidence."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="tokens",
    )
    # `location:main-a`, as core.domain.scopes reads them; empty: all that there is.
    scopes = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """A way in, good once and for 30 seconds, for a page that can send neither header nor cookie of ours.

    It goes with the session or the token that it was asked for with: the database sees to that. Only its SHA-256 is
    kept.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    token = models.ForeignKey(Token, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    session = models.ForeignKey(
        "sessions.Session", models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    scopes = ArrayField(models.CharField(max_length=100), default=list)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(token=None) ^ models.Q(session=None), name="ticket_of_a_token_or_a_session"
            )
        ]

    def __str__(self) -> str:
        return f"until {self.expires_at:%H:%M:%S}"
