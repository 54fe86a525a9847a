"""What says when a receiver is due, and what the last polls left behind for the next."""

from django.db import models

from core.domain.tiers import Tier


class Claim(models.Model):
    """The hot row of a receiver: narrow, without a foreign key's index, updated in place at each poll.

    A claim is due one interval after `slot_at`, the slot that was claimed last, or at once while it is `wanted`.
    What the interval is, is looked up at each claim: an edited one is in force at once. Whoever publishes the
    poll raises `claim_seq` and holds it until `inflight_until`. A worker starts a claim once
    (`started_seq`) and finishes it only while `claim_seq` is still its own and nobody else has recorded for the
    receiver (`recorded_seq`).
    """

    receiver = models.OneToOneField("core.Receiver", models.CASCADE, primary_key=True, related_name="claim")
    slot_at = models.DateTimeField()
    wanted = models.BooleanField(default=False)
    inflight_until = models.DateTimeField(null=True)
    claim_seq = models.BigIntegerField(default=0)
    started_seq = models.BigIntegerField(default=0)
    recorded_seq = models.BigIntegerField(default=0)
    tier = models.CharField(
        max_length=8, choices=[(tier.value, tier.value) for tier in Tier], default=Tier.NORMAL.value
    )
    tier_reason = models.CharField(max_length=64, default="new")
    watched_until = models.DateTimeField(null=True)
    troubled_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    lost_at = models.DateTimeField(null=True)
    system_api_ok_at = models.DateTimeField(null=True)
    system_api_failures = models.PositiveIntegerField(default=0)
    system_api_error = models.TextField(default="", blank=True)
    command_strings_ok_at = models.DateTimeField(null=True)
    command_strings_failures = models.PositiveIntegerField(default=0)
    command_strings_error = models.TextField(default="", blank=True)
    seen_at = models.DateTimeField(null=True)
    stale_at = models.DateTimeField(null=True)
    stale = models.BooleanField(default=False)

    class Meta:
        ordering = ["receiver"]

    def __str__(self) -> str:
        return f"{self.receiver_id}: {self.tier}"


class Schedule(Claim):
    """The schedule, a receiver each row, as the admin's page of that name lists it."""

    class Meta:
        proxy = True
        default_permissions = ()  # whoever may see or change a receiver may see or change this
        verbose_name = "scheduled receiver"
        verbose_name_plural = "scheduled receivers"


class PollRecord(models.Model):
    """One of a receiver's last ten polls, in the slot of its number modulo ten, updated in place.

    `tier` is the one that it was polled in. A source's word is "ok" or why it failed, None where it was not asked.
    The table's foreign key deletes the rows with their receiver, so that Django need not collect them.
    """

    KEPT = 10

    pk = models.CompositePrimaryKey("receiver_id", "slot")
    receiver = models.ForeignKey(
        "core.Receiver", models.DO_NOTHING, related_name="polls", db_constraint=False, db_index=False
    )
    slot = models.SmallIntegerField()
    claim_seq = models.BigIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(help_text="From the start of the claim to its record.")
    tier = models.CharField(max_length=8)
    system_api = models.TextField(null=True)  # noqa: DJ001  None: it was not asked
    command_strings = models.TextField(null=True)  # noqa: DJ001  None: it was not asked

    class Meta:
        ordering = ["-claim_seq"]

    def __str__(self) -> str:
        return f"{self.receiver_id}: poll {self.claim_seq}"


class PollMemory(models.Model):
    """What vouches for "unchanged", a resource each: `{"device": {"etag": …, "digest": …}}`."""

    receiver = models.OneToOneField("core.Receiver", models.CASCADE, primary_key=True, related_name="memory")
    resources = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "poll memory"

    def __str__(self) -> str:
        return str(self.receiver_id)


class Pulse(models.Model):
    """When a part of the poller last showed that it is alive: beat, and each queue's workers."""

    part = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["part"]

    def __str__(self) -> str:
        return self.part
