"""The law of the feed as cases for every client: an old snapshot and the windows since make the new snapshot.

What happened is told by the emitter's own `coalesced`; what has to come out is the truth of a small world, kept
beside it. This writes law.json anew, the same at every run:
`MICBOARD_SECRET_KEY=x python manage.py shell -c "from tests.vectors import law; law.write()"`
"""

import json
import random
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.domain.state import instant
from core.models.records import Kind
from realtime.windows import Update, coalesced

PATH = Path(__file__).with_suffix(".json")

ABOUT = (
    "Each case begins with the board of `old`, applies `windows` in their order, and has to be the board of `new`: "
    "its seq and epoch, intervals, devices and alerts. Made by law.py."
)
EPOCH = "9f3a1c"
BEGAN_AT = datetime(2026, 11, 22, 16, 41, tzinfo=UTC)
SEED = 1925
RANDOM_CASES = 16
RECEIVERS = ("SHURE001", "SHURE001-2", "SHURE002", "SHURE003")

Frame = dict[str, Any]


class World:
    """Channels and alerts as they are, and what the inbox holds of them that no window has told."""

    def __init__(self, *device_ids: str, seq: int = 418) -> None:
        self.seq = seq
        self.rows: dict[str, dict[str, Any]] = {}
        self.alerts: dict[int, dict[str, Any]] = {}
        self.intervals: dict[str, float] = {"critical": 10, "normal": 30, "offline": 60}
        self._told_intervals = dict(self.intervals)
        self._inbox: list[Update] = []
        for device_id in device_ids:
            self.add(device_id)
        self._inbox.clear()

    @property
    def _now(self) -> datetime:
        return BEGAN_AT + timedelta(seconds=self.seq - 418)

    def _record(self, kind: Kind, device_id: str, *, rev: int = 0, **more: Any) -> None:
        told = {"changes": {}, "row": None} | deepcopy(more)
        self._inbox.append(
            Update(id=len(self._inbox), kind=kind, device_id=device_id, rev=rev, at=self._now, **told)
        )

    def add(self, device_id: str, *, rev: int = 1, **values: Any) -> None:
        receiver_id, _, channel = device_id.partition("-")
        self.rows[device_id] = {
            "device_id": device_id,
            "receiver_id": receiver_id,
            "channel": int(channel or 1),
            "rev": rev,
            "name": device_id.title(),
            "groups": [["stage-left", 3]],
            "tier": "normal",
            "interval_s": None,
            "state": "ok",
            "reasons": [],
            "seen_at": instant(BEGAN_AT - timedelta(seconds=10)),
            "battery_level": 85,
            "rf_signal": -45,
            "last": None,
            **values,
        }
        self._record(Kind.ADDED, device_id, rev=rev, row=self.rows[device_id])

    def set(self, device_id: str, **values: Any) -> None:
        row = self.rows[device_id]
        changes = {name: [row[name], value] for name, value in values.items()}
        row |= values
        row["rev"] += 1
        self._record(Kind.CHANGE, device_id, rev=row["rev"], changes=changes)

    def remove(self, device_id: str) -> None:
        del self.rows[device_id]
        self._record(Kind.REMOVED, device_id)

    def alert(
        self, id_: int, device_id: str, *, state: str = "open", message: str = "22 minutes left"
    ) -> None:
        alert = {
            "id": id_,
            "severity": "critical",
            "state": state,
            "rule": "battery_critical",
            "since": instant(BEGAN_AT),
            "message": message,
            "target": {"device_id": device_id},
        }
        if state == "resolved":
            self.alerts.pop(id_, None)
        else:
            self.alerts[id_] = alert
        self._record(Kind.ALERT, device_id, row=alert)

    def window(self) -> Frame:
        """Tell what the inbox holds."""
        self.seq += 1
        frame = {
            "type": "batch_update",
            "seq": self.seq,
            "prev": self.seq - 1,
            "epoch": EPOCH,
            "timestamp": instant(self._now),
            **deepcopy(coalesced(self._inbox)),
        }
        if self.intervals != self._told_intervals:
            frame["intervals"] = self._told_intervals = dict(self.intervals)
        self._inbox.clear()
        return frame

    def snapshot(self) -> Frame:
        """Read everything: ahead of the windows where the inbox is not empty."""
        return {
            "type": "initial_data",
            "seq": self.seq,
            "epoch": EPOCH,
            "timestamp": instant(self._now),
            "interval_ms": 1000,
            "intervals": dict(self.intervals),
            "devices": sorted(deepcopy(list(self.rows.values())), key=lambda row: row["device_id"]),
            "alerts": [deepcopy(self.alerts[id_]) for id_ in sorted(self.alerts)],
        }


def case(name: str, old: Frame, windows: Iterable[Frame], new: Frame) -> dict[str, Any]:
    return {"name": name, "old": old, "windows": list(windows), "new": new}


def coalesced_changes() -> dict[str, Any]:
    world = World("SHURE001", "SHURE002")
    old = world.snapshot()
    for level in (84, 83, 82):
        world.set("SHURE001", battery_level=level)
    world.set("SHURE001", rf_signal=None)
    world.set("SHURE002", state="warning", reasons=["rf_poor"])
    return case(
        "changes of one channel come as one, null among them", old, [world.window()], world.snapshot()
    )


def come_and_gone() -> dict[str, Any]:
    world = World("SHURE001", "SHURE002")
    old = world.snapshot()
    world.add("SHURE003")
    world.set("SHURE003", battery_level=12)
    world.remove("SHURE002")
    windows = [world.window()]
    world.set("SHURE003", rf_signal=-60)
    world.remove("SHURE001")
    windows.append(world.window())
    return case("channels come, change and go", old, windows, world.snapshot())


def here_and_gone_at_once() -> dict[str, Any]:
    world = World("SHURE001")
    old = world.snapshot()
    world.add("SHURE002")
    world.set("SHURE002", battery_level=50)
    world.remove("SHURE002")
    return case("a channel that came and went within a window", old, [world.window()], world.snapshot())


def another_life(*, windows_between: bool) -> dict[str, Any]:
    world = World("SHURE001", "SHURE002")
    for level in range(80, 70, -1):
        world.set("SHURE001", battery_level=level)
    world.window()
    old = world.snapshot()
    windows = []
    world.remove("SHURE001")
    if windows_between:
        windows.append(world.window())
    world.add("SHURE001", rev=1, battery_level=100)
    world.set("SHURE001", battery_level=99)
    windows.append(world.window())
    world.set("SHURE001", battery_level=98)
    windows.append(world.window())
    when = "later" if windows_between else "within a window"
    return case(f"a channel that went is back {when}, its rev begun anew", old, windows, world.snapshot())


def a_stale_update() -> dict[str, Any]:
    world = World("SHURE001")
    world.set("SHURE001", battery_level=84, rf_signal=-50)
    late = world.window()
    world.set("SHURE001", battery_level=83)
    snapshot = world.snapshot() | {"seq": late["prev"]}
    return case(
        "an update whose rev is not above the known one is dropped whole",
        snapshot,
        [late, world.window()],
        world.snapshot(),
    )


def alerts() -> dict[str, Any]:
    world = World("SHURE001", "SHURE002")
    world.alert(11, "SHURE001")
    world.window()
    old = world.snapshot()
    world.alert(12, "SHURE002")
    world.alert(11, "SHURE001", state="acknowledged")
    windows = [world.window()]
    world.alert(12, "SHURE002", message="9 minutes left")
    world.alert(13, "SHURE001")
    world.alert(13, "SHURE001", state="resolved")
    windows.append(world.window())
    world.alert(11, "SHURE001", state="resolved")
    windows.append(world.window())
    return case("alerts open, change and clear", old, windows, world.snapshot())


def edited_intervals() -> dict[str, Any]:
    world = World("SHURE001")
    old = world.snapshot()
    world.intervals["normal"] = 5
    windows = [world.window()]
    world.set("SHURE001", tier="critical", interval_s=2.5)
    windows.append(world.window())
    return case("an admin edits an interval, once with nothing else to tell", old, windows, world.snapshot())


def out_of_scope() -> dict[str, Any]:
    """Windows that do not concern a scoped client leave no hole: `prev` says where it has to be."""
    world = World("SHURE001", "SHURE002")
    world.alert(12, "SHURE002")
    world.window()
    old = world.snapshot()
    world.seq += 6
    world.remove("SHURE002")
    world.alert(12, "SHURE002", state="resolved")
    windows = [world.window() | {"prev": old["seq"]}]
    world.seq += 2
    world.set("SHURE001", battery_level=70)
    windows.append(world.window() | {"prev": windows[-1]["seq"]})
    return case("what leaves a client's scope takes its alert along", old, windows, world.snapshot())


def ahead() -> dict[str, Any]:
    """A snapshot read while the inbox was not empty shows it already, but not under its seq."""
    world = World("SHURE001", "SHURE002", "SHURE003")
    world.set("SHURE001", battery_level=84)
    world.remove("SHURE002")
    world.add("SHURE002", rev=1, battery_level=7)
    world.remove("SHURE003")
    world.add("SHURE004")
    world.alert(12, "SHURE001")
    world.intervals["critical"] = 4
    old = world.snapshot()
    windows = [world.window()]
    world.set("SHURE001", battery_level=83)
    world.alert(12, "SHURE001", state="resolved")
    windows.append(world.window())
    return case("a snapshot that is ahead of its windows", old, windows, world.snapshot())


def any_evening(seed: int) -> dict[str, Any]:
    """Anything happens, in any order; every third case begins ahead, and some hear their windows twice."""
    chance = random.Random(seed)  # noqa: S311  the same cases at every run
    world = World(*RECEIVERS[:3])
    for _ in range(chance.randrange(6)):
        something(world, chance)
    if seed % 3:
        world.window()
    old = world.snapshot()
    windows = []
    for _ in range(chance.randrange(2, 6)):
        for _ in range(chance.randrange(5)):
            something(world, chance)
        windows.append(world.window())
    heard: Sequence[Frame] = windows
    match seed % 4:
        case 1:
            heard = [frame for window in windows for frame in (window, window)]
        case 2:
            heard = [*windows, *windows]
    return case(f"any evening: {seed}", old, heard, world.snapshot())


def something(world: World, chance: random.Random) -> None:
    device_id = chance.choice(RECEIVERS)
    if device_id not in world.rows:
        world.add(device_id, rev=chance.choice([1, 90]), battery_level=chance.randrange(100))
        return
    match chance.choice(["set", "set", "set", "set", "remove", "alert", "alert", "intervals"]):
        case "set":
            fields = {
                "battery_level": chance.choice([None, *range(0, 100, 7)]),
                "rf_signal": chance.randrange(-95, -30),
                "state": chance.choice(["ok", "warning", "critical", "off"]),
                "reasons": chance.choice([[], ["battery_low"], ["battery_low", "rf_poor"]]),
                "last": chance.choice([None, {"battery_level": 40}]),
            }
            names = chance.sample(sorted(fields), k=chance.randint(1, 3))
            world.set(device_id, **{name: fields[name] for name in names})
        case "remove":
            world.remove(device_id)
        case "alert":
            world.alert(
                chance.randint(10, 13), device_id, state=chance.choice(["open", "acknowledged", "resolved"])
            )
        case "intervals":
            world.intervals["normal"] = chance.choice([15, 20, 30])


def law() -> dict[str, Any]:
    cases = [
        coalesced_changes(),
        come_and_gone(),
        here_and_gone_at_once(),
        another_life(windows_between=False),
        another_life(windows_between=True),
        a_stale_update(),
        alerts(),
        edited_intervals(),
        out_of_scope(),
        ahead(),
        *(any_evening(seed) for seed in range(SEED, SEED + RANDOM_CASES)),
    ]
    return {"about": ABOUT, "cases": cases}


def text() -> str:
    """Return the file, a snapshot or a window a line."""
    whole = law()
    cases = ",\n".join(map(_lines, whole["cases"]))
    return f'{{"about": {json.dumps(whole["about"])},\n"cases": [\n{cases}\n]}}\n'


def _lines(case_: dict[str, Any]) -> str:
    windows = ",\n  ".join(map(_compact, case_["windows"]))
    return (
        f'{{"name": {json.dumps(case_["name"])},\n "old": {_compact(case_["old"])},\n'
        f' "windows": [\n  {windows}],\n "new": {_compact(case_["new"])}}}'
    )


def _compact(frame: Frame) -> str:
    return json.dumps(frame, separators=(",", ":"))


def write() -> None:
    PATH.write_text(text())
