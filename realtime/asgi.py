"""What Daphne serves: Django's pages over HTTP, the feeds over WebSocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

django_application = get_asgi_application()

from realtime import server  # noqa: E402  the consumers need Django set up
from realtime.routing import websocket_urlpatterns  # noqa: E402

server.install()

application = ProtocolTypeRouter(
    {"http": django_application, "websocket": URLRouter(websocket_urlpatterns)},
)
