"""The pruning of windows as an ordinary periodic task: an hour of them would be six times what is kept."""

from django.db import migrations


def make(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    row, _ = interval.objects.get_or_create(every=60, period="seconds")
    task.objects.get_or_create(
        name="prune windows",
        defaults={
            "task": "realtime.prune_windows",
            "interval": row,
            "queue": "realtime",
            "expire_seconds": 60,
            "description": "Delete windows that no client can resume from any more.",
        },
    )


def unmake(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name="prune windows").delete()


class Migration(migrations.Migration):
    dependencies = [("realtime", "0001_emit_entry")]

    operations = [migrations.RunPython(make, unmake)]
