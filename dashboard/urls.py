"""Every address of the web. The middleware asks for a sign-in, but where an address says that it needs none."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from dashboard import alert_page, chargers, health_page, list_page, manual, places, replay, views
from dashboard.api.answers import nothing_here
from dashboard.api.views import asyncapi_json, openapi_json
from dashboard.device import views as device

admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="wall", query_string=True), name="home"),
    path("wall/", views.wall, name="wall"),
    path("wall/ends/", places.told, name="ends"),
    path("wall/board/", replay.board, name="replay-board"),
    path("wall/alerts/", replay.alerts, name="replay-alerts"),
    path("device/<str:device_id>/", device.device, name="device"),
    path("device/<str:device_id>/history/", device.history, name="device-history"),
    re_path(
        r"^device/(?P<device_id>[^/]+)/changes\.(?P<extension>csv|json)$",
        device.changes,
        name="device-changes",
    ),
    path("device/<str:device_id>/watch/", device.watch, name="device-watch"),
    path("list/", list_page.page, name="list"),
    path("list/channels.csv", list_page.as_csv, name="list-csv"),
    path("list/rf/", list_page.rf, name="list-rf"),
    path("alerts/", alert_page.page, name="alerts"),
    path("alerts/acknowledge/", alert_page.take_over, name="acknowledge"),
    path("alerts/mute/", alert_page.mute_part, name="mute"),
    path("alerts/unmute/", alert_page.end_mute, name="unmute"),
    path("alerts/mutes/", alert_page.mutes, name="mutes"),
    path("chargers/", chargers.page, name="chargers"),
    path("health/", health_page.page, name="health"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", login_not_required(LogoutView.as_view()), name="sign-out"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("build", views.build, name="build"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("feed/", manual.feed, name="feed"),
    path("rest/", manual.rest, name="rest"),
    path("asyncapi.json", asyncapi_json, name="asyncapi"),
    path("openapi.json", openapi_json, name="openapi"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("dashboard.api.urls")),
    re_path("^api/", nothing_here),  # behind every other address of the API
]

if settings.DEBUG_TOOLBAR:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
