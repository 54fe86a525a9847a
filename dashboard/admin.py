"""The tiers' rows in the Periodic Tasks page: tuned like any entry, but not bent into something else.

The schedule's own page and the receiver's stand in modules of their own, and are registered here.
"""

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import IntervalScheduleAdmin, PeriodicTaskAdmin, PeriodicTaskForm
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from core import load
from core.domain.tiers import Tier
from core.edits import note
from core.models import Receiver, Schedule
from dashboard.receiver import ReceiverAdmin
from dashboard.schedule import ScheduleAdmin

PREFIX = "poll:"
TIER_ROWS = frozenset(f"{PREFIX}{tier}" for tier in Tier)
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "microseconds": 1e-6}


def refusal(every: int, period: str, polled: Collection[str]) -> str | None:
    """Return why no tier may be polled at this interval, or these of them not; None where they may.

    `polled` are the tiers' rows that it would be in force for.
    """
    tiers = [Tier(row.removeprefix(PREFIX)) for row in polled]
    return load.refusal(every * SECONDS[period], tiers=tiers)


class EntryForm(PeriodicTaskForm):
    """Adds what a tier's row has to be: an interval of a second to an hour, under its own name."""

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
        polled = [self.instance.name] if data.get("enabled") else []
        if sentence := refusal(interval.every, interval.period, polled):
            raise ValidationError({"interval": sentence})
        if data.get("task") != self.instance.task:
            raise ValidationError(
                {"task": f"This row sets how often a tier is polled: it stays {self.instance.task}."}
            )
        return data


class IntervalForm(forms.ModelForm):
    """Adds that an interval which a tier is polled at stays one that it may be polled at."""

    class Meta:
        error_messages = {"every": {"min_value": "Choose 1 or more: nothing is done less than once."}}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        is_complete = "every" in data and "period" in data
        if is_complete and self.instance.pk and tier_rows(interval=self.instance):
            polled = tier_rows(interval=self.instance, enabled=True)
            if sentence := refusal(data["every"], data["period"], polled):
                raise ValidationError({"every": f"A tier is polled at this interval. {sentence}"})
        return data


def tier_rows(**narrowed: Any) -> list[str]:
    """Return the names of the tiers' rows among some entries."""
    rows = PeriodicTask.objects.filter(name__in=TIER_ROWS, **narrowed)
    return list(rows.order_by("name").values_list("name", flat=True))


class KeepsTiers(admin.ModelAdmin):
    """For what cannot be deleted without a tier's row: the page that asks for a confirmation says so instead."""

    def tier_rows_of(self, objs: Any) -> list[str]:
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        shown, counts, refused, protected = super().get_deleted_objects(objs, request)
        kept = [
            f"{name}: this row sets how often a tier is polled. It stays; disable it instead."
            for name in self.tier_rows_of(objs)
        ]
        return shown, counts, refused, [*protected, *kept]


admin.site.unregister((Group, IntervalSchedule, PeriodicTask, Receiver))
admin.site.register(Receiver, ReceiverAdmin)
admin.site.register(Schedule, ScheduleAdmin)


@admin.register(PeriodicTask)
class EntryAdmin(KeepsTiers, PeriodicTaskAdmin):
    """The stock page, with the tiers' rows kept."""

    form = EntryForm
    change_form_template = "dashboard/entry_form.html"

    def tier_rows_of(self, objs: Any) -> list[str]:
        return tier_rows(pk__in=[entry.pk for entry in objs])

    @admin.action(description="Enable selected tasks", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._noted(request, queryset, "Enabled.", super().enable_tasks)

    @admin.action(description="Disable selected tasks", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._noted(request, queryset, "Disabled.", super().disable_tasks)

    @admin.action(description="Toggle activity of selected tasks", permissions=["change"])
    def toggle_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._noted(request, queryset, "Toggled.", super().toggle_tasks)

    @admin.action(description="Run selected tasks", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._noted(request, queryset, "Run.", super().run_tasks)

    def _noted(
        self,
        request: HttpRequest,
        entries: QuerySet[PeriodicTask],
        sentence: str,
        act: Callable[[HttpRequest, QuerySet[PeriodicTask]], object],
    ) -> None:
        """Do what the stock page does to several entries at once, and note it in the admin's log as well."""
        chosen = list(entries)
        act(request, entries)
        note(request.user, chosen, sentence)


@admin.register(IntervalSchedule)
class IntervalAdmin(KeepsTiers, IntervalScheduleAdmin):
    """The stock page, with the intervals of the tiers kept in their limits."""

    form = IntervalForm

    def tier_rows_of(self, objs: Any) -> list[str]:
        return tier_rows(interval__in=[interval.pk for interval in objs])
