from django.apps import AppConfig
from django.contrib.admin import apps as admin


class DashboardConfig(AppConfig):
    name = "dashboard"


class AdminConfig(admin.SimpleAdminConfig):
    """The admin, whose pages are loaded with their addresses: beat and the workers serve none."""

    default = False  # Django takes the one default of this module for the dashboard's own
    default_site = "dashboard.site.Site"
