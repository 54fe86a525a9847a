"""Limits: where the values of a channel become low, weak or critical, as people set them."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from core.domain.limits import Scope
from core.models.alerts import at_most_one

LIMITED = ("location", "group", "receiver")  # what limits may be said for; none of them: the house


def _limit(label: str, least: int, most: int, *, unit: str, help_text: str = "") -> Any:
    sentence = f"Choose {least} to {most} {unit.replace('%', '%%')}."  # validators put values into it
    return models.SmallIntegerField(
        f"{label} ({unit})",
        null=True,
        blank=True,
        validators=[MinValueValidator(least, sentence), MaxValueValidator(most, sentence)],
        help_text=help_text,
    )


def _minutes(label: str, help_text: str = "") -> Any:
    return _limit(label, 0, 1440, unit="minutes", help_text=help_text)


def _percent(label: str, help_text: str = "") -> Any:
    return _limit(label, 0, 100, unit="%", help_text=help_text)


def _bars(label: str, help_text: str = "") -> Any:
    return _limit(label, 0, 5, unit="bars", help_text=help_text)


def _dbm(label: str, help_text: str = "") -> Any:
    return _limit(label, -120, 0, unit="dBm", help_text=help_text)


class Limits(models.Model):
    """The limits of the house, a location, a group or a receiver. What is empty is as the wider place says."""

    location = models.ForeignKey(
        "core.Location", models.CASCADE, null=True, blank=True, related_name="limits"
    )
    group = models.ForeignKey("core.Group", models.CASCADE, null=True, blank=True, related_name="limits")
    receiver = models.ForeignKey(
        "core.Receiver", models.CASCADE, null=True, blank=True, related_name="limits"
    )

    battery_minutes_low = _minutes("low below")
    battery_minutes_critical = _minutes("critical below")
    battery_percent_low = _percent("low below", "For devices that tell no minutes.")
    battery_percent_critical = _percent("critical below", "For devices that tell no minutes.")
    battery_bars_low = _bars("low below", "For devices that tell neither minutes nor per cent.")
    battery_bars_critical = _bars("critical below", "For devices that tell neither minutes nor per cent.")
    rf_fair_dbm = _dbm("weak below")
    rf_lost_dbm = _dbm("lost at and below")
    rf_overload_dbm = _dbm("overload above")
    clipping_dbfs = _limit("clipping from", -60, 0, unit="dBFS")

    battery_minutes_fair = _minutes("fair below", "From there on it is good.")
    battery_minutes_margin = _minutes("margin", "How far above a limit a battery is better again.")
    battery_percent_fair = _percent("fair below")
    battery_percent_margin = _percent("margin")
    battery_bars_fair = _bars("fair below")
    battery_bars_margin = _bars("margin")
    rf_good_dbm = _dbm("good from")
    rf_excellent_dbm = _dbm("excellent from")
    rf_margin_db = _limit(
        "margin", 0, 30, unit="dB", help_text="How far above a limit a signal is better again."
    )

    class Meta:
        verbose_name_plural = "limits"
        constraints = [
            models.CheckConstraint(
                condition=at_most_one(LIMITED), name="limits_of_one_place_or_of_the_house"
            ),
            models.UniqueConstraint(
                fields=["location", "group", "receiver"],
                nulls_distinct=False,
                name="limits_once_a_place",
                violation_error_message="There are limits for that already: change those.",
            ),
        ]

    def __str__(self) -> str:
        return self.place

    @property
    def scope(self) -> Scope:
        for name in LIMITED:
            if getattr(self, f"{name}_id") is not None:
                return Scope(name)
        return Scope.HOUSE

    @property
    def place(self) -> str:
        return "the house" if self.scope is Scope.HOUSE else f"{self.scope} {getattr(self, self.scope)}"

    def values(self) -> dict[str, int]:
        """Return what is said here, by name."""
        told = {name: getattr(self, name) for name in NAMES}
        return {name: value for name, value in told.items() if value is not None}


NAMES = tuple(field.name for field in Limits._meta.fields if isinstance(field, models.SmallIntegerField))  # noqa: SLF001
