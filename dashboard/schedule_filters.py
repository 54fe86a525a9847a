"""The schedule's filters: what stands in its columns and is no field of its own."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from core.models import Group, Schedule

Choices = tuple[tuple[str, str, Q], ...]


class Conditions(SimpleListFilter):
    """A filter of a few named conditions."""

    conditions: Choices

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        del request, model_admin
        return [(value, words) for value, words, _ in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        chosen = [condition for value, _, condition in self.conditions if value == self.value()]
        return queryset.filter(*chosen)


class IntervalFilter(Conditions):
    title = "interval"
    parameter_name = "interval"
    conditions = (
        ("tier", "of its tier", Q(receiver__interval_s=None)),
        ("own", "its own", Q(receiver__interval_s__isnull=False)),
    )


_POLLED = Q(receiver__enabled=True, receiver__server__enabled=True)
_DUE = Q(wanted=True) | Q(tier_enabled=True, due_at__lte=F("now"))


class NextPollFilter(Conditions):
    title = "next poll"
    parameter_name = "next"
    conditions = (
        ("due", "due now", _POLLED & _DUE),
        ("waits", "later", _POLLED & Q(wanted=False, tier_enabled=True, due_at__gt=F("now"))),
        ("none", "none", ~_POLLED | Q(wanted=False, tier_enabled=False)),
    )


_FAILED = ~Q(system_api_error="", command_strings_error="")


class ResultFilter(Conditions):
    title = "last result"
    parameter_name = "result"
    conditions = (
        ("ok", "ok", Q(polled_at__isnull=False) & ~_FAILED),
        ("failed", "failed", Q(polled_at__isnull=False) & _FAILED),
        ("never", "not polled yet", Q(polled_at=None)),
    )


class FailuresFilter(Conditions):
    title = "failures"
    parameter_name = "failures"
    conditions = (
        ("none", "none", Q(failures=0)),
        ("some", "1 or 2", Q(failures__range=(1, 2))),
        ("many", "3 or more", Q(failures__gte=3)),
    )


class GroupFilter(SimpleListFilter):
    """Receivers with a channel in a group."""

    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        del request, model_admin
        return list(Group.objects.values_list("slug", "title"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        if self.value() is None:
            return queryset
        of_it = Schedule.objects.filter(receiver__channels__slots__group__slug=self.value())
        return queryset.filter(pk__in=of_it.values("pk"))
