"""Which path leads to which feed."""

from django.urls import re_path

from realtime.consumers import ConnectionConsumer, DeviceConsumer, HealthConsumer, UnknownFeedConsumer

websocket_urlpatterns = [
    re_path(r"^ws/devices/$", DeviceConsumer.as_asgi()),
    re_path(r"^ws/connections/$", ConnectionConsumer.as_asgi()),
    re_path(r"^ws/health/$", HealthConsumer.as_asgi()),
    re_path(r"", UnknownFeedConsumer.as_asgi()),
]
