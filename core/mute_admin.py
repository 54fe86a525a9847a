"""Mutes in the admin: made, listed, ended early. One that is made stays as the record of itself."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.functions import TransactionNow
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest

from core import alerting
from core.access import Principal, principal_of
from core.edits import note
from core.models import Mute
from core.models.alerts import MUTABLE

LASTING = (
    ("15", "15 minutes"),
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("120", "2 hours"),
    ("240", "4 hours"),
    ("480", "8 hours"),
    ("1440", "24 hours"),
)


class MuteForm(forms.ModelForm):
    lasting = forms.ChoiceField(
        label="For how long", choices=LASTING, help_text="It ends by itself; you can end it earlier."
    )

    class Meta:
        model = Mute
        fields = (*MUTABLE, "reason")
        widgets = {"reason": forms.TextInput(attrs={"size": 60})}

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if sum(told.get(name) is not None for name in MUTABLE) > 1:
            raise ValidationError("Choose one part to mute. None of them means everything.")
        return told


class MuteAdmin(admin.ModelAdmin):
    """Mutes suppress what is sent to people, and no state: the board goes on."""

    form = MuteForm
    list_display = ("what", "until", "in_force", "reason", "by", "created_at", "ended_by")
    list_filter = ("until",)
    list_select_related = MUTABLE
    search_fields = ("reason", "by")
    autocomplete_fields = MUTABLE
    actions = ("end_now",)
    fieldsets = (
        (
            None,
            {
                "fields": (*MUTABLE, "lasting", "reason"),
                "description": "Nobody is notified of alerts about this part while it is muted. Choose a location, a "
                "group, a receiver or a channel, or none of them to mute everything. The board shows its states as "
                "ever.",
            },
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow the action to those who may; the record itself stays as it was made."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mute]:
        mutes: QuerySet[Mute] = super().get_queryset(request)
        return mutes.annotate(
            in_force=ExpressionWrapper(Q(until__gt=TransactionNow()), output_field=BooleanField())
        )

    @admin.display(boolean=True)
    def in_force(self, mute: Mute) -> bool:
        return bool(mute.in_force)  # type: ignore[attr-defined]  # annotated above

    def save_model(self, request: HttpRequest, obj: Mute, form: Any, change: bool) -> None:  # noqa: FBT001  Django's signature
        del change
        made = alerting.mute(
            obj.part,  # type: ignore[arg-type]  # one of the parts that a mute can be about
            lasting=timedelta(minutes=int(form.cleaned_data["lasting"])),
            by=_who(request),
            reason=obj.reason,
        )
        obj.pk, obj.until = made.pk, made.until
        obj._state.adding = False  # noqa: SLF001  it is kept

    @admin.action(description="End the selected mutes now", permissions=["change"])
    def end_now(self, request: HttpRequest, chosen: QuerySet[Mute]) -> None:
        ended: Sequence[Mute] = [mute for mute in chosen if alerting.unmute(mute.pk, by=_who(request))]
        note(request.user, ended, "Ended early.")
        what = "1 mute has" if len(ended) == 1 else f"{len(ended)} mutes have"
        self.message_user(request, f"{what} ended.", messages.SUCCESS)


def _who(request: HttpRequest) -> Principal:
    who = principal_of(request.user)
    assert who is not None  # noqa: S101  the admin lets nobody else in
    return who
