"""Who may ask without a session: integrators' tokens."""

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
