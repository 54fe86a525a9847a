"""What an admin changes of many receivers at once, each noted in the admin's log, under the receiver's own history."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Model, QuerySet

from core import claims
from core.models import Group, Receiver

Who = AbstractBaseUser | AnonymousUser


def change(by: Who, chosen: QuerySet[Receiver], sentence: str, **values: Any) -> int:
    """Give receivers these values, in force at the next claim, and return how many they are."""
    with transaction.atomic():
        receivers = list(chosen)
        ids = [receiver.pk for receiver in receivers]
        claims.lock(ids)
        Receiver.objects.filter(pk__in=ids).update(**values)
        note(by, receivers, sentence)
    return len(ids)


def poll_now(by: Who, chosen: QuerySet[Receiver]) -> int:
    """Have receivers polled at once, and return how many they are."""
    with transaction.atomic():
        receivers = list(chosen)
        count = claims.poll_now(receiver.pk for receiver in receivers)
        note(by, receivers, "Polled at once.")
    return count


def hold(group_ids: Iterable[int]) -> None:
    """Lock groups whose slots are about to be edited, and the claims of who stands there."""
    list(Group.objects.select_for_update().filter(pk__in=group_ids).order_by("pk"))
    standing = Receiver.objects.filter(channels__slots__group__in=group_ids)
    claims.lock(set(standing.values_list("pk", flat=True)))


def note(by: Who, objects: Iterable[Model], sentence: str) -> None:
    """Put a sentence into the log of each."""
    LogEntry.objects.log_actions(by.pk, objects, CHANGE, sentence)  # type: ignore[arg-type]  # all have signed in


def counted(count: int, what: str) -> str:
    """Return what became of so many: "1 receiver is now …", "3 receivers are now …"."""
    return f"1 receiver is {what}." if count == 1 else f"{count:,} receivers are {what}."
