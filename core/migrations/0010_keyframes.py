"""Each day of the history begins with a row for every channel, and rows that tell who a channel is are found by time."""

from django.db import migrations, models

KINDS = [
    ("change", "Change"),
    ("added", "Added"),
    ("removed", "Removed"),
    ("alert", "Alert"),
    ("keyframe", "Keyframe"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0009_event_ends_and_forecasts"),
    ]

    operations = [
        migrations.AddField("head", "keyframed_on", models.DateField(null=True)),
        migrations.AlterField(
            "changerecord", "kind", models.CharField(choices=KINDS, default="change", max_length=8)
        ),
        migrations.AlterField("inbox", "kind", models.CharField(choices=KINDS, default="change", max_length=8)),
        # A history that is large already takes longer to index than a statement may.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.AddIndex(
            "changerecord",
            models.Index(fields=["at"], name="change_of_an_alert", condition=models.Q(kind="alert")),
        ),
        migrations.AddIndex(
            "changerecord",
            models.Index(
                fields=["at"],
                name="change_that_tells_an_identity",
                condition=models.Q(state__has_key="receiver_id"),
            ),
        ),
    ]
