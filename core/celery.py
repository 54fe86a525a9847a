"""The one Celery app; every process loads it, so that a task sent from anywhere is bound to it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("micboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
