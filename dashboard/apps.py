from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.urls import get_resolver


class DashboardConfig(AppConfig):
    name = "dashboard"


class AdminConfig(admin.SimpleAdminConfig):
    """The admin, whose pages are loaded with their addresses: beat and the workers serve none."""

    default = False  # Django takes the one default of this module for the dashboard's own
    default_site = "dashboard.site.Site"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Check the admin's pages, all of them, because they are loaded first."""
    _ = get_resolver().url_patterns
    return check_admin_app(app_configs, **options)
