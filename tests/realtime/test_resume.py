"""Coming back: a client that was away misses nothing, or is told to start over."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from core.models import Channel, Head, Location, Receiver, Window
from realtime import past
from realtime.board import Board
from realtime.hub import Hub
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll
from tests.realtime.conftest import Client, Connect, in_thread


def receiver_told(model: str = "ULXD4D") -> Receiver:
    (receiver,) = make_receivers(model=model)
    record_poll(receiver, answered(heard(1), heard(2)))
    emit()
    return receiver


def change(receiver: Receiver, khz: int, **values: Any) -> None:
    record_poll(receiver, answered(heard(1, frequency_khz=khz, **values), heard(2)))
    emit()


async def left(connect: Connect, path: str = "/ws/devices/?mode=batch") -> dict[str, Any]:
    """Return what a client knew that has gone."""
    client = await connect(path)
    first = await client.frame("initial_data")
    await client.socket.disconnect()
    return first


async def back(connect: Connect, known: dict[str, Any], more: str = "") -> Client:
    return await connect(f"/ws/devices/?mode=batch&since={known['seq']}&epoch={known['epoch']}{more}")


async def test_who_comes_back_gets_the_windows_that_they_missed(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    known = await left(connect)
    await in_thread(change, receiver, 600_000)
    await in_thread(change, receiver, 601_000)

    client = await back(connect, known)
    told = [await client.frame() for _ in range(3)]

    assert [frame["type"] for frame in told] == ["resumed", "batch_update", "batch_update"]
    assert (told[0]["seq"], told[0]["replayed"]) == (known["seq"] + 2, 2)
    assert told[0]["seen"][0][0] == receiver.code
    assert [frame["prev"] for frame in told[1:]] == [known["seq"], known["seq"] + 1]
    await in_thread(change, receiver, 602_000)
    assert (await client.frame("batch_update"))["prev"] == told[0]["seq"]


async def test_who_missed_nothing_is_told_so(connect: Connect) -> None:
    await in_thread(receiver_told)
    known = await left(connect)

    resumed = await (await back(connect, known)).frame()

    assert (resumed["type"], resumed["replayed"], resumed["seq"]) == ("resumed", 0, known["seq"])


async def test_a_hub_that_was_restarted_knows_the_past_of_the_one_before(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    known = await left(connect)
    await in_thread(change, receiver, 600_000)
    hub = Hub.of_this_loop()
    await hub.stop()
    hub.__init__()  # type: ignore[misc]  # as the process that comes after begins

    resumed = await (await back(connect, known)).frame()

    assert (resumed["type"], resumed["replayed"]) == ("resumed", 1)


@pytest.mark.parametrize("known", [{"epoch": "another"}, {"seq": 1_000_000}], ids=["epoch", "future"])
async def test_who_knows_another_sequence_starts_over(connect: Connect, known: dict[str, Any]) -> None:
    await in_thread(receiver_told)
    knew = await left(connect)

    client = await back(connect, knew | known)

    assert (await client.frame())["type"] == "initial_data"


async def test_who_missed_more_than_is_kept_starts_over(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST", 600)
    receiver = await in_thread(receiver_told)
    known = await left(connect)
    for number in range(5):
        await in_thread(change, receiver, 600_000 + 25 * number)

    client = await back(connect, known)

    assert (await client.frame())["type"] == "initial_data"


@pytest.mark.parametrize("query", ["since=1", "epoch=abc", "since=-1&epoch=abc", "since=x&epoch=abc"])
async def test_a_place_that_is_no_place_is_refused_with_a_sentence(connect: Connect, query: str) -> None:
    client = await connect(f"/ws/devices/?mode=batch&{query}")

    assert await client.closed() == (
        4400,
        "since is the last seq that you have seen, and comes with its epoch",
    )


async def test_a_client_of_a_part_comes_back_to_its_part(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    scope = f"&scope=device:{receiver.code}"
    known = await left(connect, f"/ws/devices/?mode=batch{scope}")
    assert [row["channel"] for row in known["devices"]] == [1]
    await in_thread(change, receiver, 600_000)

    client = await back(connect, known, scope)
    told = [await client.frame() for _ in range(2)]

    assert [frame["type"] for frame in told] == ["resumed", "batch_update"]
    assert told[1]["updates"][0]["changes"] == {"frequency_khz": 600_000}


async def test_a_client_asks_for_another_part_without_connecting_anew(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect()
    assert len((await client.frame("initial_data"))["devices"]) == 2

    await client.say(f'{{"type":"subscribe","scope":["device:{receiver.code}-2"]}}')
    part = await client.frame("initial_data")
    await in_thread(change, receiver, 600_000)
    heartbeat = await client.frame("heartbeat", "batch_update")
    await client.say('{"type":"subscribe","scope":[]}')
    everything = await client.frame("initial_data")

    assert [row["channel"] for row in part["devices"]] == [2]
    assert (heartbeat["type"], heartbeat.get("updates", [])) in [("heartbeat", []), ("batch_update", [])]
    assert len(everything["devices"]) == 2


@pytest.mark.parametrize(
    "scope", ['["room:1"]', '"location:main-a"', "[1]", '["location:"]', f'["device:{"x" * 101}"]']
)
async def test_a_part_that_cannot_be_asked_for_is_answered_and_the_socket_lives(
    connect: Connect, scope: str
) -> None:
    await in_thread(receiver_told)
    client = await connect()
    await client.frame("initial_data")

    await client.say(f'{{"type":"subscribe","scope":{scope}}}')

    assert (await client.frame("error"))["code"] == "bad_scope"
    await client.say('{"type":"ping"}')
    assert await client.frame("pong")


async def test_a_scope_at_the_door_that_is_none_is_refused(connect: Connect) -> None:
    client = await connect(f"/ws/devices/?scope={quote('room:1')}")

    code, why = await client.closed()

    assert code == 4400
    assert why.startswith("A scope is location:NAME, group:NAME or device:ID")


async def test_a_rename_moves_a_channel_into_the_part_of_who_asked_for_that_name(connect: Connect) -> None:
    receiver = await in_thread(receiver_told)
    client = await connect("/ws/devices/?mode=batch&scope=device:lead")
    assert (await client.frame("initial_data"))["devices"] == []

    await in_thread(change, receiver, 578_350, name="Lead")
    came = await client.frame("batch_update")
    await in_thread(change, receiver, 578_350, name="Bass")
    gone: dict[str, Any] = {"removed": []}
    while not gone["removed"]:
        gone = await client.frame("batch_update")

    assert [(row["name"], row["channel"]) for row in came["added"]] == [("Lead", 1)]
    assert gone["removed"] == [came["added"][0]["device_id"]]


async def test_what_admins_do_reaches_each_client_of_a_part_without_a_reconnect(connect: Connect) -> None:
    def house() -> list[Receiver]:
        stays, moves, goes = make_receivers(3, model="ULXD4")
        there = Location.objects.create(slug="main-a", title="Main A")
        Receiver.objects.filter(pk__in=[stays.pk, moves.pk, goes.pk]).update(location=there)
        for receiver in (stays, moves, goes):
            record_poll(receiver, answered(heard(1)))
        emit()
        return [stays, moves, goes]

    def edit() -> Receiver:
        Channel.objects.filter(receiver=stays).update(alias="Lead")
        Receiver.objects.filter(pk=moves.pk).update(location=Location.objects.create(slug="b", title="B"))
        goes.delete()
        (new,) = make_receivers(model="ULXD4")
        Receiver.objects.filter(pk=new.pk).update(location=Location.objects.get(slug="main-a"))
        record_poll(new, answered(heard(1)))
        emit()
        return new

    stays, moves, goes = await in_thread(house)
    path = "/ws/devices/?mode=batch&scope=location:main-a"
    client = await connect(path)
    board = board_of(await client.frame("initial_data"))
    assert set(board.rows) == {stays.code, moves.code, goes.code}

    new = await in_thread(edit)
    told: dict[str, Any] = {"seq": board.seq}
    head = await in_thread(Head.objects.get)
    while told["seq"] < head.seq:
        told = await client.frame("batch_update")
        assert told["prev"] == board.seq
        board.apply(told)
    fresh = board_of(await (await connect(path)).frame("initial_data"))

    assert set(board.rows) == {stays.code, new.code}
    assert board.rows[stays.code]["name"] == "Lead"
    assert board.rows == fresh.rows


def board_of(snapshot: dict[str, Any]) -> Board:
    return Board(
        epoch=snapshot["epoch"],
        seq=snapshot["seq"],
        read_at=datetime.fromisoformat(snapshot["timestamp"]),
        intervals=snapshot["intervals"],
        rows={row["device_id"]: row for row in snapshot["devices"]},
    )


async def test_another_window_under_a_known_number_is_a_new_epoch(connect: Connect) -> None:
    """As after a failover that lost the last second: the sequence goes on, but it is not what clients were told."""
    receiver = await in_thread(receiver_told)
    client = await connect()
    first = await client.frame("initial_data")
    await in_thread(change, receiver, 600_000)
    await client.frame("batch_update")

    def fail_over() -> None:
        window = Window.objects.latest("seq")
        window.frame = window.frame.replace("600000", "601000")
        window.save()

    await in_thread(fail_over)
    again = await client.frame("initial_data")

    assert again["epoch"] != first["epoch"]
    assert again["epoch"] == (await in_thread(Head.objects.get)).epoch
