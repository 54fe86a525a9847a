"""The journal is not blind: whatever breaks a promise of the feed is noticed, and what breaks none is not."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from core.models import Receiver
from realtime import contract
from realtime.audience import Audience
from realtime.encoding import Message
from realtime.windows import emit
from tests.fleet import answered, heard, make_receivers
from tests.polling import record_poll
from tests.realtime.conftest import Client, Connect, in_thread

from .journal import Broken, Journal, SingleJournal, Truth, Windows

Frame = dict[str, Any]

FIRST: Frame = contract.asyncapi()["components"]["messages"]["initial_data"]["examples"][0]["payload"]
EPOCH, SEQ = FIRST["epoch"], FIRST["seq"]
ROW: Frame = FIRST["devices"][0]
ID, REV = ROW["device_id"], ROW["rev"]
AT = FIRST["timestamp"]


def window(number: int, **values: Any) -> Frame:
    """Return the window that is so many after the snapshot."""
    nothing: Frame = {"updates": [], "added": [], "removed": [], "alerts": []}
    place = {"seq": SEQ + number, "prev": SEQ + number - 1, "epoch": EPOCH, "timestamp": AT}
    return {"type": "batch_update", **place, **nothing, **values}


def update(rev: int) -> Frame:
    changes = {"battery_level": 7}
    return {"type": "device_update", "device_id": ID, "rev": rev, "timestamp": AT, "changes": changes}


def resumed(number: int, replayed: int, epoch: str = EPOCH) -> Frame:
    return {"type": "resumed", "seq": SEQ + number, "epoch": epoch, "replayed": replayed, "seen": []}


def heartbeat(number: int) -> Frame:
    at = {"seq": SEQ + number, "prev": SEQ + number, "epoch": EPOCH, "timestamp": AT}
    return {"type": "heartbeat", **at, "seen": [], "live": True}


AGAIN: Frame = {}  # the connection is made anew


def told(frames: Sequence[Frame], windows: Windows | None = None) -> list[Broken]:
    """Return the promises that these frames break."""
    journal = Journal(windows or Windows())
    journal.connect()
    for frame in frames:
        if frame is AGAIN:
            journal.connect()
        else:
            journal.take(json.dumps(frame))
    return [breach.kind for breach in journal.breaches]


@pytest.mark.parametrize(
    "frames",
    [
        [FIRST, window(1, updates=[update(REV + 1)]), heartbeat(1), window(2, updates=[update(REV + 2)])],
        [FIRST, window(1), AGAIN, resumed(3, 2), window(2), window(3), heartbeat(3), window(4)],
        [FIRST, AGAIN, resumed(0, 0), window(1)],
        [FIRST, {**FIRST, "epoch": "another", "seq": 1}],
        [FIRST, window(1, updates=[update(REV - 1)]), window(2, updates=[update(REV)])],
        [FIRST, window(1, removed=[ID]), window(2, added=[{**ROW, "rev": REV + 1}])],
    ],
    ids=["on", "resumed", "nothing missed", "epoch", "snapshot ahead", "gone and back"],
)
def test_what_keeps_the_promises_is_no_breach(frames: list[Frame]) -> None:
    assert told(frames) == []


@pytest.mark.parametrize(
    ("frames", "kind"),
    [
        ([FIRST, window(2)], Broken.GAP),
        ([FIRST, heartbeat(1)], Broken.GAP),
        ([FIRST, window(1), AGAIN, resumed(2, 1), window(3)], Broken.GAP),
        ([FIRST, window(1), window(1)], Broken.REPEAT),
        ([FIRST, window(1), AGAIN, FIRST], Broken.REPEAT),
        (
            [FIRST, window(1, updates=[update(REV + 1)]), window(2, updates=[update(REV + 1)])],
            Broken.REGRESSION,
        ),
        ([FIRST, window(1, updates=[update(REV + 1)]), {**FIRST, "seq": SEQ + 1}], Broken.REGRESSION),
        ([FIRST, window(1, removed=[ID]), window(2, added=[{**ROW, "rev": REV - 1}])], Broken.REGRESSION),
        ([FIRST, window(1, epoch="another")], Broken.EPOCH),
        ([FIRST, AGAIN, resumed(0, 0, epoch="another")], Broken.EPOCH),
        ([window(1)], Broken.PROMISE),
        ([FIRST, AGAIN, window(1)], Broken.PROMISE),
        ([FIRST, AGAIN, resumed(3, 2)], Broken.PROMISE),
        ([FIRST, AGAIN, resumed(2, 2), window(1), heartbeat(1)], Broken.PROMISE),
        ([FIRST, AGAIN, resumed(1, 1), FIRST], Broken.PROMISE),
        ([FIRST, window(1, surprise=1)], Broken.CONTRACT),
    ],
)
def test_what_breaks_a_promise_is_noticed(frames: list[Frame], kind: Broken) -> None:
    assert kind in told(frames)


def test_two_clients_that_are_told_different_windows_are_noticed() -> None:
    windows = Windows()

    assert told([FIRST, window(1)], windows) == []
    assert told([FIRST, window(1, updates=[update(REV + 1)])], windows) == [Broken.CONTRADICTION]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, []),
        ({"seq": SEQ + 1}, [f"is at {EPOCH}/{SEQ}, not at {EPOCH}/{SEQ + 1}"]),
        ({"rows": {}}, [f"{ID}: "]),
        (
            {"rows": {ID: {**ROW, "battery_level": 1}}},
            [f"{ID} battery_level: {ROW['battery_level']} and not 1"],
        ),
        (
            {"rows": {ID: {**ROW, "seen_at": "2100"}}},
            [f"{ROW['receiver_id']}: {ROW['seen_at']} and not 2100"],
        ),
        ({"alerts": {7: {"id": 7}}}, ["7: None and not {'id': 7}"]),
        ({"intervals": {**FIRST["intervals"], "normal": 1}}, ["normal: "]),
    ],
)
def test_a_board_that_is_not_the_databases_is_noticed(values: Mapping[str, Any], found: list[str]) -> None:
    journal = Journal(Windows())
    journal.take(json.dumps(FIRST))
    same = {
        "epoch": EPOCH,
        "seq": SEQ,
        "rows": {row["device_id"]: row for row in FIRST["devices"]},
        "alerts": {alert["id"]: alert for alert in FIRST["alerts"]},
        "intervals": FIRST["intervals"],
    }

    differences = journal.differences(Truth(**{**same, **values}))

    assert len(differences) >= len(found)
    assert all(any(one.startswith(start) for one in differences) for start in found)
    assert bool(differences) == bool(found)


# The whole way, with a hub that is wrong.


def some_receiver() -> Receiver:
    (receiver,) = make_receivers(model="ULXD4D")
    record_poll(receiver, answered(heard(1), heard(2)))
    emit()
    return receiver


def retune(receiver: Receiver, khz: int) -> None:
    record_poll(receiver, answered(heard(1, frequency_khz=khz), heard(2)))
    emit()


def lose_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    tell = Audience.window
    left = ["this one"]

    def window(self: Audience, *args: Any, **values: Any) -> Message | None:
        message = tell(self, *args, **values)
        return None if left and left.pop() else message

    monkeypatch.setattr(Audience, "window", window)


async def heard_by(client: Client, journal: Journal | SingleJournal, *, updates: int) -> None:
    while journal.counts["batch_update"] + journal.counts["device_update"] < updates:
        journal.take(json.dumps(await client.frame()))


@pytest.mark.parametrize("scope", [(), ("location:nowhere", "device:{code}")], ids=["whole", "part"])
async def test_a_hub_that_loses_a_window_is_caught(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, scope: tuple[str, ...]
) -> None:
    receiver = await in_thread(some_receiver)
    scope = tuple(one.format(code=receiver.code) for one in scope)
    journal = Journal(Windows(), scope)
    query = "".join(f"&scope={one}" for one in scope)
    client = await connect(f"/ws/devices/?mode=batch{query}")
    journal.take(json.dumps(await client.frame("initial_data")))

    await in_thread(retune, receiver, 600_000)
    await heard_by(client, journal, updates=1)
    before = list(journal.breaches)
    lose_a_window(monkeypatch)
    await in_thread(retune, receiver, 601_000)
    await in_thread(retune, receiver, 602_000)
    await heard_by(client, journal, updates=2)

    assert before == []
    assert Broken.GAP in {breach.kind for breach in journal.breaches}
