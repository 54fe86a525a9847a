"""The window, once a second, and the pruning of windows, as ordinary periodic tasks."""

from django.db import migrations

ENTRIES = (
    (
        "emit",
        "realtime.emit",
        1,
        5,
        "Move what was recorded into the history, as one window for the sockets.",
    ),
    ("prune windows", "realtime.prune_windows", 60, 60, "Delete windows that no client can resume from any more."),
)


def make(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, path, every, expires, description in ENTRIES:
        row, _ = interval.objects.get_or_create(every=every, period="seconds")
        task.objects.get_or_create(
            name=name,
            defaults={
                "task": path,
                "interval": row,
                "queue": "realtime",
                "expire_seconds": expires,
                "description": description,
            },
        )


def unmake(apps, schema_editor):
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    task.objects.filter(name__in=[entry[0] for entry in ENTRIES]).delete()


class Migration(migrations.Migration):
    dependencies = [("django_celery_beat", "0019_alter_periodictasks_options")]

    operations = [migrations.RunPython(make, unmake)]
