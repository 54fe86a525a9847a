"""What is unique in a group is so once a transaction ends: within it two channels may change places."""

import django.core.validators
from django.db import migrations, models

ONCE = {"slot_holds_one_channel": ["group", "number"], "slot_once_a_group_and_channel": ["group", "channel"]}


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0011_destinations_and_notices"),
    ]

    operations = [
        *(migrations.RemoveConstraint("slot", name) for name in ONCE),
        *(
            migrations.AddConstraint(
                "slot",
                models.UniqueConstraint(fields=fields, name=name, deferrable=models.Deferrable.DEFERRED),
            )
            for name, fields in ONCE.items()
        ),
        migrations.AlterField(
            "slot",
            "number",
            models.PositiveSmallIntegerField(
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(9999),
                ]
            ),
        ),
    ]
