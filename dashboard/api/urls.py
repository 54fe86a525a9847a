"""The addresses under `/api/v1/`."""

from django.urls import path

from dashboard.api import tickets, views

urlpatterns = [
    path("devices/", views.devices, name="api-devices"),
    path("devices/<str:device_id>/", views.device, name="api-device"),
    path("devices/<str:device_id>/changes/", views.changes, name="api-changes"),
    path("servers/", views.servers, name="api-servers"),
    path("alerts/", views.alerts, name="api-alerts"),
    path("tickets/", tickets.tickets, name="tickets"),
]
