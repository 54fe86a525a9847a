"""A channel may be marked with a colour, and an edit of it is noted for the next window."""

from django.db import migrations, models

TOLD = """
DROP TRIGGER channel_edited ON core_channel;
CREATE TRIGGER channel_edited AFTER UPDATE ON core_channel FOR EACH ROW
    WHEN ((OLD.alias, OLD.number, OLD.kind, OLD.colour) IS DISTINCT FROM (NEW.alias, NEW.number, NEW.kind, NEW.colour))
    EXECUTE FUNCTION core_note_edit();
"""

BEFORE = """
DROP TRIGGER channel_edited ON core_channel;
CREATE TRIGGER channel_edited AFTER UPDATE ON core_channel FOR EACH ROW
    WHEN ((OLD.alias, OLD.number, OLD.kind) IS DISTINCT FROM (NEW.alias, NEW.number, NEW.kind))
    EXECUTE FUNCTION core_note_edit();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0012_slots_change_places"),
    ]

    operations = [
        migrations.AddField(
            "channel",
            "colour",
            models.CharField(
                blank=True,
                choices=[("blue", "blue"), ("violet", "violet"), ("pink", "pink"), ("white", "white")],
                help_text="A mark on its tile, such as the colour of its ring or tape. It says nothing about its state.",
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            "channel",
            "alias",
            models.CharField(
                blank=True,
                help_text="Shown instead of the name that the receiver reports.",
                max_length=64,
                verbose_name="name",
            ),
        ),
        migrations.RunSQL(TOLD, BEFORE),
    ]
