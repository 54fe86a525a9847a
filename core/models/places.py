"""Where microphones are used, and how operators group them on a wall."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from core.domain.slots import LAST_SLOT
from core.domain.tiers import Tier

DEFAULT_TIERS = [(tier.value, tier.value) for tier in (Tier.CRITICAL, Tier.NORMAL)]


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            "“%(name)s” is not a time zone; write one such as Europe/Berlin.", params={"name": name}
        )


class Location(models.Model):
    """A venue or a room in it. Its zone is for people: event ends and print; all else is UTC.

    `event_ends_at` is until when the batteries have to last; one that is past, or far off, says nothing.
    """

    slug = models.SlugField(unique=True, help_text="Stands in addresses and on the feed, such as main-a.")
    title = models.CharField(max_length=100)
    zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    event_ends_at = models.DateTimeField("event ends", null=True, blank=True)
    tier = models.CharField(  # noqa: DJ001  None: this place says nothing
        "default tier",
        max_length=8,
        choices=DEFAULT_TIERS,
        null=True,
        blank=True,
        help_text="Where its receivers are held while they are well; empty: normal, or as their group says.",
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class Group(models.Model):
    """A wall's selection of channels, each in a slot that it keeps."""

    slug = models.SlugField(unique=True, help_text="Stands in addresses and on the feed, such as stage-left.")
    title = models.CharField(max_length=100)
    tier = models.CharField(  # noqa: DJ001  None: this place says nothing
        "default tier",
        max_length=8,
        choices=DEFAULT_TIERS,
        null=True,
        blank=True,
        help_text="Where receivers with a channel in it are held while they are well; outranks their location's.",
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class Slot(models.Model):
    """A channel's place in a group. Both promises are kept at commit: within a transaction two may change places."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="slots")
    channel = models.ForeignKey("core.Channel", models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LAST_SLOT)])

    class Meta:
        ordering = ["group", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "number"],
                name="slot_holds_one_channel",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["group", "channel"],
                name="slot_once_a_group_and_channel",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="slot_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.group}, slot {self.number}"
