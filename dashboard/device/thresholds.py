"""Which thresholds judge a channel's values: the settings', and over them what is said for where it is."""

from django.conf import settings
from django.db.models import Q

from core.domain.limits import Limits as Said
from core.domain.limits import in_force
from core.domain.states import Thresholds
from core.models import Channel, Limits


def thresholds_of(channel: Channel) -> Thresholds:
    receiver = channel.receiver
    location = receiver.location_id or receiver.server.location_id
    about_it = (
        Q(location=None, group=None, receiver=None)
        | Q(receiver=receiver)
        | Q(location=location, location__isnull=False)
        | Q(group__slots__channel=channel)
    )
    limits = [
        Said(scope=one.scope, values=one.values()) for one in Limits.objects.filter(about_it).order_by("pk")
    ]
    return in_force(settings.THRESHOLDS, limits, channel.pk)
