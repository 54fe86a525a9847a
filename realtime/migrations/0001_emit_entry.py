"""The window as an ordinary periodic task, once a second."""

from django.db import migrations


def make(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    task = apps.get_model("django_celery_beat", "PeriodicTask")
    row, _ = interval.objects.get_or_create(every=1, period="seconds")
    task.objects.get_or_create(
        name="emit",
        defaults={
            "task": "realtime.emit",
            "interval": row,
            "queue": "realtime",
            "expire_seconds": 5,
            "description": "Move what was recorded into the history, as one window for the sockets.",
        },
    )


def unmake(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name="emit").delete()


class Migration(migrations.Migration):
    dependencies = [("django_celery_beat", "0019_alter_periodictasks_options")]

    operations = [migrations.RunPython(make, unmake)]
