"""Every address of the web. All but signing in and the pulse need a sign-in, which the middleware sees to."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from dashboard import tickets, views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="wall", query_string=True), name="home"),
    path("wall/", views.wall, name="wall"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", login_not_required(LogoutView.as_view()), name="sign-out"),
    path("api/v1/tickets/", tickets.tickets, name="tickets"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("admin/", admin.site.urls),
]

if settings.DEBUG_TOOLBAR:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
