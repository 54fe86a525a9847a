"""Parts of the board: whatever happens, a client of a part holds what a new client of it would be given."""

import copy
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import Visible
from core.domain.scopes import parse
from realtime.audience import Audience, Mode, View
from realtime.board import Board
from realtime.encoding import Message

NOW = "2026-11-24T20:31:00.000Z"
ROOMS = ("main-a", "main-b")
STAGE_LEFT = [["stage-left", 1]]


def row(
    number: int, *, room: str = "main-a", groups: list[Any] | None = None, rev: int = 1
) -> dict[str, Any]:
    return {
        "device_id": f"SHURE{number:03}",
        "receiver_id": f"SHURE{number:03}",
        "channel": 1,
        "name": f"Vox {number}",
        "server": "main",
        "location": room,
        "groups": groups or [],
        "rev": rev,
        "seen_at": None,
        "battery_level": 80,
    }


def alert(id_: int, number: int, state: str = "open") -> dict[str, Any]:
    return {"id": id_, "state": state, "target": {"device_id": f"SHURE{number:03}", "channel": 1}}


def board(*rows: dict[str, Any], alerts: tuple[dict[str, Any], ...] = ()) -> Board:
    return Board(
        epoch="e",
        seq=0,
        read_at=datetime(2026, 11, 24, tzinfo=UTC),
        intervals={"critical": 10},
        rows={one["device_id"]: copy.deepcopy(one) for one in rows},
        alerts={one["id"]: dict(one) for one in alerts},
    )


def window(seq: int, **parts: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"updates": [], "added": [], "removed": [], "alerts": []}
    head = {"type": "batch_update", "seq": seq, "prev": seq - 1, "epoch": "e", "timestamp": NOW}
    return {**head, **nothing, **parts}


def update(number: int, rev: int, **changes: Any) -> dict[str, Any]:
    return {
        "type": "device_update",
        "device_id": f"SHURE{number:03}",
        "rev": rev,
        "timestamp": NOW,
        "changes": changes,
    }


def view(*scopes: str, mode: Mode = Mode.BATCH) -> View:
    return View(mode, Visible.everything().asking(map(parse, scopes)))


def frames(message: Message | None) -> list[dict[str, Any]]:
    return [] if message is None else [orjson.loads(text) for text in message.texts]


def tell(audience: Audience, whole: Board, frame: dict[str, Any]) -> list[dict[str, Any]]:
    changed = whole.apply(frame)
    text = orjson.dumps(frame).decode()
    return frames(audience.window(whole, frame, text, changed=changed))


def snapshot(audience: Audience, whole: Board) -> dict[str, Any]:
    audience.see([])  # so that the welcome is a new one
    return frames(audience.welcome(whole, timestamp=NOW))[0]


def test_a_part_is_told_its_own_changes_and_passes_over_others() -> None:
    whole = board(row(1), row(2, room="main-b"))
    audience = Audience(view("location:main-a"), whole)

    others = tell(audience, whole, window(1, updates=[update(2, 2, battery_level=79)]))
    own = tell(
        audience, whole, window(2, updates=[update(1, 2, battery_level=79), update(2, 3, battery_level=78)])
    )

    assert others == []
    assert own == [{**window(2, updates=[update(1, 2, battery_level=79)]), "prev": 0}]


def test_a_channel_that_moves_comes_whole_and_goes_by_its_id() -> None:
    whole = board(row(1), row(2, room="main-b"))
    audience = Audience(view("location:main-a"), whole)

    (came,) = tell(audience, whole, window(1, updates=[update(2, 2, location="main-a")]))
    (left,) = tell(audience, whole, window(2, updates=[update(1, 2, location="main-b")]))

    assert (came["added"], came["updates"]) == ([row(2, rev=2)], [])
    assert (left["removed"], left["updates"]) == (["SHURE001"], [])


def test_alerts_come_and_go_with_their_channel() -> None:
    whole = board(row(1), row(2, room="main-b"), alerts=(alert(7, 1), alert(8, 2)))
    audience = Audience(view("location:main-a"), whole)
    assert snapshot(audience, whole)["alerts"] == [alert(7, 1)]

    (moved,) = tell(
        audience,
        whole,
        window(1, updates=[update(1, 2, location="main-b"), update(2, 2, location="main-a")]),
    )
    later = tell(audience, whole, window(2, alerts=[alert(7, 1, "resolved")]))

    assert sorted(moved["alerts"], key=lambda one: one["id"]) == [alert(7, 1, "resolved"), alert(8, 2)]
    assert later == []


def test_a_server_that_is_renamed_is_still_heard_of() -> None:
    whole = board(row(1))
    audience = Audience(view("location:main-a"), whole)

    tell(audience, whole, window(1, updates=[update(1, 2, server="other")]))

    assert audience.part.has_server("other")
    assert not audience.part.has_server("main")


def test_who_sees_everything_gets_the_window_as_it_was_stored_and_who_answered() -> None:
    whole = board(row(1))
    audience = Audience(view(), whole)
    frame = window(1, updates=[update(1, 2, battery_level=79)])

    audience.see([("SHURE001", NOW)])
    told = tell(audience, whole, frame)

    assert told == [{**frame, "seen": [["SHURE001", NOW]]}]


def test_a_part_that_was_passed_over_is_told_later_who_of_it_answered() -> None:
    whole = board(row(1), row(2, room="main-b"))
    audience = Audience(view("location:main-a"), whole)

    audience.see([("SHURE001", NOW), ("SHURE002", NOW)])
    passed_over = tell(audience, whole, window(1, updates=[update(2, 2, battery_level=79)]))
    (own,) = tell(audience, whole, window(2, updates=[update(1, 2, battery_level=79)]))
    (beat,) = frames(audience.heartbeat(whole, timestamp=NOW, live=True))

    assert passed_over == []
    assert own["seen"] == [["SHURE001", NOW]]
    assert beat["seen"] == []


def test_a_part_that_was_passed_over_is_levelled_before_anybody_joins_it() -> None:
    whole = board(row(1), row(2, room="main-b"))
    audience = Audience(view("location:main-b"), whole)
    tell(audience, whole, window(1, updates=[update(1, 2, battery_level=79)]))

    levelled = frames(audience.level(whole, timestamp=NOW))
    again = audience.level(whole, timestamp=NOW)

    assert levelled == [{**window(1), "prev": 0}]
    assert again is None


@pytest.mark.parametrize("moves", [{"location": "main-b"}, {"name": "Bass"}, {"groups": STAGE_LEFT}])
def test_who_comes_back_to_a_part_starts_over_where_its_channels_may_have_moved(
    moves: dict[str, Any],
) -> None:
    whole = board(row(1), row(2))
    audience = Audience(view("location:main-a"), whole)
    past = [window(1, updates=[update(1, 2, **moves)])]
    whole.apply(past[0])

    assert audience.missed(whole, [orjson.dumps(one).decode() for one in past]) is None


def test_who_comes_back_to_a_part_is_told_its_part_of_what_was_missed() -> None:
    whole = board(row(1), row(2, room="main-b"))
    audience = Audience(view("location:main-a"), whole)
    past = [
        window(1, updates=[update(1, 2, battery_level=79), update(2, 2, battery_level=70)]),
        window(2, alerts=[alert(9, 2)]),
    ]
    for frame in past:
        whole.apply(frame)

    told = frames(audience.missed(whole, [orjson.dumps(one).decode() for one in past]))

    assert told == [
        {"type": "resumed", "seq": 2, "epoch": "e", "replayed": 2, "seen": []},
        window(1, updates=[update(1, 2, battery_level=79)]),
        window(2),
    ]


def test_the_guides_client_of_a_part_hears_of_its_part_alone() -> None:
    whole = board(row(1), row(2, room="main-b"), alerts=(alert(8, 2),))
    values = (
        *("status", "state", "charging", "battery_status", "rf_signal", "rf_quality", "interference"),
        *("audio_level", "peak_level", "mute_status"),
    )
    for known in whole.rows.values():
        known.update(dict.fromkeys(values))
    audience = Audience(view("location:main-a", mode=Mode.SINGLE), whole)
    first = frames(audience.welcome(whole, timestamp=NOW))

    told = tell(
        audience,
        whole,
        window(
            1,
            updates=[update(1, 2, battery_level=79), update(2, 2, battery_level=79)],
            alerts=[alert(8, 2, "resolved"), alert(9, 1)],
        ),
    )

    assert [frame["type"] for frame in first] == ["initial_data", "device_update"]
    assert [(frame["type"], frame.get("device_id")) for frame in told] == [
        ("device_update", "SHURE001"),
        ("system_alert", None),
    ]


numbers = st.integers(1, 4)
rooms = st.sampled_from(ROOMS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("value"), numbers, st.integers(0, 100)),
        st.tuples(st.just("move"), numbers, rooms),
        st.tuples(st.just("group"), numbers, st.booleans()),
        st.tuples(st.just("delete"), numbers, st.none()),
        st.tuples(st.just("add"), numbers, rooms),
        st.tuples(st.just("again"), numbers, rooms),
        st.tuples(st.just("alert"), numbers, st.sampled_from(["open", "acknowledged", "resolved"])),
    ),
    max_size=12,
)


@given(
    steps=steps,
    asked=st.sampled_from([["location:main-a"], ["group:stage-left"], ["device:SHURE001", "device:vox 2"]]),
)
def test_a_client_of_a_part_always_holds_what_a_new_one_would_be_given(
    steps: list[tuple[str, int, Any]], asked: list[str]
) -> None:
    whole = board(row(1), row(2, room="main-b"), alerts=(alert(1, 1),))
    audience = Audience(view(*asked), whole)
    first = snapshot(audience, whole)
    client = board(*first["devices"], alerts=tuple(first["alerts"]))
    revs = {1: 1, 2: 1}

    for seq, (act, number, value) in enumerate(steps, start=1):
        device_id = f"SHURE{number:03}"
        known = device_id in whole.rows
        rev = revs[number] = revs.get(number, 0) + 1
        match act:
            case "value" if known:
                frame = window(seq, updates=[update(number, rev, battery_level=value)])
            case "move" if known:
                frame = window(seq, updates=[update(number, rev, location=value)])
            case "group" if known:
                frame = window(seq, updates=[update(number, rev, groups=STAGE_LEFT if value else [])])
            case "delete" if known:
                # As the database does: what is about a channel ends with it.
                ended = [{**one, "state": "resolved"} for one in whole.alerts.values() if one["id"] == number]
                frame = window(seq, removed=[device_id], alerts=ended)
            case "add" if not known:
                frame = window(seq, added=[row(number, room=value, rev=rev)])
            case "again" if known:
                frame = window(seq, removed=[device_id], added=[row(number, room=value, rev=rev)])
            case "alert" if known:
                frame = window(seq, alerts=[alert(number, number, value)])
            case _:
                frame = window(seq)
        for told in tell(audience, whole, frame):
            assert told["prev"] == client.seq
            client.apply(told)

    fresh = snapshot(audience, whole)
    assert client.rows == {one["device_id"]: one for one in fresh["devices"]}
    assert client.alerts == {one["id"]: one for one in fresh["alerts"]}
