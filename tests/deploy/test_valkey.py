from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deploy import valkey
from deploy.supervisor import Supervisor
from tests.deploy.processes import Start, kill, until_so, working_in


@pytest.fixture
def store(place: Path) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.url(place)) as store:
        yield store


def _answers(store: redis.Redis) -> bool:
    try:
        return bool(store.ping())
    except redis.ConnectionError:
        return False


async def test_it_serves_at_its_address_alone_and_drops_nothing(
    start: Start, place: Path, store: redis.Redis
) -> None:
    await start(valkey.program(place, place))

    assert store.config_get("port") == {"port": "0"}
    assert store.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert store.config_get("maxmemory") == {"maxmemory": str(256 * 2**20)}


async def test_killed_it_comes_back_with_what_it_kept(start: Start, place: Path, store: redis.Redis) -> None:
    await start(valkey.program(place, place))
    store.config_set("appendfsync", "always")
    store.set("queue", "task")
    killed = working_in(place)

    kill(*killed)

    await until_so(lambda: working_in(place) not in ([], killed) and _answers(store))
    assert store.get("queue") == b"task"


async def test_it_ends_in_order(
    supervisor: Supervisor, start: Start, place: Path, store: redis.Redis
) -> None:
    await start(valkey.program(place, place))
    store.set("queue", "task")

    await supervisor.stop()

    assert working_in(place) == []
    assert not (place / valkey.SOCKET_NAME).exists()
