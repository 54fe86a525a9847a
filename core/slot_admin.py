"""A group's slots in the admin, renumbered all at once: two may change places, and room is made where asked for."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest

from core.domain import slots
from core.domain.slots import LAST_SLOT
from core.models import Channel, Group, Slot


class GroupForm(forms.ModelForm):
    make_room = forms.BooleanField(
        required=False,
        help_text="Where a slot that you give is taken, what stands there moves on to the next, and what follows "
        "with it. Otherwise you are told.",
    )

    class Meta:
        model = Group
        fields = ("slug", "title", "tier")


class ChannelSelect(AutocompleteSelect):
    """Knows the channel that its form has read already: a long group asks no more of the database than a short one."""

    known: Channel | None = None

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        if self.known is None or value != [str(self.known.pk)]:
            return super().optgroups(name, value, attrs)
        return [(None, [self.create_option(name, value[0], str(self.known), True, 0)], 0)]


class SlotForm(forms.ModelForm):
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LAST_SLOT,
        label="Slot",
        help_text="Empty: behind the last.",
        widget=forms.NumberInput(attrs={"class": "vIntegerField"}),
    )

    class Meta:
        model = Slot
        fields = ("number", "channel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "channel" in self.fields:
            select: Any = self.fields["channel"].widget
            getattr(select, "widget", select).known = self.instance.channel

    def _get_validation_exclusions(self) -> set[str]:
        # What is unique in a group is decided over all its rows at once: one by one, two could not change places.
        return {*super()._get_validation_exclusions(), "group"}  # type: ignore[misc]  # django-stubs leave it out


class SlotFormSet(forms.BaseInlineFormSet):
    """Decides over all rows of the group, those that were added since the page was opened among them."""

    @cached_property
    def others(self) -> list[Slot]:
        """Slots of the group that the page does not show."""
        shown = [form.instance.pk for form in self.initial_forms]
        of_group = Slot.objects.filter(group=self.instance) if self.instance.pk else Slot.objects.none()
        return list(of_group.exclude(pk__in=shown).select_related("channel"))

    def clean(self) -> None:
        self.moved: list[Slot] = []
        if any(self.errors):
            return
        filled = [
            form
            for form in self.forms
            if form.instance.pk or form.has_changed()
            if form not in self.deleted_forms
        ]
        held: dict[int, Slot] = dict(enumerate([*self.others, *(form.instance for form in filled)]))
        rows = dict(enumerate(filled, start=len(self.others)))
        self._refuse_twice(rows)
        wishes = {row: form.cleaned_data["number"] for row, form in rows.items() if is_placed(form)}
        standing = {row: slot.number for row, slot in held.items() if row not in wishes}
        placed = slots.numbered(wishes, last=max(standing.values(), default=0))
        make_room = bool(self.data.get("make_room"))
        for row, holder in slots.clashes(placed, {} if make_room else standing).items():
            rows[row].add_error(
                None,  # above the row, over its whole width
                f"Slot {placed[row]} holds {held[holder].channel}. Give that another number as well, or choose "
                "“Make room” above.",
            )
        given = {**placed, **slots.given_way(placed, standing)} if make_room else placed
        for row, number in given.items():
            if held[row].number != number:
                held[row].number = number
                if row in standing:
                    self.moved.append(held[row])

    def validate_unique(self) -> None:
        """See `clean`."""

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002  Django's signature
        saved = super().save(commit)
        told = {slot.pk for slot, _ in self.changed_objects}
        Slot.objects.bulk_update(self.moved, ["number"])
        self.changed_objects += [(slot, ["number"]) for slot in self.moved if slot.pk not in told]
        return saved

    def _refuse_twice(self, rows: dict[int, Any]) -> None:
        seen = {slot.channel_id for slot in self.others}
        for form in rows.values():
            if form.instance.channel_id in seen:
                form.add_error("channel", f"{form.instance.channel} has a slot of this group already.")
            seen.add(form.instance.channel_id)


def is_placed(form: Any) -> bool:
    """Return whether a row says where it stands now; the others stand where they stood."""
    return not form.instance.pk or "number" in form.changed_data


class SlotInline(admin.TabularInline):
    model = Slot
    form = SlotForm
    formset = SlotFormSet
    fields = ("number", "channel")
    autocomplete_fields = ("channel",)
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Slot]:
        return super().get_queryset(request).select_related("channel", "group").order_by("number")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "channel":
            kwargs["widget"] = ChannelSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
