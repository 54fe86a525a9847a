"""Tickets, which go with the session or the token that they were asked for with, wherever it is deleted."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

GO_WITH_THEIR_ISSUER = """
ALTER TABLE core_ticket
    ADD CONSTRAINT ticket_of_a_token FOREIGN KEY (token_id) REFERENCES core_token (id) ON DELETE CASCADE,
    ADD CONSTRAINT ticket_of_a_session
        FOREIGN KEY (session_id) REFERENCES django_session (session_key) ON DELETE CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_polls_and_default_tiers"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), default=list, size=None
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="sessions.session",
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="core.token",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("token", None), ("session", None), _connector="XOR"),
                        name="ticket_of_a_token_or_a_session",
                    )
                ],
            },
        ),
        migrations.RunSQL(GO_WITH_THEIR_ISSUER, migrations.RunSQL.noop),
    ]
