"""Limits in the admin: one page for each place, with what is in force where a field is left empty."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError

from core.domain.limits import flat, said
from core.domain.states import Levels, Thresholds
from core.models import Limits
from core.models.limits import LIMITED, NAMES

_MEANT = {
    "battery_minutes": "A battery's minutes",
    "battery_percent": "A battery's percentage",
    "battery_bars": "A battery's bars",
}


def wider() -> Thresholds:
    """Return what is in force where nothing closer is said: the house's limits, and the settings' below them."""
    house = Limits.objects.filter(location=None, group=None, receiver=None).first()
    return said(settings.THRESHOLDS, house.values() if house else {})


def contradiction(thresholds: Thresholds) -> str | None:
    """Return what does not fit together in these limits, in a sentence, or None."""
    for name, subject in _MEANT.items():
        levels: Levels = getattr(thresholds, name)
        if not levels.critical <= levels.low <= levels.fair:
            return (
                f"{subject} would be critical below {levels.critical}, low below {levels.low} and fair below "
                f"{levels.fair}: each has to be at least the one before it."
            )
    signal = (
        thresholds.rf_lost_dbm,
        thresholds.rf_fair_dbm,
        thresholds.rf_good_dbm,
        thresholds.rf_excellent_dbm,
        thresholds.rf_overload_dbm,
    )
    if list(signal) != sorted(signal):
        lost, weak, good, excellent, overload = signal
        return (
            f"A signal would be lost at {lost} dBm, weak below {weak}, good from {good}, excellent from "
            f"{excellent} and overloaded above {overload}: each has to be at least the one before it."
        )
    return None


class LimitsForm(forms.ModelForm):
    """Shows in each empty field what is in force there."""

    class Meta:
        model = Limits
        fields = (*LIMITED, *NAMES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_house = self.instance.pk and self.instance.place == "the house"
        in_force = flat(settings.THRESHOLDS if is_house else wider())
        for name in NAMES:
            if name in self.fields:
                self.fields[name].widget.attrs["placeholder"] = in_force[name]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        places = [name for name in LIMITED if told.get(name)]
        if len(places) > 1:
            raise ValidationError(
                "Choose one place: a location, a group or a receiver. None of them means the house."
            )
        values = {name: told[name] for name in NAMES if told.get(name) is not None}
        beneath = wider() if places else settings.THRESHOLDS
        if not self.errors and (sentence := contradiction(said(beneath, values))):
            raise ValidationError(f"{sentence} Fields that are empty count as the wider place says.")
        return told


class LimitsAdmin(admin.ModelAdmin):
    """In force at the next poll of each receiver."""

    form = LimitsForm
    list_display = ("place", "says")
    list_filter = ("location", "group")
    list_select_related = LIMITED
    search_fields = ("location__title", "group__title", "receiver__code", "receiver__name")
    autocomplete_fields = LIMITED
    fieldsets = (
        (
            None,
            {
                "fields": LIMITED,
                "description": "What these limits are for: one location, one group or one receiver, or with all three "
                "empty the house. A receiver's limits outweigh its groups', those its location's, and those the "
                "house's; of several groups of a channel the strictest counts. An empty field is as the wider place "
                "says, which stands in it in grey. A change is in force at the next poll.",
            },
        ),
        (
            "Battery",
            {
                "fields": (
                    ("battery_minutes_low", "battery_minutes_critical"),
                    ("battery_percent_low", "battery_percent_critical"),
                    ("battery_bars_low", "battery_bars_critical"),
                )
            },
        ),
        ("Signal", {"fields": (("rf_fair_dbm", "rf_lost_dbm", "rf_overload_dbm"),)}),
        ("Audio", {"fields": ("clipping_dbfs",)}),
        (
            "Fine tuning",
            {
                "classes": ("collapse",),
                "fields": (
                    ("battery_minutes_fair", "battery_minutes_margin"),
                    ("battery_percent_fair", "battery_percent_margin"),
                    ("battery_bars_fair", "battery_bars_margin"),
                    ("rf_good_dbm", "rf_excellent_dbm", "rf_margin_db"),
                ),
            },
        ),
    )

    @admin.display(description="for")
    def place(self, limits: Limits) -> str:
        return limits.place

    @admin.display
    def says(self, limits: Limits) -> str:
        return ", ".join(in_words(*told) for told in limits.values().items()) or "nothing"


def in_words(name: str, value: int) -> str:
    """Return a limit in words, such as "battery low below 75 minutes"."""
    label = str(Limits._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001  a column of ours
    what, unit = label.removesuffix(")").split(" (")
    subject = {"rf": "signal ", "battery": "battery "}.get(name.split("_", 1)[0], "")
    return f"{subject}{what} {value} {unit}"
