"""Changes on their way from a poll to the sockets, and the history that they become."""

from django.db import models


class Kind(models.TextChoices):
    """What an inbox row says of its channel."""

    CHANGE = "change"
    ADDED = "added"
    REMOVED = "removed"
    ALERT = "alert"
    KEYFRAME = "keyframe"  # of the history alone: nothing happened, a day began


class ChannelRecord(models.Model):
    """A channel's recorded state in the feed's names and units. `rev` counts its recorded changes.

    `drain` is what is remembered of its battery for the forecast; nobody is told of it.
    """

    channel = models.OneToOneField("core.Channel", models.CASCADE, primary_key=True, related_name="record")
    rev = models.BigIntegerField(default=0)
    recorded = models.JSONField(default=dict)
    drain = models.JSONField(null=True)

    class Meta:
        ordering = ["channel"]

    def __str__(self) -> str:
        return f"{self.channel_id} rev {self.rev}"


class Roster(models.Model):
    """What the feed has told of each channel's identity. No foreign key: it outlives what it names."""

    channel_id = models.BigIntegerField(primary_key=True)
    receiver_id = models.BigIntegerField()
    device_id = models.CharField(max_length=40)
    identity = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["receiver_id"], name="roster_of_a_receiver")]

    def __str__(self) -> str:
        return self.device_id


class Edited(models.Model):
    """A receiver of which something was edited; triggers write it, the next window consumes it."""

    receiver_id = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "edited"

    def __str__(self) -> str:
        return str(self.receiver_id)


class RecordedChange(models.Model):
    """One channel's changes in one poll: `changes {field: [from, to]}`, and the state after them.

    For an alert, `state` is the alert as the feed tells it; one about a whole receiver has no channel. Where something
    is told of who the channel is (keyframe, added, edited), its identity stands in `state` too.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CHANGE)
    channel_id = models.BigIntegerField(null=True)
    device_id = models.CharField(max_length=40)
    rev = models.BigIntegerField()
    changes = models.JSONField(default=dict)
    state = models.JSONField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.device_id} rev {self.rev}"


class Inbox(RecordedChange):
    """Recorded, not yet in a window. Rows of one receiver are in order, because its claim is locked first."""

    id = models.BigAutoField(primary_key=True)

    class Meta:
        verbose_name_plural = "inbox"


class ChangeRecord(RecordedChange):
    """The history, by the `seq` of the window that carried it.

    Partitioned by UTC day, each of which begins with a keyframe of every channel: the table's key is (`at`, `id`),
    Django's is `id` alone because its admin refuses composite keys. Nothing has a foreign key to it, and it has none.
    """

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["channel_id", "at"], name="change_of_a_channel_over_time"),
            models.Index(fields=["seq"], name="change_of_a_window"),
            models.Index(fields=["at"], name="change_of_an_alert", condition=models.Q(kind="alert")),
            models.Index(
                fields=["at"],
                name="change_that_tells_an_identity",
                condition=models.Q(state__has_key="receiver_id"),
            ),
        ]


class Absence(models.Model):
    """A time in which nobody polled: from the last poll before it up to the first after it."""

    since = models.DateTimeField(unique=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("since")), name="absence_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"


class Head(models.Model):
    """The one row that numbers the windows; whoever holds its lock is the emitter.

    `epoch` names the sequence; `access_version` rises when anybody's rights change; `keyframed_on` is the last day
    that the history has begun.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    epoch = models.CharField(max_length=16)
    seq = models.BigIntegerField(default=0)
    intervals = models.JSONField(default=dict)
    emitted_at = models.DateTimeField(null=True)
    access_version = models.BigIntegerField(default=0)
    keyframed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="head_is_one_row")]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.seq}"


class Window(models.Model):
    """One window as every client receives it: `frame` is the encoded `batch_update`."""

    epoch = models.CharField(max_length=16)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    frame = models.TextField()

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["epoch", "seq"], name="window_once_a_sequence")]
        indexes = [models.Index(fields=["at"], name="window_by_age_for_pruning")]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.seq}"
