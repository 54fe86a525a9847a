"""What Micboard finds by itself: in the admin nobody adds or deletes it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class FoundAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False
