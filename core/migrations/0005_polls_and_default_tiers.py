"""The last polls of each receiver, default tiers of locations and groups, and the triggers that have a receiver
polled at once when what decides its tier was edited, wherever the edit comes from.
"""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

# Ten rows a receiver, each rewritten every ten polls: half of a page is left free, so that it is done in place.
STORAGE = """
ALTER TABLE core_pollrecord SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE core_pollrecord ADD CONSTRAINT poll_of_a_receiver
    FOREIGN KEY (receiver_id) REFERENCES core_receiver (id) ON DELETE CASCADE;
"""

POLL_SOON = """
CREATE FUNCTION core_poll_soon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'core_receiver' THEN
        UPDATE core_claim SET wanted = true WHERE receiver_id = NEW.id;
    ELSIF TG_TABLE_NAME = 'core_server' THEN
        UPDATE core_claim c SET wanted = true
          FROM core_receiver r WHERE r.id = c.receiver_id AND r.server_id = NEW.id AND r.location_id IS NULL;
    ELSIF TG_TABLE_NAME = 'core_location' THEN
        UPDATE core_claim c SET wanted = true
          FROM core_receiver r JOIN core_server s ON s.id = r.server_id
         WHERE r.id = c.receiver_id AND coalesce(r.location_id, s.location_id) = NEW.id;
    ELSIF TG_TABLE_NAME = 'core_group' THEN
        UPDATE core_claim SET wanted = true WHERE receiver_id IN (
            SELECT ch.receiver_id FROM core_slot sl JOIN core_channel ch ON ch.id = sl.channel_id
             WHERE sl.group_id = NEW.id);
    ELSIF TG_TABLE_NAME = 'core_slot' THEN
        UPDATE core_claim SET wanted = true
         WHERE receiver_id IN (SELECT receiver_id FROM core_channel WHERE id IN (NEW.channel_id, OLD.channel_id))
           AND EXISTS (SELECT FROM core_group g WHERE g.id IN (NEW.group_id, OLD.group_id) AND g.tier IS NOT NULL);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER receiver_poll_soon AFTER UPDATE ON core_receiver FOR EACH ROW
    WHEN ((OLD.critical, OLD.location_id, OLD.enabled) IS DISTINCT FROM (NEW.critical, NEW.location_id, NEW.enabled))
    EXECUTE FUNCTION core_poll_soon();
CREATE TRIGGER server_poll_soon AFTER UPDATE ON core_server FOR EACH ROW
    WHEN (OLD.location_id IS DISTINCT FROM NEW.location_id) EXECUTE FUNCTION core_poll_soon();
CREATE TRIGGER location_poll_soon AFTER UPDATE ON core_location FOR EACH ROW
    WHEN (OLD.tier IS DISTINCT FROM NEW.tier) EXECUTE FUNCTION core_poll_soon();
CREATE TRIGGER group_poll_soon AFTER UPDATE ON core_group FOR EACH ROW
    WHEN (OLD.tier IS DISTINCT FROM NEW.tier) EXECUTE FUNCTION core_poll_soon();
CREATE TRIGGER slot_poll_soon AFTER INSERT OR UPDATE OR DELETE ON core_slot
    FOR EACH ROW EXECUTE FUNCTION core_poll_soon();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_lists_and_errors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[],
            options={
                "verbose_name": "scheduled receiver",
                "verbose_name_plural": "scheduled receivers",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("core.claim",),
        ),
        migrations.AddField(
            model_name="group",
            name="tier",
            field=models.CharField(
                blank=True,
                choices=[("critical", "critical"), ("normal", "normal")],
                help_text="Where receivers with a channel in it are held while they are well; outranks their location's.",
                max_length=8,
                null=True,
                verbose_name="default tier",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="tier",
            field=models.CharField(
                blank=True,
                choices=[("critical", "critical"), ("normal", "normal")],
                help_text="Where its receivers are held while they are well; empty: normal, or as their group says.",
                max_length=8,
                null=True,
                verbose_name="default tier",
            ),
        ),
        migrations.AlterField(
            model_name="receiver",
            name="interval_s",
            field=models.FloatField(
                blank=True,
                help_text="Seconds between polls; empty: the interval of its tier.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        1, "Receivers are asked once a second at the most: choose 1 s or more."
                    ),
                    django.core.validators.MaxValueValidator(
                        3600, "Receivers are asked once an hour at the least: choose 1 hour or less."
                    ),
                ],
                verbose_name="own interval (s)",
            ),
        ),
        migrations.CreateModel(
            name="PollRecord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "receiver_id", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="polls",
                        to="core.receiver",
                    ),
                ),
                ("slot", models.SmallIntegerField()),
                ("claim_seq", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                (
                    "duration_ms",
                    models.PositiveIntegerField(help_text="From the start of the claim to its record."),
                ),
                ("tier", models.CharField(max_length=8)),
                ("system_api", models.TextField(null=True)),
                ("command_strings", models.TextField(null=True)),
            ],
            options={
                "ordering": ["-claim_seq"],
            },
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(POLL_SOON, "DROP FUNCTION core_poll_soon() CASCADE"),
    ]
