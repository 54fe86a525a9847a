"""What alerts have to tell elsewhere, every 15 s and with each window that has alerts, as an ordinary periodic task."""

from django.db import migrations

NAME = "deliver notices"


def make(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=15, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={
            "task": "realtime.deliver_notices",
            "interval": interval,
            "queue": "default",
            "expire_seconds": 15,
            "description": "Tell destinations, by e-mail or webhook, of alerts that they have not been told of.",
        },
    )


def unmake(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("realtime", "0001_entries")]

    operations = [migrations.RunPython(make, unmake)]
