"""The doors of the workers."""

from celery import shared_task

from core import claims, pulses, retention
from core.domain.tiers import Tier
from core.models import Server
from pollers import inventory
from pollers.poll import poll

INVENTORY_EXPIRES_S = 60  # the next one is there by then


class SourceFailed(Exception):
    """A source did not answer, and why. The poll is recorded all the same; this is for those who watch tasks."""


@shared_task(name="pollers.poll_device", ignore_result=True, throws=(SourceFailed,))
def poll_device(*, device_id: int, claim_seq: int | None = None) -> None:
    """Poll one receiver. Without a claim, as an admin's own entry sends it, have beat claim it at once."""
    if claim_seq is None:
        claims.poll_now([device_id])
        return
    outcome = poll(device_id=device_id, claim_seq=claim_seq)
    if outcome and (why := " ".join(filter(None, (standing.error for standing in outcome.sources.values())))):
        raise SourceFailed(why)


@shared_task(name="pollers.poll_tier", ignore_result=True)
def poll_tier(*, tier: str) -> None:
    """Poll a whole tier at once: what "Run selected tasks" on its row in the admin does."""
    claims.poll_tier_now(Tier(tier))


@shared_task(name="pollers.inventory", ignore_result=True)
def take_inventory() -> None:
    """Take the inventory of each server in a task of its own: one that does not answer holds no other up."""
    for server_id in Server.objects.filter(enabled=True).values_list("pk", flat=True):
        take_inventory_of.apply_async(kwargs={"server_id": server_id}, expires=INVENTORY_EXPIRES_S)


@shared_task(name="pollers.inventory_of", ignore_result=True)
def take_inventory_of(*, server_id: int) -> None:
    inventory.take_of(server_id)


@shared_task(name="pollers.retention", ignore_result=True)
def retain() -> None:
    retention.ensure_partitions()
    retention.drop_old_history()
    retention.prune_alerts()
    retention.prune_mutes()
    retention.prune_notices()
    retention.prune_absences()
    retention.prune_sessions()
    retention.prune_tickets()


@shared_task(name="pollers.show_pulse", ignore_result=True)
def show_pulse(*, part: str) -> None:
    pulses.show(part)
