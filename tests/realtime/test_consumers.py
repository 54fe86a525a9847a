"""What a socket hears, and what it may say."""

from datetime import timedelta

import orjson
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.test import Client as Browser

from core import clock
from core.access import create_token
from core.models import Receiver, ServerHealth, Token
from realtime.frames import device_update
from realtime.hub import Hub
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll
from tests.realtime.conftest import Connect, in_thread


def four_channels() -> Receiver:
    (receiver,) = make_receivers()
    record_poll(receiver, answered(*(heard(number, rf_dbm=-40 - number) for number in range(1, 5))))
    emit()
    return receiver


async def test_a_batch_client_begins_with_the_snapshot_and_hears_each_window(connect: Connect) -> None:
    receiver = await in_thread(four_channels)
    client = await connect()

    first = await client.frame()
    await in_thread(record_poll, receiver, answered(heard(1, muted=True)))
    await in_thread(emit)
    second = await client.frame("batch_update")

    assert (first["type"], first["interval_ms"]) == ("initial_data", 1000)
    assert [row["rf_signal"] for row in first["devices"]] == [-41, -42, -43, -44]
    assert first["intervals"] == {"critical": 10, "normal": 30, "offline": 60}
    assert first["alerts"] == []
    assert (second["seq"], second["prev"], second["epoch"]) == (
        first["seq"] + 1,
        first["seq"],
        first["epoch"],
    )
    (update,) = second["updates"]
    assert update["changes"] == {"mute_status": True, "rf_signal": -45}


async def test_a_client_that_asks_for_nothing_gets_the_guides_messages(connect: Connect) -> None:
    receiver = await in_thread(four_channels)
    client = await connect("/ws/devices/")

    first = await client.frame()
    updates = [await client.frame() for _ in range(4)]
    server = await client.frame()
    await in_thread(record_poll, receiver, answered(heard(2, muted=True, rf_dbm=-42)))
    await in_thread(emit)
    change = await client.frame("device_update")

    assert first["type"] == "initial_data"
    assert [(one["type"], one["rf_signal"]) for one in updates] == [
        ("device_update", -40 - number) for number in range(1, 5)
    ]
    assert (server["type"], server["server"]) == ("connection_update", "main")
    assert change["device_id"] == f"{receiver.code}-2"
    assert change["changes"] == {"mute_status": True}
    assert {name: change[name] for name in ("battery_level", "rf_signal", "charging", "name")} == {
        "battery_level": 85,
        "rf_signal": -42,
        "charging": None,
        "name": "Vox 2",
    }


async def test_no_message_but_an_update_has_a_device_id_at_its_top(connect: Connect) -> None:
    await in_thread(four_channels)
    client = await connect("/ws/devices/")

    frames = [await client.frame() for _ in range(6)]
    heartbeat = await client.frame("heartbeat")

    assert [frame["type"] for frame in (*frames, heartbeat) if "device_id" in frame] == ["device_update"] * 4


async def test_an_alert_comes_after_the_updates_of_its_window_and_is_there_for_who_comes_later(
    connect: Connect,
) -> None:
    receiver = await in_thread(four_channels)
    client = await connect("/ws/devices/")
    for _ in range(6):
        await client.frame()

    low = answered(heard(1, battery_minutes=20, rf_dbm=-41))
    await in_thread(record_poll, receiver, low)
    await in_thread(emit)
    update, alert = await client.frame("device_update"), await client.frame("system_alert")
    later = await connect("/ws/devices/")
    batch = await connect()

    assert (update["device_id"], update["battery_status"]) == (receiver.code, "critical")
    assert alert == {
        "type": "system_alert",
        "id": alert["id"],
        "severity": "critical",
        "state": "open",
        "rule": "battery_low",
        "since": alert["since"],
        "message": "Vox 1: 20 minutes left",
        "target": {"device_id": receiver.code, "channel": 1},
    }
    assert await later.frame("system_alert") == alert
    assert (await batch.frame())["alerts"] == [{name: alert[name] for name in alert if name != "type"}]


async def test_a_poll_that_changes_nothing_is_told_as_seen(connect: Connect) -> None:
    receiver = await in_thread(four_channels)
    client = await connect()
    await client.frame("initial_data")

    await in_thread(record_poll, receiver, answered(*(heard(n, rf_dbm=-40 - n) for n in range(1, 5))))
    heartbeat = await client.frame("heartbeat")

    ((seen, at),) = heartbeat["seen"]
    assert seen == receiver.code
    assert at <= heartbeat["timestamp"]
    assert heartbeat["seq"] == heartbeat["prev"]


async def test_silence_is_broken_by_a_heartbeat_that_tells_whether_the_poller_lives(connect: Connect) -> None:
    client = await connect()

    await client.frame("initial_data")
    heartbeat = await client.frame("heartbeat")

    assert heartbeat["live"] is False  # no beat runs in this test


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ('{"type":"ping"}', {"type": "pong"}),
        ('{"type":"ping","id":7}', {"type": "pong", "id": 7}),
        ("{", {"type": "error", "code": "malformed"}),
        ('{"type":"reboot"}', {"type": "error", "code": "unknown_type"}),
        ("[]", {"type": "error", "code": "unknown_type"}),
        ("[" * 3000, {"type": "error", "code": "malformed"}),
        (f'{{"type":"ping","id":{"[" * 500 + "]" * 500}}}', {"type": "error", "code": "bad_id"}),
        ('{"type":"ping","id":{"a":1}}', {"type": "error", "code": "bad_id"}),
        ('"' + "x" * 5000 + '"', {"type": "error", "code": "too_long"}),
    ],
)
@pytest.mark.parametrize("path", ["/ws/devices/?mode=batch", "/ws/connections/", "/ws/health/"])
async def test_one_bad_message_is_answered_and_the_socket_lives(
    connect: Connect, path: str, said: str, answer: dict[str, object]
) -> None:
    client = await connect(path)

    await client.say(said)
    told = await client.frame("pong", "error")
    await client.say('{"type":"ping","id":"still here"}')
    alive = await client.frame("pong")

    assert {name: told[name] for name in answer} == answer
    assert alive["id"] == "still here"


async def test_a_binary_message_is_answered_with_an_error(connect: Connect) -> None:
    client = await connect()

    await client.socket.send_to(bytes_data=b"\x00\x01")

    assert (await client.frame("error"))["code"] == "binary"


async def test_each_servers_connection_is_told_on_connect_and_on_change(connect: Connect) -> None:
    await in_thread(four_channels)
    client = await connect("/ws/connections/")

    first = await client.frame()
    await in_thread(ServerHealth.objects.update, status="degraded", error_count=1)
    second = await client.frame()

    assert first == {
        "type": "connection_update",
        "manufacturer": "shure",
        "server": "main",
        "status": "connected",
        "latency_ms": 9,
        "last_update": first["last_update"],
    }
    assert (second["status"], second["server"]) == ("degraded", "main")


async def test_the_health_feed_tells_of_the_interface_and_of_this_system(connect: Connect) -> None:
    await in_thread(four_channels)
    client = await connect("/ws/health/")

    api, system = await client.frame(), await client.frame()

    assert (api["type"], api["endpoint"], api["status"]) == (
        "api_health",
        "https://198.51.100.7:10000",
        "healthy",
    )
    assert (api["response_time_ms"], api["error_count"]) == (9, 0)
    assert (system["type"], system["status"]) == ("system_health", "unhealthy")
    assert "beat" in system["silent"]


async def closed(connect: Connect, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, str]:
    return await (await connect(path, headers)).closed()


BEARER = b"authorization"


@pytest.mark.parametrize(
    "path", ["/ws/devices/", "/ws/devices/?mode=batch", "/ws/connections/", "/ws/health/"]
)
@pytest.mark.parametrize(
    "headers",
    [[], [(BEARER, b"Bearer mic_guess")], [(BEARER, b"Bearer ")], [(BEARER, b"Basic YWRtaW46YWRtaW4=")]],
    ids=["nothing", "a guess", "empty", "basic"],
)
async def test_without_a_sign_in_there_is_nothing_to_hear(
    connect: Connect, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    assert await closed(connect, path, headers) == (4401, "Sign in, or send Authorization: Bearer TOKEN")


async def test_a_token_that_is_revoked_or_past_its_end_opens_nothing(connect: Connect) -> None:
    _, secret = await in_thread(create_token, "short")
    headers = [(BEARER, f"Bearer {secret}".encode())]
    await (await connect(headers=headers)).frame("initial_data")

    await in_thread(Token.objects.update, expires_at=TransactionNow() - timedelta(seconds=1))
    assert (await closed(connect, "/ws/devices/", headers))[0] == 4401

    await in_thread(Token.objects.update, expires_at=None, revoked_at=TransactionNow())
    assert (await closed(connect, "/ws/devices/", headers))[0] == 4401


NO_LONGER = (4401, "You are no longer signed in, or the token was revoked or is past its end.")


@pytest.mark.parametrize(
    "end",
    [{"revoked_at": TransactionNow()}, {"expires_at": TransactionNow()}],
    ids=["revoked", "past its end"],
)
async def test_a_socket_is_closed_when_its_token_opens_nothing_any_more(
    connect: Connect, end: dict[str, object]
) -> None:
    _, secret = await in_thread(create_token, "short")
    ended = await connect(headers=[(BEARER, f"Bearer {secret}".encode())])
    other = await connect()
    for client in (ended, other):
        await client.frame("initial_data")

    await in_thread(Token.objects.filter(name="short").update, **end)

    assert await ended.closed() == NO_LONGER
    await other.say('{"type":"ping"}')
    assert await other.frame("pong")


async def test_a_token_that_ends_by_itself_closes_its_socket(connect: Connect) -> None:
    _, secret = await in_thread(
        create_token, "short", expires_at=await in_thread(clock.now) + timedelta(seconds=2)
    )
    client = await connect(headers=[(BEARER, f"Bearer {secret}".encode())])
    await client.frame("initial_data")

    assert await client.closed() == NO_LONGER


@pytest.mark.parametrize("end", ["signed out", "no longer active", "another password"])
async def test_a_socket_is_closed_when_its_session_is_over(connect: Connect, end: str) -> None:
    cookie = await in_thread(signed_in)
    headers = [(b"cookie", cookie), (b"origin", b"http://localhost:8000"), (b"host", b"localhost:8000")]
    client = await connect("/ws/devices/?mode=batch", headers)
    await client.frame("initial_data")

    match end:
        case "signed out":
            await in_thread(Session.objects.all().delete)
        case "no longer active":
            await in_thread(User.objects.update, is_active=False)
        case _:
            await in_thread(User.objects.update, password="!")

    assert await client.closed() == NO_LONGER


async def test_a_token_that_is_held_to_a_part_sees_that_part_alone_whatever_it_asks_for(
    connect: Connect,
) -> None:
    receiver = await in_thread(four_channels)
    _, secret = await in_thread(create_token, "one channel", scopes=[f"device:{receiver.code}"])
    bearer = [(BEARER, f"Bearer {secret}".encode())]

    narrow = await (await connect("/ws/devices/", bearer)).frame("initial_data")
    beyond = await (await connect(f"/ws/devices/?scope=device:{receiver.code}-2", bearer)).frame(
        "initial_data"
    )

    assert [row["device_id"] for row in narrow["devices"]] == [receiver.code]
    assert beyond["devices"] == []


async def test_a_token_that_sees_no_channel_hears_of_no_server(connect: Connect) -> None:
    await in_thread(four_channels)
    _, secret = await in_thread(create_token, "elsewhere", scopes=["location:elsewhere"])
    client = await connect("/ws/health/", [(BEARER, f"Bearer {secret}".encode())])

    assert (await client.frame())["type"] == "system_health"


async def test_whoever_has_gone_is_forgotten(connect: Connect) -> None:
    gone, health = await connect(), await connect("/ws/health/")
    await gone.frame("initial_data")

    await gone.socket.disconnect()

    assert len(Hub.of_this_loop().hall.guests) == 1
    await health.frame("system_health")


async def test_a_token_remembers_when_it_was_last_used(connect: Connect) -> None:
    await (await connect()).frame("initial_data")

    assert await in_thread(Token.objects.filter(last_used_at__isnull=False).count) == 1


def signed_in() -> bytes:
    """Return the session cookie of somebody who signed in."""
    browser = Browser()
    browser.force_login(User.objects.create_user("olga"))
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


async def test_a_session_opens_the_feed_to_a_page_of_this_server(connect: Connect) -> None:
    cookie = await in_thread(signed_in)
    headers = [(b"cookie", cookie), (b"origin", b"http://localhost:8000"), (b"host", b"localhost:8000")]

    client = await connect("/ws/devices/?mode=batch", headers)

    assert (await client.frame())["type"] == "initial_data"


@pytest.mark.parametrize(
    "origin",
    [
        [],
        [(b"origin", b"http://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://localhost:8001")],
    ],
    ids=["none", "another host", "null", "another port"],
)
async def test_a_session_opens_nothing_to_another_page(
    connect: Connect, origin: list[tuple[bytes, bytes]]
) -> None:
    cookie = await in_thread(signed_in)

    code, _ = await closed(
        connect, "/ws/devices/", [(b"cookie", cookie), (b"host", b"localhost:8000"), *origin]
    )

    assert code == 4401


async def test_a_host_that_is_not_ours_opens_nothing_even_to_its_own_page(connect: Connect) -> None:
    """A name that somebody else points at this address must not carry a browser's session."""
    cookie = await in_thread(signed_in)
    rebound = [(b"cookie", cookie), (b"host", b"evil.example"), (b"origin", b"http://evil.example")]

    assert (await closed(connect, "/ws/devices/", rebound))[0] == 4401


async def test_a_user_who_is_no_longer_active_opens_nothing(connect: Connect) -> None:
    cookie = await in_thread(signed_in)
    await in_thread(User.objects.update, is_active=False)
    headers = [(b"cookie", cookie), (b"origin", b"http://localhost:8000"), (b"host", b"localhost:8000")]

    assert (await closed(connect, "/ws/devices/", headers))[0] == 4401


async def test_a_mode_or_a_feed_that_does_not_exist_is_refused_with_the_choice(connect: Connect) -> None:
    mode = await (await connect("/ws/devices/?mode=stream")).closed()
    feed = await (await connect("/ws/mics/")).closed()

    assert mode == (4400, "mode is batch or single")
    assert feed == (4400, "There is no such feed: /ws/devices/, /ws/connections/ or /ws/health/")


def test_an_update_of_the_single_mode_is_complete_in_itself() -> None:
    """Every field that the guide's client reads is there, whatever changed."""
    row = dict.fromkeys(("device_id", "receiver_id", "channel", "name")) | dict.fromkeys(
        [
            "status",
            "state",
            "battery_level",
            "charging",
            "battery_status",
            "rf_signal",
            "rf_quality",
            "interference",
            "audio_level",
            "peak_level",
            "mute_status",
        ]
    )

    frame = orjson.loads(device_update(row, seq=3, timestamp="now", changes={}).text)

    assert set(frame) == {"type", "timestamp", "seq", "changes", *row}
