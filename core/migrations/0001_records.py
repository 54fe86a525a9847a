import core.models.devices
import core.models.places
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

# By hand, because Django makes no partitioned tables. The key is (at, id); ids come from the inbox.
CHANGE_RECORD = """
CREATE TABLE core_changerecord (
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    kind varchar(8) NOT NULL,
    channel_id bigint NOT NULL,
    device_id varchar(40) NOT NULL,
    rev bigint NOT NULL,
    changes jsonb NOT NULL,
    state jsonb NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE TABLE core_changerecord_default PARTITION OF core_changerecord DEFAULT;
CREATE INDEX change_of_a_channel_over_time ON core_changerecord (channel_id, at);
CREATE INDEX change_of_a_window ON core_changerecord (seq);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("microphone", "microphone"), ("bay", "bay")],
                        default="microphone",
                        max_length=12,
                    ),
                ),
                ("device_id", models.CharField(editable=False, max_length=40, unique=True)),
                (
                    "alias",
                    models.CharField(
                        blank=True,
                        help_text="Shown instead of the name that the receiver reports.",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "ordering": ["receiver", "number"],
            },
        ),
        migrations.CreateModel(
            name="Receiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(editable=False, max_length=32, unique=True)),
                (
                    "source_id",
                    models.CharField(editable=False, max_length=255, verbose_name="the server's id"),
                ),
                ("model", models.CharField(blank=True, max_length=255)),
                ("serial", models.CharField(blank=True, max_length=255)),
                ("firmware", models.CharField(blank=True, max_length=255)),
                ("address", models.CharField(blank=True, max_length=255)),
                ("name", models.CharField(blank=True, help_text="As the device reports it.", max_length=255)),
                (
                    "device_state",
                    models.CharField(
                        choices=[("ONLINE", "ONLINE"), ("OFFLINE", "OFFLINE"), ("DISCOVERED", "DISCOVERED")],
                        default="ONLINE",
                        max_length=12,
                    ),
                ),
                ("compatibility", models.CharField(blank=True, max_length=255)),
                (
                    "capabilities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), blank=True, default=list, size=None
                    ),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        default=list,
                        editable=False,
                        help_text="What its model is asked through.",
                        size=None,
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True, help_text="A receiver that is not enabled is not polled and not shown."
                    ),
                ),
                (
                    "critical",
                    models.BooleanField(default=False, help_text="Always poll at the critical interval."),
                ),
                (
                    "interval_s",
                    models.FloatField(
                        blank=True,
                        help_text="Seconds between polls; empty: the interval of its tier.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3600),
                        ],
                        verbose_name="own interval (s)",
                    ),
                ),
                ("missing", models.PositiveIntegerField(default=0, editable=False)),
                ("first_seen_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Edited",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("receiver_id", models.BigIntegerField()),
            ],
            options={
                "verbose_name_plural": "edited",
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="Stands in addresses and on the feed, such as stage-left.", unique=True
                    ),
                ),
                ("title", models.CharField(max_length=100)),
            ],
            options={
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("change", "Change"), ("added", "Added"), ("removed", "Removed")],
                        default="change",
                        max_length=8,
                    ),
                ),
                ("channel_id", models.BigIntegerField()),
                ("device_id", models.CharField(max_length=40)),
                ("rev", models.BigIntegerField()),
                ("changes", models.JSONField(default=dict)),
                ("state", models.JSONField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name_plural": "inbox",
            },
        ),
        migrations.CreateModel(
            name="Location",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="Stands in addresses and on the feed, such as main-a.", unique=True
                    ),
                ),
                ("title", models.CharField(max_length=100)),
                (
                    "zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[core.models.places.validate_zone]
                    ),
                ),
            ],
            options={
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Pulse",
            fields=[
                ("part", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["part"],
            },
        ),
        migrations.CreateModel(
            name="Server",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(help_text="Stands on the feed, such as main.", unique=True)),
                ("manufacturer", models.SlugField(default="shure", editable=False)),
                (
                    "url",
                    models.CharField(
                        help_text="https://HOST:10000",
                        max_length=255,
                        validators=[core.models.devices.validate_address],
                        verbose_name="address",
                    ),
                ),
                (
                    "key_reference",
                    models.CharField(
                        help_text="env:NAME or file:/PATH",
                        max_length=255,
                        validators=[core.models.devices.validate_key_reference],
                        verbose_name="key",
                    ),
                ),
                (
                    "ca_file",
                    models.CharField(
                        blank=True,
                        help_text="Verify against this CA bundle.",
                        max_length=255,
                        verbose_name="CA file",
                    ),
                ),
                (
                    "pins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=64,
                            validators=[
                                django.core.validators.RegexValidator(
                                    "^[0-9a-f]{64}$", "64 hexadecimal digits."
                                )
                            ],
                        ),
                        blank=True,
                        default=list,
                        help_text="SHA-256 of the server's certificate; two, separated by a comma, while it is being replaced.",
                        size=2,
                        verbose_name="certificate fingerprints",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="servers",
                        to="core.location",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHANGE_RECORD, "DROP TABLE core_changerecord")],
            state_operations=[
                migrations.CreateModel(
                    name="ChangeRecord",
                    fields=[
                        ("at", models.DateTimeField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[("change", "Change"), ("added", "Added"), ("removed", "Removed")],
                                default="change",
                                max_length=8,
                            ),
                        ),
                        ("channel_id", models.BigIntegerField()),
                        ("device_id", models.CharField(max_length=40)),
                        ("rev", models.BigIntegerField()),
                        ("changes", models.JSONField(default=dict)),
                        ("state", models.JSONField()),
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("seq", models.BigIntegerField()),
                    ],
                    options={
                        "ordering": ["-at", "-id"],
                        "indexes": [
                            models.Index(fields=["channel_id", "at"], name="change_of_a_channel_over_time"),
                            models.Index(fields=["seq"], name="change_of_a_window"),
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChannelRecord",
            fields=[
                (
                    "channel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="record",
                        serialize=False,
                        to="core.channel",
                    ),
                ),
                ("rev", models.BigIntegerField(default=0)),
                ("recorded", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["channel"],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "receiver",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="claim",
                        serialize=False,
                        to="core.receiver",
                    ),
                ),
                ("slot_at", models.DateTimeField()),
                ("wanted", models.BooleanField(default=False)),
                ("inflight_until", models.DateTimeField(null=True)),
                ("claim_seq", models.BigIntegerField(default=0)),
                ("started_seq", models.BigIntegerField(default=0)),
                ("recorded_seq", models.BigIntegerField(default=0)),
                (
                    "tier",
                    models.CharField(
                        choices=[("critical", "critical"), ("normal", "normal"), ("offline", "offline")],
                        default="normal",
                        max_length=8,
                    ),
                ),
                ("tier_reason", models.CharField(default="new", max_length=64)),
                ("watched_until", models.DateTimeField(null=True)),
                ("troubled_at", models.DateTimeField(null=True)),
                ("polled_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("lost_at", models.DateTimeField(null=True)),
                ("system_api_ok_at", models.DateTimeField(null=True)),
                ("system_api_failures", models.PositiveIntegerField(default=0)),
                ("command_strings_ok_at", models.DateTimeField(null=True)),
                ("command_strings_failures", models.PositiveIntegerField(default=0)),
                ("seen_at", models.DateTimeField(null=True)),
                ("stale_at", models.DateTimeField(null=True)),
                ("stale", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["receiver"],
            },
        ),
        migrations.CreateModel(
            name="PollMemory",
            fields=[
                (
                    "receiver",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="memory",
                        serialize=False,
                        to="core.receiver",
                    ),
                ),
                ("resources", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "poll memory",
            },
        ),
        migrations.AddField(
            model_name="channel",
            name="receiver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="channels", to="core.receiver"
            ),
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("epoch", models.CharField(max_length=16)),
                ("seq", models.BigIntegerField(default=0)),
                ("intervals", models.JSONField(default=dict)),
                ("emitted_at", models.DateTimeField(null=True)),
                ("access_version", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="head_is_one_row")
                ],
            },
        ),
        migrations.AddField(
            model_name="receiver",
            name="location",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="receivers",
                to="core.location",
            ),
        ),
        migrations.CreateModel(
            name="Roster",
            fields=[
                ("channel_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("receiver_id", models.BigIntegerField()),
                ("device_id", models.CharField(max_length=40)),
                ("identity", models.JSONField()),
            ],
            options={
                "indexes": [models.Index(fields=["receiver_id"], name="roster_of_a_receiver")],
            },
        ),
        migrations.CreateModel(
            name="ServerHealth",
            fields=[
                (
                    "server",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="core.server",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("degraded", "Degraded"),
                            ("disconnected", "Disconnected"),
                        ],
                        default="disconnected",
                        max_length=12,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("error_count", models.PositiveIntegerField(default=0)),
                ("latency_ms", models.PositiveIntegerField(null=True)),
                ("detail", models.TextField(blank=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("ok_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "server health",
            },
        ),
        migrations.AddField(
            model_name="receiver",
            name="server",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="receivers", to="core.server"
            ),
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="core.channel"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="core.group"
                    ),
                ),
            ],
            options={
                "ordering": ["group", "number"],
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What uses it, so that it can be revoked with confidence.", max_length=100
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Window",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.CharField(max_length=16)),
                ("seq", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("frame", models.TextField()),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["at"], name="window_by_age_for_pruning")],
                "constraints": [
                    models.UniqueConstraint(fields=("epoch", "seq"), name="window_once_a_sequence")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(fields=("receiver", "number"), name="channel_once_a_receiver"),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="channel_counts_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="server",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__startswith", "https://")), name="server_speaks_https"
            ),
        ),
        migrations.AddConstraint(
            model_name="receiver",
            constraint=models.UniqueConstraint(
                models.F("server"),
                django.db.models.functions.text.Lower("source_id"),
                name="receiver_once_a_server",
            ),
        ),
        migrations.AddConstraint(
            model_name="receiver",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("interval_s__isnull", True),
                    models.Q(("interval_s__gte", 1), ("interval_s__lte", 3600)),
                    _connector="OR",
                ),
                name="receiver_interval_between_1_s_and_1_h",
            ),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(fields=("group", "number"), name="slot_holds_one_channel"),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(
                fields=("group", "channel"), name="slot_once_a_group_and_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="slot_counts_from_one"
            ),
        ),
    ]
