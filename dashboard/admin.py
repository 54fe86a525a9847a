"""The tiers' rows in the Periodic Tasks page: tuned like any entry, but not bent into something else."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin, PeriodicTaskForm
from django_celery_beat.models import PeriodicTask

from core.domain.tiers import Tier

TIER_ROWS = frozenset(f"poll:{tier}" for tier in Tier)
SHORTEST_INTERVAL_S = 1
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "microseconds": 1e-6}


class EntryForm(PeriodicTaskForm):
    """Adds what a tier's row has to be: an interval of a second or more, under its own name."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        before = self.instance.name if self.instance.pk else None
        if before not in TIER_ROWS:
            if data.get("name") in TIER_ROWS:
                raise ValidationError({"name": "That name belongs to a tier. Give this entry another."})
            return data
        if data.get("name") != before:
            raise ValidationError(
                {"name": f"This row sets how often a tier is polled: it has to stay {before}."}
            )
        interval = data.get("interval")
        if interval is None or data.get("crontab") or data.get("solar") or data.get("clocked"):
            raise ValidationError(
                "A tier is polled at an interval: choose one, and no crontab, solar or clocked."
            )
        if interval.every * SECONDS[interval.period] < SHORTEST_INTERVAL_S:
            raise ValidationError(
                {"interval": "Receivers are asked once a second at the most: choose 1 s or more."}
            )
        if data.get("task") != self.instance.task:
            raise ValidationError(
                {"task": f"This row sets how often a tier is polled: it stays {self.instance.task}."}
            )
        return data


admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class EntryAdmin(PeriodicTaskAdmin):
    """The stock page, with the tiers' rows kept."""

    form = EntryForm
    change_form_template = "dashboard/entry_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        if obj is not None and obj.name in TIER_ROWS:
            return False
        return bool(super().has_delete_permission(request, obj))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        kept = queryset.filter(name__in=TIER_ROWS)
        if kept.exists():
            names = ", ".join(kept.values_list("name", flat=True))
            self.message_user(request, f"{names} cannot be deleted: disable it instead.", messages.ERROR)
        super().delete_queryset(request, queryset.exclude(name__in=TIER_ROWS))
