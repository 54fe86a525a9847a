"""When nobody polled, so that the past does not show the last values as if they had held."""

from django.db import migrations, models

# Whoever comes from a release that noted nothing was away since its last poll.
SEED = """
INSERT INTO core_pulse (part, at)
SELECT 'watching', max(polled_at) FROM core_claim HAVING max(polled_at) IS NOT NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0013_colours_of_channels"),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(unique=True)),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={
                "ordering": ["-since"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("since"))), name="absence_ends_after_it_begins"
                    )
                ],
            },
        ),
        migrations.RunSQL(SEED, "DELETE FROM core_pulse WHERE part = 'watching'"),
    ]
