from django.apps import AppConfig

from core import garbage


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Micboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        garbage.end_loading()
