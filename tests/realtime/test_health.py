"""Whether the way to the sockets is whole, and what is said when it is not."""

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError

from core import pulses
from core.models import Head, Pulse
from core.queues import POLLING
from realtime import health
from realtime.health import check_websocket_health, legs, readiness
from realtime.windows import emit
from tests.realtime.conftest import LAYERS, UseLayer

pytestmark = pytest.mark.usefixtures("committed")

AWAY = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": ["unix:///nowhere"]}}


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, use_layer: UseLayer) -> None:
    use_layer(LAYERS[request.param])


def everything_shows_itself() -> None:
    for part in (pulses.BEAT, *POLLING):
        pulses.show(part)
    emit()


def test_a_message_goes_to_the_layer_and_comes_back() -> None:
    assert check_websocket_health() is True


def test_checking_again_and_again_fills_nothing() -> None:
    store = redis.Redis.from_url(settings.REDIS_URL)
    check_websocket_health()
    before = store.dbsize()

    for _ in range(20):
        assert check_websocket_health()

    assert store.dbsize() == before


def test_a_layer_that_is_away_is_told(use_layer: UseLayer) -> None:
    use_layer(AWAY)

    assert check_websocket_health() is False
    assert "The channel layer carries nothing: is Redis running?" in readiness()


def test_when_everything_shows_itself_it_is_ready() -> None:
    everything_shows_itself()

    assert readiness() == ()
    assert [leg.name for leg in legs()] == [
        *("layer", "database", "beat", "poll.critical", "poll.normal", "poll.offline", "emitter"),
    ]


def test_what_does_not_show_itself_is_told_with_the_next_step() -> None:
    everything_shows_itself()
    Pulse.objects.filter(part__in=[pulses.BEAT, "poll.normal"]).delete()
    Head.objects.update(emitted_at=None)

    assert readiness() == (
        "beat has not shown itself for more than 10 s: no poll is sent: is the process beat running?",
        "poll.normal has not shown itself for more than 10 s: is a worker of its queue running?",
        "emitter has not shown itself for more than 10 s: no window was emitted: is the worker window running?",
    )


def test_a_database_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_since: object) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(health, "look", away)

    assert readiness() == ("The database cannot be read: is Postgres running?",)
