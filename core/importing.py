"""Names, colours, places and slots from a file: what it would change is seen first, and then all of it done or nothing.

What is planned is compared anew under locks with what was seen; open walls are told by the next window.
"""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models.fields.json import KeyTextTransform

from core import claims
from core.domain.sheets import Edit, House, Plan, Sheet, Standing, in_words, plan
from core.edits import Who, hold, note
from core.models import Channel, Group, Location, Receiver, Slot

AT_ONCE = 500  # rows of one statement


def house() -> House:
    """Return all channels as they are, by their receivers."""
    channels = (
        Channel.objects.select_related("receiver__location")
        .prefetch_related("slots__group")
        .annotate(reported_name=KeyTextTransform("reported_name", "record__recorded"))
        .order_by("receiver__code", "number")
    )
    return House(
        channels=tuple(_standing(channel) for channel in channels),
        locations=dict(Location.objects.values_list("slug", "title")),
        groups=dict(Group.objects.values_list("slug", "title")),
    )


def _standing(channel: Channel) -> Standing:
    receiver = channel.receiver
    return Standing(
        device_id=channel.device_id,
        receiver=receiver.code,
        number=channel.number,
        receiver_name=receiver.name,
        model=receiver.model,
        reported_name=channel.reported_name or "",  # type: ignore[attr-defined]  # annotated above
        name=channel.alias,
        colour=channel.colour,
        location=receiver.location.slug if receiver.location else None,
        slots={slot.group.slug: slot.number for slot in channel.slots.all()},
    )


def fingerprint(planned: Plan) -> str:
    """Return what tells this plan from any other."""
    return sha256(repr(planned).encode()).hexdigest()


def rights(planned: Plan) -> set[str]:
    """Return the permissions that it takes to do this."""
    return {"core.change_channel", *map(_right, planned.edits)}


def _right(edit: Edit) -> str:
    if edit.what == "slot":
        verb = "add" if edit.before is None else "delete" if edit.after is None else "change"
        return f"core.{verb}_slot"
    return "core.change_receiver" if edit.what == "location" else "core.change_channel"


def carry_out(sheet: Sheet, seen: Plan, *, by: Who | None) -> bool:
    """Do what was seen, whole, noted in the admin's log where somebody does it. False: it is another plan by now."""
    device_ids = {edit.device_id for edit in seen.edits}
    with transaction.atomic():
        _lock(device_ids)
        if seen.complaints or plan(sheet, house()) != seen:
            return False
        channels = {
            channel.device_id: channel
            for channel in Channel.objects.select_related("receiver").filter(device_id__in=device_ids)
        }
        _name_and_mark(seen.edits, channels)
        _place(seen.edits, channels, by)
        _put_into_slots(seen.edits, channels, by)
        if by is not None:
            _note(seen.edits, channels, by)
    return True


def _lock(device_ids: set[str]) -> None:
    """Hold whatever else could be edited meanwhile: all groups, then the claims as polls do, then the channels."""
    hold(Group.objects.values_list("pk", flat=True))
    mine = Channel.objects.filter(device_id__in=device_ids)
    claims.lock(set(mine.values_list("receiver_id", flat=True)))
    list(mine.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _name_and_mark(edits: Iterable[Edit], channels: dict[str, Channel]) -> None:
    changed = set()
    for edit in edits:
        channel = channels[edit.device_id]
        if edit.what == "name":
            channel.alias = str(edit.after)
            changed.add(channel)
        elif edit.what == "colour":
            channel.colour = None if edit.after is None else str(edit.after)
            changed.add(channel)
    Channel.objects.bulk_update(changed, ["alias", "colour"], batch_size=AT_ONCE)


def _place(edits: Iterable[Edit], channels: dict[str, Channel], by: Who | None) -> None:
    moved: dict[str | None, list[Receiver]] = defaultdict(list)
    for edit in edits:
        if edit.what == "location":
            moved[None if edit.after is None else str(edit.after)].append(channels[edit.device_id].receiver)
    locations = Location.objects.in_bulk([slug for slug in moved if slug], field_name="slug")
    for slug, receivers in moved.items():
        location = locations[slug] if slug else None
        Receiver.objects.filter(pk__in=[receiver.pk for receiver in receivers]).update(location=location)
        if by is not None:
            note(by, receivers, f"Imported: location {slug or 'none'}.")


def _put_into_slots(edits: Iterable[Edit], channels: dict[str, Channel], by: Who | None) -> None:
    moves = [edit for edit in edits if edit.what == "slot"]
    groups = Group.objects.in_bulk({edit.group for edit in moves}, field_name="slug")
    taken = {
        (slot.channel_id, slot.group.slug): slot
        for slot in Slot.objects.select_related("group").filter(channel__in=channels.values())
    }
    new, renumbered, left = [], [], []
    for edit in moves:
        channel = channels[edit.device_id]
        slot = taken.get((channel.pk, edit.group))
        if slot is None:
            new.append(Slot(group=groups[edit.group], channel=channel, number=int(edit.after or 0)))
        elif edit.after is None:
            left.append(slot.pk)
        else:
            slot.number = int(edit.after)
            renumbered.append(slot)
    Slot.objects.filter(pk__in=left).delete()
    Slot.objects.bulk_update(renumbered, ["number"], batch_size=AT_ONCE)
    Slot.objects.bulk_create(new, batch_size=AT_ONCE)
    if by is not None:
        note(by, groups.values(), "Imported: its slots.")


def _note(edits: Iterable[Edit], channels: dict[str, Channel], by: Who) -> None:
    """Put into the log of each channel what was changed of it."""
    told: dict[str, list[str]] = defaultdict(list)
    for edit in edits:
        told[edit.device_id].append(in_words(edit))
    of_channels = ContentType.objects.get_for_model(Channel)
    LogEntry.objects.bulk_create(
        (
            LogEntry(
                user_id=int(by.pk or 0),  # all have signed in
                content_type=of_channels,
                object_id=str(channels[device_id].pk),
                object_repr=str(channels[device_id])[:200],
                action_flag=CHANGE,
                change_message=f"Imported: {'; '.join(sentences)}.",
            )
            for device_id, sentences in told.items()
        ),
        batch_size=AT_ONCE,
    )
