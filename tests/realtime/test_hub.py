"""The hub without its bell, without its database, and after a rewind: no client is left with a silent gap."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from core import pulses
from core.access import Principal, Visible, create_token, still_good
from core.models import Head, Receiver, Window
from core.queues import POLLING
from realtime import hall, hub, windows
from realtime.audience import Mode, View
from realtime.encoding import Message
from realtime.guests import Guest
from realtime.hub import Hub
from realtime.tick import Tick, look
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll
from tests.realtime.conftest import LAYERS, Connect, UseLayer, in_thread


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, use_layer: UseLayer) -> None:
    use_layer(LAYERS[request.param])


def receiver_told() -> Receiver:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2)))
    emit()
    return receiver


def change(receiver: Receiver, khz: int) -> None:
    record_poll(receiver, answered(heard(1, frequency_khz=khz), heard(2)))
    emit()


async def test_a_window_whose_bell_was_lost_is_read_from_the_database(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    monkeypatch.setattr(windows, "batch_device_updates", lambda _window: None)
    await in_thread(change, receiver, 600_000)
    await in_thread(change, receiver, 601_000)
    told = [await client.frame("batch_update") for _ in range(2)]

    assert [frame["seq"] for frame in told] == [first["seq"] + 1, first["seq"] + 2]
    assert told[-1]["updates"][0]["changes"] == {"frequency_khz": 601_000}


async def test_a_bell_that_skips_a_window_brings_the_skipped_one_first(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LOOK_S", 60)  # the bell alone
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    monkeypatch.setattr(windows, "LARGEST_BELL", 0)
    with monkeypatch.context() as lost:
        lost.setattr(windows, "batch_device_updates", lambda _window: None)
        await in_thread(change, receiver, 600_000)
    await in_thread(change, receiver, 601_000)
    told = [await client.frame("batch_update") for _ in range(2)]

    assert [frame["seq"] for frame in told] == [first["seq"] + 1, first["seq"] + 2]


async def test_a_hub_that_cannot_read_what_the_bell_skipped_goes_on_hearing_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LOOK_S", 0.1)
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")
    failed = threading.Event()

    def fails(*_: object) -> None:
        failed.set()
        raise DatabaseError

    with monkeypatch.context() as away:
        away.setattr(hub, "windows_after", fails)
        away.setattr(windows, "LARGEST_BELL", 0)
        await in_thread(change, receiver, 600_000)
        await in_thread(failed.wait, 5)
    await client.frame("batch_update")
    monkeypatch.setattr(hub, "look", fails)  # from here the bell alone
    told: dict[str, Any] = {}
    khz = 600_000
    while not told:
        khz += 25  # until the hub has joined again
        await in_thread(change, receiver, khz)
        with contextlib.suppress(pytest.fail.Exception):
            told = await client.frame("batch_update", within_s=0.5)

    assert told["seq"] > first["seq"]


async def test_a_hub_whose_layer_forgot_it_joins_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a Redis that was restarted does, between two reads of the hub."""
    monkeypatch.setattr(hub, "REJOIN_S", 0.2)
    receiver = await in_thread(receiver_told)
    client = await connect()
    await client.frame("initial_data")
    await get_channel_layer().flush()
    monkeypatch.setattr(hub, "LOOK_S", 60)  # the bell alone
    told: dict[str, Any] = {}
    khz = 600_000
    while not told:
        khz += 25  # until the hub has joined again
        await in_thread(change, receiver, khz)
        with contextlib.suppress(pytest.fail.Exception):
            told = await client.frame("batch_update", within_s=0.5)

    assert told["updates"]


async def test_a_bell_that_rings_twice_is_one_window(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    def ring_again() -> None:
        window = Window.objects.latest("seq")
        message = {"type": "batch_update", "seq": window.seq, "epoch": window.epoch, "frame": window.frame}
        async_to_sync(get_channel_layer().group_send)("devices", message)

    await in_thread(change, receiver, 600_000)
    await in_thread(ring_again)
    await in_thread(change, receiver, 601_000)
    told = [await client.frame("batch_update") for _ in range(2)]

    assert [frame["seq"] for frame in told] == [first["seq"] + 1, first["seq"] + 2]


async def test_a_hub_that_missed_more_than_is_kept_gives_everybody_a_new_snapshot(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    def lose_two_windows() -> None:
        monkeypatch.setattr(windows, "batch_device_updates", lambda _window: None)
        with transaction.atomic():  # so that the hub sees the head move and no window with it
            change(receiver, 600_000)
            change(receiver, 601_000)
            Window.objects.all().delete()

    await in_thread(lose_two_windows)
    again = await client.frame("initial_data", "batch_update")

    assert (again["type"], again["seq"]) == ("initial_data", first["seq"] + 2)
    assert again["devices"][0]["frequency_khz"] == 601_000


async def test_a_window_that_comes_while_the_database_is_looked_at_is_no_rewind(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")
    looked, told = threading.Event(), threading.Event()

    def look_slowly(since: datetime, known_seq: int) -> Tick:
        tick = look(since, known_seq)
        looked.set()
        told.wait(5)
        return tick

    monkeypatch.setattr(hub, "look", look_slowly)
    await in_thread(looked.wait, 5)
    await in_thread(change, receiver, 600_000)
    window = await client.frame("batch_update", "initial_data")
    told.set()
    await in_thread(change, receiver, 601_000)
    next_window = await client.frame("batch_update", "initial_data")

    assert (window["type"], window["seq"]) == ("batch_update", first["seq"] + 1)
    assert (next_window["type"], next_window["seq"]) == ("batch_update", first["seq"] + 2)


@pytest.mark.parametrize(
    "rewind", [{"epoch": "restored", "seq": 0}, {"seq": 0}], ids=["new epoch", "lower head"]
)
async def test_after_a_rewind_of_the_database_everybody_starts_over(
    connect: Connect, rewind: dict[str, Any]
) -> None:
    await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    await in_thread(Head.objects.update, **rewind)
    again = await client.frame("initial_data")

    assert again["seq"] == 0
    assert again["epoch"] != first["epoch"], "a client that comes back would go on where nothing follows"
    assert again["epoch"] == (await in_thread(Head.objects.get)).epoch


async def test_heartbeats_go_on_and_say_so_while_the_database_cannot_be_read(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(receiver_told)
    client = await connect()
    await client.frame("initial_data")
    monkeypatch.setattr(hub, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(hub, "SILENT_AFTER_S", 1)

    def away(*_: object) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(hub, "look", away)
    beats = [await client.frame("heartbeat") for _ in range(3)]

    assert [beat["live"] for beat in beats][-1] is False
    assert beats[0]["timestamp"] < beats[-1]["timestamp"]


async def test_the_other_feeds_say_so_too_while_the_database_cannot_be_read(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(receiver_told)
    await in_thread(everything_shows_itself)
    health, connections = await connect("/ws/health/"), await connect("/ws/connections/")
    well = await health.frame("system_health")
    await connections.frame("connection_update")
    monkeypatch.setattr(hub, "SILENT_AFTER_S", 1)
    monkeypatch.setattr(hub, "RETELL_S", 2)

    def away(*_: object) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(hub, "look", away)
    ill = await health.frame("system_health")

    assert (well["status"], well["silent"]) == ("healthy", [])
    assert (ill["status"], ill["silent"]) == ("unhealthy", ["database"])
    assert ill["silent_s"]["database"] >= 1
    assert await health.frame("api_health")
    assert await connections.frame("connection_update")


def everything_shows_itself() -> None:
    for part in (pulses.BEAT, *POLLING):
        pulses.show(part)


async def test_a_poll_that_took_long_is_told_as_seen(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")

    def seen_long_ago() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE core_claim SET seen_at = greatest(seen_at + interval '1 ms', now() - interval '7 s'), "
                "polled_at = now()"
            )

    await in_thread(time.sleep, 8)  # so long ago is news
    await in_thread(seen_long_ago)
    heartbeat: dict[str, Any] = {"seen": []}
    while not heartbeat["seen"]:
        heartbeat = await client.frame("heartbeat")

    ((code, at),) = heartbeat["seen"]
    assert code == receiver.code
    assert at > first["devices"][0]["seen_at"]


async def test_a_part_in_which_nothing_changes_hears_who_answered_and_is_never_silent_on_a_busy_board(
    connect: Connect,
) -> None:
    receiver, busy = await in_thread(receiver_told), await in_thread(receiver_told)
    client = await connect(f"/ws/devices/?mode=batch&scope=device:{receiver.code}")
    await client.frame("initial_data")

    async def change_again_and_again() -> None:
        for number in count():
            await in_thread(change, busy, 600_000 + 25 * number)
            await asyncio.sleep(0.3)

    await in_thread(record_poll, receiver, answered(heard(1), heard(2)))
    changing = asyncio.create_task(change_again_and_again())
    told = [await client.frame("heartbeat", within_s=7) for _ in range(2)]
    changing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await changing

    assert [[code for code, _ in heartbeat["seen"]] for heartbeat in told] == [[receiver.code], []]


async def test_who_comes_while_rights_are_read_stays(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(receiver_told)
    reading, came = threading.Event(), threading.Event()

    def read_slowly(principals: Iterable[Principal]) -> set[Principal]:
        asked = list(principals)
        reading.set()
        came.wait(5)
        return still_good(asked)

    client = await connect()
    await client.frame("initial_data")
    monkeypatch.setattr(hall, "still_good", read_slowly)
    await in_thread(Head.objects.update, access_version=F("access_version") + 1)
    await in_thread(reading.wait, 5)
    _, secret = await in_thread(create_token, "newcomer")
    newcomer = await connect(headers=[(b"authorization", f"Bearer {secret}".encode())])
    await newcomer.frame("initial_data")
    came.set()

    await newcomer.say('{"type":"ping"}')
    assert (await newcomer.frame("pong", "error"))["type"] == "pong"
    heartbeat = await newcomer.frame("heartbeat", "error")
    assert heartbeat["type"] == "heartbeat"
    assert len(Hub.of_this_loop().hall.guests) == 2


async def test_a_socket_that_fails_costs_the_others_nothing(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    await client.frame("initial_data")

    class Broken:
        waiting = 0

        def push(self, message: Message, *, welcome: bool = False) -> None:
            if not welcome:
                raise RuntimeError(f"no room for {message.texts}")

        def ping(self, now: float) -> None:
            raise RuntimeError(f"no way to ping it at {now}")

        def unanswered_s(self, now: float) -> float:
            raise RuntimeError(f"nobody knows at {now}")

        def end(self, code: int) -> None:
            raise RuntimeError(f"no way to close it with {code}")

        def abort(self) -> None:
            raise RuntimeError("no way to cut it")

    broken, hub = Broken(), Hub.of_this_loop()
    hub.hall.admit(broken, Guest(principal=Principal(name="broken"), address="127.0.0.1"))
    hub.join(broken, View(Mode.BATCH, Visible.everything()))
    await in_thread(change, receiver, 600_000)

    assert (await client.frame("batch_update"))["updates"]
    assert broken not in hub.hall.guests


async def test_a_poller_that_falls_silent_is_told_at_once_and_so_is_its_return(connect: Connect) -> None:
    await in_thread(receiver_told)
    client = await connect()
    await client.frame("initial_data")

    await in_thread(everybody_shows)
    alive = await client.frame("heartbeat")
    await in_thread(nobody_showed_for, seconds=11)
    silent = await client.frame("heartbeat")

    assert (alive["live"], silent["live"]) == (True, False)


PARTS = ("beat", "poll.critical", "poll.normal", "poll.offline", "poll.suspect")


def everybody_shows() -> None:
    for part in PARTS:
        pulses.show(part)
    emit()


def nobody_showed_for(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_pulse SET at = now() - make_interval(secs => %s)", [seconds])


async def test_no_window_costs_a_statement(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are looked at once a second, whatever is told to however many."""
    await in_thread(receiver_told)
    clients = [await connect() for _ in range(20)]
    first, *_ = [await client.frame("initial_data") for client in clients]
    monkeypatch.setattr(hub, "LOOK_S", 60)
    await asyncio.sleep(1.5)  # the look that was due is over
    statements: list[str] = []
    execute = CursorWrapper.execute

    def counted(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        statements.append(sql)
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", counted)
    layer = get_channel_layer()
    for number in range(1, 11):
        seq = first["seq"] + number
        nothing: dict[str, Any] = {"updates": [], "added": [], "removed": [], "alerts": []}
        numbers = {"seq": seq, "prev": seq - 1, "epoch": first["epoch"], "timestamp": first["timestamp"]}
        frame = orjson.dumps({"type": "batch_update", **numbers, **nothing}).decode()
        await layer.group_send(
            "devices", {"type": "batch_update", "seq": seq, "epoch": first["epoch"], "frame": frame}
        )
    for client in clients:
        told = {"seq": 0}
        while told["seq"] < first["seq"] + 10:
            told = await client.frame("batch_update")

    assert statements == []
