"""A location's form in the admin: the end of its event is written as its own clocks show it."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from core import clock
from core.models import Location
from core.models.places import validate_zone


class LocationForm(forms.ModelForm):
    class Meta:
        model = Location
        fields = ("slug", "title", "zone", "event_ends_at", "tier")
        help_texts = {
            "event_ends_at": "By the clocks there, in the zone above. Batteries that will not last until then are told "
            "of in the last twelve hours. Empty, or past: no event.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.event_ends_at is not None:
            there = self.instance.event_ends_at.astimezone(ZoneInfo(self.instance.zone))
            # The field reads and writes UTC; what it shows are the figures on the clocks there.
            self.initial["event_ends_at"] = there.replace(tzinfo=UTC)

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        validate_zone(zone)  # the model would ask only after the end was read by it
        return zone

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        shown, zone = told.get("event_ends_at"), told.get("zone")
        if shown is None or zone is None:
            return told
        ends_at = shown.replace(tzinfo=ZoneInfo(zone))
        if ends_at.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) != shown:
            raise ValidationError(
                {"event_ends_at": f"The clocks in {zone} are put forward over that time: choose another."}
            )
        if {"event_ends_at", "zone"} & set(self.changed_data) and ends_at <= clock.now():
            raise ValidationError(
                {"event_ends_at": f"That is past in {zone}. Choose a time to come, or none."}
            )
        told["event_ends_at"] = ends_at.astimezone(UTC)
        return told
