"""What Daphne serves: static files and Django's pages over HTTP, the feeds over WebSocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from core import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

django_application = get_asgi_application()

garbage.begin_loading()  # as much again
from realtime import server  # noqa: E402  all of these need Django set up
from realtime.files import StaticFiles  # noqa: E402
from realtime.routing import websocket_urlpatterns  # noqa: E402

server.install()
# The pages are loaded now, and not by the first who asks for one while all come back.
_ = get_resolver().url_patterns
garbage.end_loading()

application = ProtocolTypeRouter(
    {"http": StaticFiles(django_application), "websocket": URLRouter(websocket_urlpatterns)},
)
