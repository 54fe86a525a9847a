"""The feed as Daphne serves it: what goes over the wire, and what clients do to it that mean no good."""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
import websockets
from django.db import connection, connections, transaction
from django.db.models import F
from websockets.asyncio.client import ClientConnection
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from core import clock
from core.access import create_token
from core.models import Head, Token, Window
from realtime.windows import emit
from tests.dashboard.web import Web
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll
from tests.realtime.raw import RawClient, ask_and_go, masked, raw_client

Backstage = Callable[..., Awaitable[Any]]
BATCH = "/ws/devices/?mode=batch"
WITHIN_S = 10


@pytest.fixture(scope="module")
def daphne(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    del django_db_setup
    folder = tmp_path_factory.mktemp("daphne")
    web = Web(static=folder, log=folder / "log")
    yield web
    web.kill()


@pytest_asyncio.fixture
async def backstage(committed: None) -> AsyncIterator[Backstage]:
    """Do something to the database in a thread of its own."""
    del committed
    with ThreadPoolExecutor(max_workers=1) as thread:

        async def run(act: Callable[..., Any], *args: Any) -> Any:
            return await asyncio.get_running_loop().run_in_executor(thread, act, *args)

        yield run
        await run(connections.close_all)


@pytest_asyncio.fixture
async def token(backstage: Backstage) -> str:
    def make() -> str:
        return create_token("tests")[1]

    secret: str = await backstage(make)
    return secret


@pytest_asyncio.fixture
async def web(daphne: Web, backstage: Backstage, token: str) -> Web:
    """Daphne, which knows already that the board of the test before is gone."""
    epoch = secrets.token_hex(3)
    await backstage(begin_anew, epoch)
    async with connect(daphne, token) as socket:
        while (await frame(socket, "initial_data", "heartbeat", "batch_update"))["epoch"] != epoch:
            pass
    return daphne


def begin_anew(epoch: str) -> None:
    Head.objects.update(epoch=epoch, access_version=F("access_version") + 1)


def connect(web: Web, token: str, path: str = BATCH, **options: Any) -> websockets.connect:
    return websockets.connect(
        web.address.replace("http", "ws") + path,
        additional_headers={"Authorization": f"Bearer {token}"},
        max_size=None,
        proxy=None,
        **options,
    )


async def frame(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            message: dict[str, Any] = orjson.loads(await socket.recv())
            if message["type"] in kinds:
                return message


async def channels_on(socket: ClientConnection, number: int) -> None:
    """Read on until the board has so many channels: who comes at once may be there before they are."""
    known = len((await frame(socket, "initial_data"))["devices"])
    while known < number:
        known += len((await frame(socket, "batch_update"))["added"])
    assert known == number


async def until_closed(socket: ClientConnection) -> None:
    with contextlib.suppress(websockets.ConnectionClosed):
        async with asyncio.timeout(WITHIN_S):
            async for _ in socket:
                pass


def some_receiver() -> Any:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2)))
    emit()
    return receiver


def change(receiver: Any, khz: int) -> None:
    record_poll(receiver, answered(heard(1, frequency_khz=khz), heard(2)))
    emit()


def emit_long(size: int) -> None:
    """Emit a window of this many bytes in which nothing changed."""
    with transaction.atomic():
        head = Head.objects.select_for_update().get()
        told: dict[str, Any] = {"updates": [], "added": [], "removed": [], "alerts": []}
        numbers = {"seq": head.seq + 1, "prev": head.seq, "epoch": head.epoch, "timestamp": "now"}
        text = orjson.dumps({"type": "batch_update", **numbers, **told, "long": "x" * size}).decode()
        Window.objects.create(epoch=head.epoch, seq=head.seq + 1, at=clock.now(), frame=text)
        Head.objects.update(seq=head.seq + 1)


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_client_with_and_one_without_compression_read_the_same(
    web: Web, backstage: Backstage, token: str, compression: str | None
) -> None:
    receiver = await backstage(some_receiver)

    async with connect(web, token, compression=compression) as socket:
        await channels_on(socket, 2)
        await backstage(change, receiver, 600_000)
        window = await frame(socket, "batch_update")
        agreed = [extension.name for extension in socket.protocol.extensions]

    assert agreed == (["permessage-deflate"] if compression else [])
    assert window["updates"][0]["changes"] == {"frequency_khz": 600_000}


async def test_a_client_that_wants_a_smaller_compression_window_is_served_without(
    web: Web, backstage: Backstage, token: str
) -> None:
    await backstage(some_receiver)
    small = ClientPerMessageDeflateFactory(server_max_window_bits=9)

    async with connect(web, token, compression=None, extensions=[small]) as socket:
        await frame(socket, "initial_data")

        assert socket.protocol.extensions == []


async def test_whoever_is_connected_hears_that_the_server_restarts(
    backstage: Backstage, token: str, tmp_path: Path
) -> None:
    await backstage(some_receiver)
    web = Web(static=tmp_path, log=tmp_path / "log")

    async with connect(web, token) as first, connect(web, token, "/ws/health/") as second:
        await frame(first, "initial_data")
        await frame(second, "system_health")
        stopping = asyncio.create_task(asyncio.to_thread(web.stop))
        await until_closed(first)
        await until_closed(second)
        await stopping

    assert (first.close_code, second.close_code) == (1012, 1012)


async def test_who_goes_before_the_door_is_open_is_no_fault(
    backstage: Backstage, token: str, tmp_path: Path
) -> None:
    await backstage(some_receiver)
    with ExitStack() as stack:
        web = Web(static=tmp_path, log=tmp_path / "log")
        stack.callback(web.kill)

        ask_and_go(web.address, BATCH, token)
        async with connect(web, token) as stays:
            await frame(stays, "initial_data")
            await asyncio.sleep(1.5)  # once a second Daphne looks at what became of each connection

    assert "Exception" not in (tmp_path / "log").read_text()


async def test_a_token_that_is_revoked_closes_its_socket_within_five_seconds(
    web: Web, backstage: Backstage, token: str
) -> None:
    await backstage(some_receiver)
    async with connect(web, token) as socket:
        await frame(socket, "initial_data")
        began = time.monotonic()
        await backstage(revoke_all)
        await until_closed(socket)

    assert socket.close_code == 4401
    assert time.monotonic() - began <= 5


def revoke_all() -> None:
    for one in Token.objects.all():
        one.revoked_at = clock.now()
        one.save()


@pytest.mark.long
@pytest.mark.parametrize("rate_kb", [0, 400], ids=["quiet", "above 256 kB/s"])
async def test_those_who_ping_and_never_read_are_gone_and_nobody_else_notices(
    web: Web, backstage: Backstage, token: str, rate_kb: int
) -> None:
    receiver = await backstage(some_receiver)
    before_mb = memory_mb(web.pid)
    with ExitStack() as stack:
        silent = [
            stack.enter_context(raw_client(web.address, BATCH, token, receive_buffer=2**12))
            for _ in range(20)
        ]
        async with connect(web, token) as healthy:
            await frame(healthy, "initial_data")
            began = time.monotonic()
            gone: dict[int, float] = {}
            while len(gone) < len(silent) and time.monotonic() - began < 30:
                for number, client in enumerate(silent):
                    if number not in gone and not still_open(client):
                        gone[number] = time.monotonic() - began
                if rate_kb:
                    await backstage(emit_long, rate_kb * 1000 // 2)
                    await backstage(emit_long, rate_kb * 1000 // 2)
                else:
                    await backstage(change, receiver, 600_000 + 25 * int(time.monotonic() - began))
                await frame(healthy, "batch_update", "heartbeat")
                await asyncio.sleep(0.9)

    assert len(gone) == len(silent), f"{len(silent) - len(gone)} are still there"
    assert max(gone.values()) <= (15 if rate_kb else 25)
    assert healthy.close_code in {None, 1000}
    assert memory_mb(web.pid) < before_mb + 40


def still_open(client: RawClient) -> bool:
    try:
        client.say(b'{"type":"ping"}')
    except OSError:
        return False
    return True


async def test_a_client_whose_snapshot_is_long_is_never_taken_for_a_slow_one(
    web: Web, backstage: Backstage, token: str
) -> None:
    await backstage(five_hundred_receivers)

    def read_slowly() -> list[int]:
        sizes = []
        with raw_client(web.address, BATCH, token) as client:
            for opcode, payload in client.frames(at_most_per_s=400_000):
                assert opcode != 8, payload
                if opcode == 1:
                    sizes.append(len(payload))
                if len(sizes) == 4:
                    break
        return sizes

    async with connect(web, token) as healthy:
        await channels_on(healthy, 2000)
        reading = asyncio.create_task(asyncio.to_thread(read_slowly))
        for _ in range(8):
            await backstage(emit_long, 50_000)
            await asyncio.sleep(0.5)
        sizes = await reading

    assert len(sizes) == 4
    assert sizes[0] > 1_000_000, "the snapshot is shorter than what a client may owe"


def five_hundred_receivers() -> None:
    """Two thousand channels, each once heard."""
    make_receivers(500)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_channelrecord")
        assert cursor.fetchone()[0] == 2000
    emit()


async def test_a_flood_of_messages_ends_its_own_connection_alone(
    web: Web, backstage: Backstage, token: str
) -> None:
    receiver = await backstage(some_receiver)
    ended: list[tuple[int, bytes]] = []
    stop = threading.Event()

    def flood() -> None:
        chunk = b"".join(masked(0x81, b'{"type":"ping"}') for _ in range(1000))
        with raw_client(web.address, BATCH, token) as client:
            reading = threading.Thread(target=lambda: ended.extend(client.frames()))
            reading.start()
            try:
                for _ in range(1000):
                    client.send(chunk)
                    if stop.is_set():
                        break
            except OSError:
                pass
            reading.join()

    async with connect(web, token) as healthy:
        await channels_on(healthy, 2)
        flooding = asyncio.create_task(asyncio.to_thread(flood))
        waits: list[float] = []
        while not flooding.done() and len(waits) < 10:
            began = time.monotonic()
            await healthy.send('{"type":"ping"}')
            await frame(healthy, "pong")
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.2)
        stop.set()
        await flooding
        await backstage(change, receiver, 600_000)
        assert (await frame(healthy, "batch_update"))["updates"]

    errors = [orjson.loads(payload) for opcode, payload in ended if opcode == 1 and b'"error"' in payload]
    closes = [int.from_bytes(payload[:2], "big") for opcode, payload in ended if opcode == 8]
    assert [error["code"] for error in errors] == ["too_many"]
    assert closes == [4429]
    assert max(waits) < 1, waits


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", "malformed"),
        ("[" * 2000 + "]" * 2000, "malformed"),
        ('{"a":' * 600 + "1" + "}" * 600, "unknown_type"),
        ("x" * 5000, "too_long"),
        ("x" * 1_000_000, "too_long"),
        (b"\x00\x01", "binary"),
        ('{"type":"dance"}', "unknown_type"),
        ("[]", "unknown_type"),
        ("1e999", "malformed"),
    ],
    ids=str.split(
        "broken deep-list deep-object long too-long-for-most binary unknown-type no-object infinite"
    ),
)
async def test_whatever_is_said_is_answered_and_the_socket_lives(
    web: Web, token: str, said: str | bytes, code: str
) -> None:
    async with connect(web, token) as socket:
        await frame(socket, "initial_data")
        await socket.send(said)
        error = await frame(socket, "error")
        await socket.send('{"type":"ping","id":1}')

        assert error["code"] == code
        assert (await frame(socket, "pong"))["id"] == 1


async def test_a_flood_of_connections_with_one_token_stops_at_its_limit(
    backstage: Backstage, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backstage(some_receiver)
    monkeypatch.setenv("MICBOARD_SOCKETS_PER_TOKEN", "2")
    web = Web(static=tmp_path, log=tmp_path / "log")
    try:
        async with connect(web, token) as one, connect(web, token) as two:
            await frame(one, "initial_data")
            await frame(two, "initial_data")
            async with connect(web, token) as three:
                error = await frame(three, "error")
                await three.wait_closed()
            assert (error["code"], three.close_code) == ("too_many", 4429)
            assert one.close_code is None
    finally:
        web.stop()
