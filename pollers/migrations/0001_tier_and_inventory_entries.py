"""The three tiers and the inventory as ordinary periodic tasks, to be tuned in the admin."""

from django.db import migrations

ENTRIES = (
    ("poll:critical", "pollers.poll_tier", 10, '{"tier": "critical"}', "Receivers in trouble, flagged, watched or failing."),
    ("poll:normal", "pollers.poll_tier", 30, '{"tier": "normal"}', "Receivers that are well."),
    ("poll:offline", "pollers.poll_tier", 60, '{"tier": "offline"}', "Receivers that are lost."),
    ("inventory", "pollers.inventory", 60, "{}", "Which devices does each server have?"),
    ("retention", "pollers.retention", 3600, "{}", "Make the next days' partitions, drop what is too old."),
)


def make(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, path, every, kwargs, description in ENTRIES:
        row, _ = interval.objects.get_or_create(every=every, period="seconds")
        task.objects.get_or_create(
            name=name, defaults={"task": path, "interval": row, "kwargs": kwargs, "description": description}
        )


def unmake(apps, schema_editor):
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    task.objects.filter(name__in=[entry[0] for entry in ENTRIES]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_hot_tables_tiers_and_triggers"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(make, unmake)]
