"""Channels in the admin: named and marked in their list, and all at once from a spreadsheet's file.

A file is shown as what it would change, and goes back and forth signed, with a fingerprint of what was shown: what is
done is what was seen.
"""

from base64 import b64decode, b64encode
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from core import importing
from core.domain import sheets
from core.found_admin import FoundAdmin
from core.models import Channel

SALT = "core.import-channels"
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes the text for another alphabet's
SHOWN_COMPLAINTS = 200
MAY = {
    "core.change_channel": "name channels",
    "core.change_receiver": "place receivers",
    "core.add_slot": "put channels into groups",
    "core.change_slot": "renumber slots",
    "core.delete_slot": "take channels out of groups",
}


class FileForm(forms.Form):
    """A file that can be read; `sheet` is what it says."""

    file = forms.FileField(
        label="CSV file", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt"})
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.data_read = file.read(sheets.LARGEST + 1)
            self.sheet = sheets.read(self.data_read)
        except sheets.Unreadable as error:
            raise ValidationError(str(error)) from error
        return file


class ChannelAdmin(FoundAdmin):
    """Channels come and go with their receivers."""

    change_list_template = "core/channel_list.html"
    list_display = ("device_id", "alias", "colour", "reported", "slots_in_groups", "receiver")
    list_editable = ("alias", "colour")
    list_filter = ("kind", "slots__group", "receiver__location", "colour", "receiver__model")
    list_select_related = ("receiver", "record")
    search_fields = ("device_id", "alias", "receiver__code", "receiver__name")
    readonly_fields = ("device_id", "receiver", "number", "kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        channels: QuerySet[Channel] = super().get_queryset(request)
        return channels.prefetch_related("slots__group")

    @admin.display(description="name it reports", empty_value="-")
    def reported(self, channel: Channel) -> str | None:
        return channel.record.recorded.get("reported_name") if hasattr(channel, "record") else None

    @admin.display(description="slots", empty_value="-")
    def slots_in_groups(self, channel: Channel) -> str | None:
        slots = sorted((slot.group.slug, slot.number) for slot in channel.slots.all())
        return ", ".join(f"{group} {number}" for group, number in slots) or None

    # All at once

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may = {"may_import": self.has_change_permission(request)}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_csv), name="core_channel_import"),
            path("channels.csv", view(self.export_csv), name="core_channel_export"),
            *super().get_urls(),
        ]

    def export_csv(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        text = BYTE_ORDER_MARK + sheets.written(importing.house())
        disposition = {"Content-Disposition": 'attachment; filename="channels.csv"'}
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=disposition)

    def import_csv(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        if "signed" in request.POST:
            return self._carry_out(request, request.POST["signed"])
        if request.method != "POST":
            return self._page(request, form=FileForm())
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form=form)
        return self._preview(request, form.data_read, form.sheet)

    def _preview(
        self, request: HttpRequest, data: bytes, sheet: sheets.Sheet, *, is_other: bool = False
    ) -> HttpResponse:
        """Show what would be done; `is_other` says that it is not what was shown before."""
        house = importing.house()
        planned = sheets.plan(sheet, house)
        signed = {"file": b64encode(data).decode(), "seen": importing.fingerprint(planned)}
        missing = [
            MAY[right] for right in sorted(importing.rights(planned)) if not request.user.has_perm(right)
        ]
        names = {channel.device_id: channel.name or channel.reported_name for channel in house.channels}
        return self._page(
            request,
            form=FileForm(),
            sheet=sheet,
            plan=planned,
            edits=[(edit, names[edit.device_id]) for edit in planned.edits],
            complaints=planned.complaints[:SHOWN_COMPLAINTS],
            more_complaints=len(planned.complaints[SHOWN_COMPLAINTS:]),
            missing=missing,
            is_other=is_other,
            signed=None if missing else signing.dumps(signed, salt=SALT, compress=True),
        )

    def _carry_out(self, request: HttpRequest, signed: str) -> HttpResponse:
        try:
            told = signing.loads(signed, salt=SALT)
        except signing.BadSignature:
            self.message_user(
                request, "That preview did not come back whole: choose the file again.", messages.ERROR
            )
            return HttpResponseRedirect(request.path)
        data = b64decode(told["file"])
        sheet = sheets.read(data)
        planned = sheets.plan(sheet, importing.house())
        if not request.user.has_perms(importing.rights(planned)):
            raise PermissionDenied
        is_seen = importing.fingerprint(planned) == told["seen"]
        if not is_seen or not importing.carry_out(sheet, planned, by=request.user):
            return self._preview(request, data, sheet, is_other=True)
        count = len(planned.edits)
        said = "1 change was imported." if count == 1 else f"{count:,} changes were imported."
        self.message_user(request, f"{said} Open walls show it within two seconds.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:core_channel_changelist"))

    def _page(self, request: HttpRequest, **shown: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            "core/import_channels.html",
            {
                **self.admin_site.each_context(request),
                "title": "Import channels",
                "opts": self.opts,
                "most_lines": sheets.MOST_LINES,
                **shown,
            },
        )
