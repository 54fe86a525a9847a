"""Servers, the receivers behind them, and their channels."""

import re

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

from core.domain.colours import Colour
from core.domain.reading import DeviceState, Kind
from core.domain.state import LONGEST_ALIAS

SHORTEST_INTERVAL_S = 1
LONGEST_INTERVAL_S = 3600
TOO_SHORT = "Receivers are asked once a second at the most: choose 1 s or more."
TOO_LONG = "Receivers are asked once an hour at the least: choose 1 hour or less."


def validate_key_reference(reference: str) -> None:
    scheme, _, rest = reference.partition(":")
    if scheme not in {"env", "file"} or not rest:
        raise ValidationError(
            "Say where the key is, not the key itself: env:NAME for an environment variable, file:/PATH for a file."
        )


def validate_address(url: str) -> None:
    # Not Django's own: a host on an AV network often is one word.
    if not re.fullmatch(r"https://[A-Za-z0-9._:\[\]-]+", url):
        raise ValidationError(
            "Write the address as https://HOST:PORT and no more. The System API speaks HTTPS only."
        )


class Server(models.Model):
    """One Shure System API server. The key itself is never stored, only where it is."""

    name = models.SlugField(unique=True, help_text="Stands on the feed, such as main.")
    manufacturer = models.SlugField(default="shure", editable=False)
    url = models.CharField(
        "address", max_length=255, validators=[validate_address], help_text="https://HOST:10000"
    )
    key_reference = models.CharField(
        "key", max_length=255, validators=[validate_key_reference], help_text="env:NAME or file:/PATH"
    )
    ca_file = models.CharField(
        "CA file", max_length=255, blank=True, help_text="Verify against this CA bundle."
    )
    pins = ArrayField(
        models.CharField(
            max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$", "64 hexadecimal digits.")]
        ),
        default=list,
        blank=True,
        size=2,
        verbose_name="certificate fingerprints",
        help_text="SHA-256 of the server's certificate; two, separated by a comma, while it is being replaced.",
    )
    location = models.ForeignKey(
        "core.Location", models.SET_NULL, null=True, blank=True, related_name="servers"
    )
    enabled = models.BooleanField(default=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(url__startswith="https://"), name="server_speaks_https"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServerHealth(models.Model):
    """How a server answered lately: the hot half of `Server`, written at most every 5 s while it is well."""

    class Status(models.TextChoices):
        CONNECTED = "connected"
        DEGRADED = "degraded"
        DISCONNECTED = "disconnected"

    server = models.OneToOneField(Server, models.CASCADE, primary_key=True, related_name="health")
    status = models.CharField(max_length=12, choices=Status, default=Status.DISCONNECTED)
    failures = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True)
    detail = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    listed = models.PositiveIntegerField(default=0, help_text="Devices in its last list.")
    suspicious = models.PositiveIntegerField(default=0, help_text="Lists in a row that were held back.")
    notice = models.TextField(blank=True, help_text="What is odd about its last list.")
    anomalies = models.JSONField(default=list, help_text="Entries of its last list that were left out.")

    class Meta:
        verbose_name_plural = "server health"

    def __str__(self) -> str:
        return f"{self.server}: {self.status}"


class Receivers(models.QuerySet["Receiver"]):
    def named(self, name: str) -> "Receivers":
        """Return those that people mean by a receiver's code, a channel's id, or an alias, in any case."""
        by_channel = models.Q(channels__device_id__iexact=name) | models.Q(channels__alias__iexact=name)
        return self.filter(models.Q(code__iexact=name) | by_channel).distinct()


class Receiver(models.Model):
    """A receiver, or a networked charger: what one poll asks.

    `code` is its name for ever, given at first sight (SHURE001); the server's own id is `source_id`.
    """

    code = models.CharField(max_length=32, unique=True, editable=False)
    server = models.ForeignKey(Server, models.CASCADE, related_name="receivers")
    source_id = models.CharField("the server's id", max_length=255, editable=False)
    model = models.CharField(max_length=255, blank=True)
    serial = models.CharField(max_length=255, blank=True)
    firmware = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True, help_text="As the device reports it.")
    device_state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in DeviceState],
        default=DeviceState.ONLINE.value,
    )
    compatibility = models.CharField(max_length=255, blank=True)
    capabilities = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    sources = ArrayField(
        models.CharField(max_length=16),
        default=list,
        editable=False,
        help_text="What its model is asked through.",
    )
    location = models.ForeignKey(
        "core.Location", models.SET_NULL, null=True, blank=True, related_name="receivers"
    )
    enabled = models.BooleanField(
        default=True, help_text="A receiver that is not enabled is not polled and not shown."
    )
    critical = models.BooleanField(default=False, help_text="Always poll at the critical interval.")
    interval_s = models.FloatField(
        "own interval (s)",
        null=True,
        blank=True,
        validators=[
            MinValueValidator(SHORTEST_INTERVAL_S, TOO_SHORT),
            MaxValueValidator(LONGEST_INTERVAL_S, TOO_LONG),
        ],
        help_text="Seconds between polls; empty: the interval of its tier.",
    )
    missing = models.PositiveIntegerField(default=0, editable=False)
    first_seen_at = models.DateTimeField(auto_now_add=True)

    objects = Receivers.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint("server", Lower("source_id"), name="receiver_once_a_server"),
            models.CheckConstraint(
                condition=models.Q(interval_s__isnull=True)
                | models.Q(interval_s__gte=1, interval_s__lte=LONGEST_INTERVAL_S),
                name="receiver_interval_between_1_s_and_1_h",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class Channel(models.Model):
    """One microphone channel, or one charger bay. `device_id` is what the feed calls it, for ever."""

    receiver = models.ForeignKey(Receiver, models.CASCADE, related_name="channels")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in Kind], default=Kind.MICROPHONE.value
    )
    device_id = models.CharField(max_length=40, unique=True, editable=False)
    alias = models.CharField(
        "name",
        max_length=LONGEST_ALIAS,
        blank=True,
        help_text="Shown instead of the name that the receiver reports.",
    )
    colour = models.CharField(  # noqa: DJ001  None: no mark
        max_length=8,
        choices=[(colour.value, colour.value) for colour in Colour],
        null=True,
        blank=True,
        help_text="A mark on its tile, such as the colour of its ring or tape. It says nothing about its state.",
    )

    class Meta:
        ordering = ["receiver", "number"]
        constraints = [
            models.UniqueConstraint(fields=["receiver", "number"], name="channel_once_a_receiver"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="channel_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.alias}".strip()
