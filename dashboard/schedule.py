"""The schedule in the admin: the three tiers with their load, and every receiver with why and when it is polled."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.postgres.functions import TransactionNow
from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_celery_beat.models import PeriodicTask

from core import edits, explain, load
from core.domain.tiers import Tier
from core.found_admin import FoundAdmin
from core.models import Receiver, Schedule
from dashboard.schedule_filters import (
    FailuresFilter,
    GroupFilter,
    IntervalFilter,
    NextPollFilter,
    ResultFilter,
)


class IntervalForm(forms.Form):
    """One interval for all chosen receivers, within what a receiver and the machine can do."""

    interval_s = forms.FloatField(
        label="Seconds between polls",
        required=False,
        help_text="From 1 to 3,600; empty: the interval of its tier.",
        error_messages={"invalid": "Write a number of seconds, such as 5 or 2.5."},
    )

    def __init__(self, *args: Any, receivers: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receivers = receivers

    def clean_interval_s(self) -> float | None:
        interval_s: float | None = self.cleaned_data["interval_s"]
        if interval_s is not None and (sentence := load.refusal(interval_s, receivers=self._receivers)):
            raise ValidationError(sentence)
        return interval_s


class ScheduleAdmin(FoundAdmin):
    """Whoever may see or change a receiver may see or change its schedule."""

    change_list_template = "dashboard/schedule.html"
    list_display = ("code", "tier", "reason", "interval", "next_poll", "last_result", "failures")
    list_display_links = None
    list_filter = (
        "tier",
        "tier_reason",
        IntervalFilter,
        NextPollFilter,
        ResultFilter,
        FailuresFilter,
        ("receiver__critical", admin.BooleanFieldListFilter),
        ("receiver__enabled", admin.BooleanFieldListFilter),
        "receiver__server",
        "receiver__location",
        GroupFilter,
    )
    list_select_related = ("receiver__server",)
    search_fields = (
        "receiver__code",
        "receiver__name",
        "receiver__model",
        "receiver__address",
        "receiver__channels__alias",
        "receiver__channels__device_id",
        "tier_reason",
    )
    search_help_text = "A receiver's code, name, model or address, a channel's id or alias, or a reason."
    ordering = ("receiver__code",)
    actions = ("poll_now", "make_critical", "make_not_critical", "set_interval", "enable", "disable")

    class Media:
        css = {"all": ("micboard/css/admin.css",)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return request.user.has_perm("core.view_receiver") or self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return request.user.has_perm("core.change_receiver")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Add to each row its interval, when it is due, and the time by which all of it is told."""
        rows: QuerySet[Schedule] = super().get_queryset(request)
        tiers = load.tiers()
        return rows.annotate(
            now=TransactionNow(),
            tier_enabled=Case(*(When(tier=row.tier, then=Value(row.enabled)) for row in tiers)),
            interval_s=Coalesce(
                "receiver__interval_s",
                Case(*(When(tier=row.tier, then=Value(row.interval_s)) for row in tiers)),
                output_field=FloatField(),
            ),
            due_at=ExpressionWrapper(
                F("slot_at")
                + Func(
                    F("interval_s"),
                    template="make_interval(secs => %(expressions)s)",
                    output_field=DurationField(),
                ),
                output_field=DateTimeField(),
            ),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rows = dict(
            PeriodicTask.objects.filter(name__in=[f"poll:{tier}" for tier in Tier]).values_list("name", "pk")
        )
        tiers = load.by_tier()
        told = {
            "title": "Schedule",
            "tiers": [(tier, rows.get(f"poll:{tier.tier}")) for tier in tiers],
            "total": load.total(tiers),
            "may_tune": request.user.has_perm("django_celery_beat.change_periodictask"),
        }
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the receiver's page, which is where it is changed."""
        del request, form_url, extra_context
        return HttpResponseRedirect(reverse("admin:core_receiver_change", args=[object_id]))

    @admin.display(description="receiver", ordering="receiver__code")
    def code(self, row: Schedule) -> SafeString:
        address = reverse("admin:core_receiver_change", args=[row.pk])
        return format_html('<a href="{}">{}</a> {}', address, row.receiver.code, row.receiver.name)

    @admin.display(ordering="tier_reason")
    def reason(self, row: Schedule) -> str:
        return row.tier_reason

    @admin.display(ordering="interval_s")
    def interval(self, row: Schedule) -> str:
        own = ", its own" if row.receiver.interval_s else ""
        return f"{row.interval_s:g} s{own}"  # type: ignore[attr-defined]  # annotated above

    @admin.display(ordering="due_at")
    def next_poll(self, row: Any) -> str:
        coming = explain.next_poll(
            row, now=row.now, interval_s=row.interval_s, tier_enabled=bool(row.tier_enabled)
        )
        return coming.short

    @admin.display(ordering="polled_at")
    def last_result(self, row: Any) -> SafeString:
        if row.polled_at is None:
            return format_html('<span class="result">{}</span>', "not polled yet")
        errors = " ".join(filter(None, (row.command_strings_error, row.system_api_error)))
        at = explain.ago(row.polled_at, row.now)
        if not errors:
            return format_html('<span class="result" data-result="ok">ok</span>, {}', at)
        return format_html('<span class="result" data-result="failed">failed</span>, {}: {}', at, errors)

    @admin.action(description="Poll now", permissions=["change"])
    def poll_now(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        count = edits.poll_now(request.user, _receivers(chosen))
        self.message_user(request, edits.counted(count, "polled within half a second"), messages.SUCCESS)

    @admin.action(description="Make critical", permissions=["change"])
    def make_critical(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        self._change(request, chosen, "now critical", critical=True)

    @admin.action(description="Make not critical", permissions=["change"])
    def make_not_critical(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        self._change(request, chosen, "no longer critical", critical=False)

    @admin.action(description="Set interval…", permissions=["change"])
    def set_interval(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> HttpResponse | None:
        """Ask for the number first, on a page of its own, and again where it cannot be."""
        receivers = list(chosen.values_list("pk", flat=True))
        form = IntervalForm(request.POST if "set" in request.POST else None, receivers=receivers)
        if form.is_valid():
            interval_s = form.cleaned_data["interval_s"]
            what = (
                "polled at the interval of its tier"
                if interval_s is None
                else f"polled every {interval_s:g} s"
            )
            self._change(request, chosen, what, interval_s=interval_s)
            return None
        return TemplateResponse(
            request,
            "dashboard/set_interval.html",
            {
                **self.admin_site.each_context(request),
                "title": "Set interval",
                "opts": self.opts,
                "form": form,
                "count": len(receivers),
                "across": request.POST.get("select_across", "0"),
                # Those that were chosen by hand: never more than a page of them.
                "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "name": ACTION_CHECKBOX_NAME,
            },
        )

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        self._change(request, chosen, "enabled", enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        self._change(request, chosen, "disabled", enabled=False)

    def _change(
        self, request: HttpRequest, chosen: QuerySet[Schedule], what: str, **values: bool | float | None
    ) -> None:
        count = edits.change(request.user, _receivers(chosen), f"{what[0].upper()}{what[1:]}.", **values)
        self.message_user(request, edits.counted(count, what), messages.SUCCESS)


def _receivers(chosen: QuerySet[Schedule]) -> QuerySet[Receiver]:
    return Receiver.objects.filter(pk__in=list(chosen.values_list("pk", flat=True)))
