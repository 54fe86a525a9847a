"""The records in the admin. Channels, tokens, limits, mutes, slots and a location's form have modules of their own; the
schedule's page stands in the dashboard, which knows the tiers' rows.
"""

import zoneinfo
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.functions import TransactionNow
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from core import edits, notices
from core.channel_admin import ChannelAdmin
from core.found_admin import FoundAdmin
from core.limits_admin import LimitsAdmin
from core.location_admin import LocationForm
from core.models import (
    Alert,
    ChangeRecord,
    Channel,
    Claim,
    Destination,
    Group,
    Limits,
    Location,
    Mute,
    Notice,
    Receiver,
    Server,
    ServerHealth,
    Token,
    Window,
)
from core.mute_admin import MuteAdmin
from core.slot_admin import GroupForm, SlotInline
from core.token_admin import TokenAdmin

NOTICES_SHOWN = 20

admin.site.register(Channel, ChannelAdmin)
admin.site.register(Limits, LimitsAdmin)
admin.site.register(Mute, MuteAdmin)
admin.site.register(Token, TokenAdmin)


class ReadOnlyAdmin(FoundAdmin):
    """For what only the poller writes."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


class WithParts(admin.ModelAdmin):
    """For what goes together with its parts, though no part can be deleted by itself."""

    parts: tuple[type[Model], ...] = ()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        shown, counts, refused, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(refused) - {part._meta.verbose_name for part in self.parts}, protected  # noqa: SLF001  Django's own way


@admin.register(Location)
class LocationAdmin(WithParts):
    """Its event's end is written and shown in its own zone."""

    parts = (Limits, Mute)
    form = LocationForm
    list_display = ("slug", "title", "zone", "event_end", "tier")
    list_filter = ("tier",)
    search_fields = ("slug", "title")

    @admin.display(description="event ends", ordering="event_ends_at", empty_value="-")
    def event_end(self, location: Location) -> str | None:
        if location.event_ends_at is None:
            return None
        return f"{location.event_ends_at.astimezone(zoneinfo.ZoneInfo(location.zone)):%d %b %Y, %H:%M}"


@admin.register(Group)
class GroupAdmin(WithParts):
    """Its slots are renumbered all at once. One edit of a group waits for the other."""

    parts = (Limits, Mute)
    form = GroupForm
    fields = ("slug", "title", "tier", "make_room")
    list_display = ("slug", "title", "slot_count", "tier")
    list_filter = ("tier",)
    search_fields = ("slug", "title")
    inlines = (SlotInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(slot_count=Count("slots"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Group | None:
        group: Group | None = super().get_object(request, object_id, from_field)
        if group is not None and request.method == "POST":
            edits.hold([group.pk])
        return group

    @admin.display(description="slots")
    def slot_count(self, group: Group) -> int:
        return int(group.slot_count)  # type: ignore[attr-defined]  # annotated above


class ServerHealthInline(admin.StackedInline):
    model = ServerHealth
    fields = readonly_fields = (
        *("status", "detail", "latency_ms", "failures", "error_count", "checked_at", "ok_at"),
        *("listed", "suspicious", "notice", "left_out"),
    )
    can_delete = False

    @admin.display(description="left out of its list")
    def left_out(self, health: ServerHealth) -> str:
        return "\n".join(f"{one['source_id']}: {one['detail']}" for one in health.anomalies) or "-"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(Server)
class ServerAdmin(WithParts):
    """Only superusers say where a server is: the workers send it the key that its settings name."""

    parts = (Channel, Claim, Limits, Mute)
    list_display = ("name", "url", "enabled", "location", "status", "detail")
    list_filter = ("enabled", "location", "health__status")
    list_select_related = ("location", "health")
    search_fields = ("name", "url")
    inlines = (ServerHealthInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return bool(request.user.is_superuser)

    @admin.display(ordering="health__status")
    def status(self, server: Server) -> str:
        return server.health.status if hasattr(server, "health") else "not asked yet"

    @admin.display(description="last error")
    def detail(self, server: Server) -> str:
        return server.health.detail if hasattr(server, "health") else ""


class ChannelInline(admin.TabularInline):
    model = Channel
    fields = ("number", "device_id", "kind", "alias", "colour")
    readonly_fields = ("number", "device_id", "kind")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(Receiver)
class ReceiverAdmin(WithParts):
    """Receivers are found by the inventory; here they are named, placed and scheduled."""

    parts = (Channel, Claim, Limits, Mute)

    list_display = ("code", "name", "model", "server", "location", "tier", "reason", "interval", "enabled")
    list_filter = ("enabled", "critical", "claim__tier", "server", "location", "model", "device_state")
    list_select_related = ("server", "location", "claim")
    search_fields = ("code", "name", "model", "serial", "source_id", "address", "channels__alias")
    readonly_fields = (
        "code",
        "server",
        "source_id",
        "name",
        "model",
        "serial",
        "firmware",
        "address",
        "device_state",
        "compatibility",
        "capabilities",
        "first_seen_at",
    )
    inlines = (ChannelInline,)
    actions = ("poll_now",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    @admin.display(ordering="claim__tier")
    def tier(self, receiver: Receiver) -> str:
        return receiver.claim.tier

    @admin.display
    def reason(self, receiver: Receiver) -> str:
        return receiver.claim.tier_reason

    @admin.display(description="own interval")
    def interval(self, receiver: Receiver) -> str:
        return f"{receiver.interval_s:g} s" if receiver.interval_s else "of its tier"

    @admin.action(description="Poll the selected receivers now", permissions=["change"])
    def poll_now(self, request: HttpRequest, chosen: QuerySet[Receiver]) -> None:
        count = edits.poll_now(request.user, chosen)
        self.message_user(request, edits.counted(count, "polled within half a second"), messages.SUCCESS)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ("receiver", "tier", "tier_reason", "slot_at", "seen_at", "failures", "stale")
    list_filter = ("tier", "stale", "tier_reason")
    list_select_related = ("receiver",)
    search_fields = ("receiver__code", "receiver__name")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = (
        *("since", "message", "severity", "state", "acknowledged_by", "ack_reason"),
        *("muted_until", "resolved_at"),
    )
    list_filter = ("state", "severity", "rule")
    search_fields = ("message",)


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin):
    """Only superusers say where the address is: the workers read the file that it names."""

    change_form_template = "core/destination_form.html"
    list_display = ("name", "severity", "location", "group", "enabled", "last", "answer")
    list_filter = ("enabled", "severity")
    list_select_related = ("location", "group")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Destination]:
        destinations: QuerySet[Destination] = super().get_queryset(request)
        newest = Notice.objects.filter(destination=OuterRef("pk"), tried_at__isnull=False).order_by(
            "-tried_at"
        )
        return destinations.annotate(
            last_at=Subquery(newest.values("tried_at")[:1]),
            last_answer=Subquery(newest.values("answer")[:1]),
        )

    @admin.display(description="last tried")
    def last(self, destination: Destination) -> Any:
        return destination.last_at  # type: ignore[attr-defined]  # annotated above, as what follows

    @admin.display(description="answer")
    def answer(self, destination: Destination) -> str:
        return destination.last_answer or "nothing was sent yet"  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: Destination, form: Any, change: bool) -> None:  # noqa: FBT001  Django's own
        if {"enabled", "severity", "location", "group"} & set(form.changed_data):
            obj.told_from = TransactionNow()  # from now on, and nothing of what is open already
        super().save_model(request, obj, form, change)

    def response_change(self, request: HttpRequest, obj: Destination) -> HttpResponse:
        if "_test" not in request.POST:
            return super().response_change(request, obj)
        if obj.enabled:
            notices.put_test(obj)
            self.message_user(request, "A test is on its way. Its answer appears below.", messages.SUCCESS)
        else:
            self.message_user(request, "It is not enabled: nothing is sent.", messages.WARNING)
        return HttpResponseRedirect(request.path)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        told = Notice.objects.filter(destination_id=object_id)[:NOTICES_SHOWN] if object_id.isdigit() else ()
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "notices": told})


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "destination",
        "kind",
        "severity",
        "message",
        "state",
        "tried_at",
        "attempts",
        "answer",
    )
    list_filter = ("state", "destination", "kind", "severity")
    list_select_related = ("destination",)
    search_fields = ("message", "answer")


@admin.register(ChangeRecord)
class ChangeRecordAdmin(ReadOnlyAdmin):
    list_display = ("at", "device_id", "kind", "changes", "seq")
    list_filter = ("kind",)
    search_fields = ("device_id",)
    show_full_result_count = False  # counting the history would read all of it


@admin.register(Window)
class WindowAdmin(ReadOnlyAdmin):
    list_display = ("at", "epoch", "seq")
    show_full_result_count = False
