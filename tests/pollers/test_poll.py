"""One poll, from its claim to what it leaves behind, of receivers and a server that are played over real sockets."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from core.claims import Started
from core.domain.outcome import Outcome
from core.domain.reading import ChannelReading
from core.models import Claim, Inbox, PollMemory, Receiver, Server, ServerHealth
from dashboard.reasons import complaint
from pollers import poll as poll_module
from pollers.inventory import keep, take
from pollers.poll import poll
from pollers.shure import decode
from pollers.shure.sources import Answers, ask
from pollers.simulator import ReceiverTruth, Simulator
from tests.fleet import make_receivers
from tests.pollers.shure.played import Identity, Peer, Play, PlayedServer, answering, http
from tests.pollers.shure.played import recorded as recording
from tests.pollers.watching import claim, polled, recorded, register, told

ULXD, AXIENT = 0, 1
DEVICE, NAME = "GET /devices/{id}", "GET /devices/{id}/name"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "api-key"


@pytest.fixture
def server(db: None, rack: Simulator, key_file: Path) -> Server:
    del db
    server = register(rack, key_file)
    take(server)
    return server


@pytest.fixture
def ulxd(server: Server, rack: Simulator) -> Receiver:
    """A four-channel receiver that is well, as its first poll left it."""
    for number in range(1, 5):
        rack.set(rack.source_ids[ULXD], number, **WELL)
    receiver = server.receivers.get(source_id=rack.source_ids[ULXD])
    polled(receiver)
    Inbox.objects.all().delete()
    rack.reset_counts()
    return receiver


WELL = {
    "transmitter_on": True,
    "battery_percent": 85,
    "rf_dbm": -45,
    "audio_dbfs": -20,
    "interference": False,
    "encryption_ok": True,
}

# The feed calls these otherwise than a reading does.
RENAMED = {
    "name": "reported_name",
    "battery_percent": "battery_level",
    "rf_dbm": "rf_signal",
    "rf_a_dbm": "rf_signal_a",
    "rf_b_dbm": "rf_signal_b",
    "audio_dbfs": "audio_level",
    "audio_peak_dbfs": "peak_level",
    "muted": "mute_status",
}
AS_THEY_ARE = (
    "frequency_khz",
    "transmitter_on",
    "transmitter",
    "battery_minutes",
    "battery_bars",
    "battery_type",
    "battery_health_percent",
    "battery_cycles",
    "battery_celsius",
    "link_quality",
    "interference",
    "encryption_ok",
    "gain_db",
)
LEVELS = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "audio_dbfs", "audio_peak_dbfs")


def on_the_feed(truth: ChannelReading) -> dict[str, Any]:
    """Return the values of a channel as the feed has to carry them: without a transmitter there are no levels."""
    values = {
        **{name: getattr(truth, name) for name in AS_THEY_ARE},
        **{ours: getattr(truth, theirs) for theirs, ours in RENAMED.items()},
    }
    return values if truth.transmitter_on else values | {RENAMED[level]: None for level in LEVELS}


@pytest.mark.parametrize("index", [ULXD, AXIENT])
def test_what_is_recorded_is_what_is_so_field_by_field(server: Server, rack: Simulator, index: int) -> None:
    truth = rack.truth().receivers[index]
    receiver = server.receivers.get(source_id=truth.source_id)
    rack.set(truth.source_id, 1, transmitter_on=True, battery_calculating=False, muted=True)
    rack.set(truth.source_id, 2, transmitter_on=False)

    polled(receiver)

    truth = rack.truth(truth.source_id).receivers[0]
    expected = [on_the_feed(channel.reading) for channel in truth.channels]
    kept = recorded(receiver)
    assert [
        {name: one[name] for name in values} for one, values in zip(kept, expected, strict=True)
    ] == expected
    receiver.refresh_from_db()
    assert known(receiver) == known_of(truth)


def known(receiver: Receiver) -> tuple[object, ...]:
    return (
        receiver.model,
        receiver.serial,
        receiver.firmware,
        receiver.address,
        receiver.name,
        receiver.device_state,
        receiver.capabilities,
    )


def known_of(truth: ReceiverTruth) -> tuple[object, ...]:
    return (
        truth.model,
        truth.serial,
        truth.firmware,
        truth.address,
        truth.name,
        truth.state.value,
        sorted(truth.capabilities),
    )


def test_nothing_changed_is_one_conditional_request_one_session_and_no_row(
    ulxd: Receiver, rack: Simulator
) -> None:
    polled(ulxd)

    counts = rack.counts()
    assert counts.requests == {DEVICE: Counter({304: 1})}
    assert (counts.conditional, counts.not_modified) == (1, 1)
    assert counts.sessions(ulxd.source_id).opened == 1
    assert not Inbox.objects.exists()


@pytest.mark.parametrize(
    ("claim_seq", "answers"),
    [
        (9, {DEVICE: 304}),
        (10, {DEVICE: 304, NAME: 304}),
        (20, {DEVICE: 304, NAME: 304}),
        (29, {DEVICE: 304}),
        (30, {DEVICE: 200, NAME: 200}),
    ],
)
def test_the_name_is_asked_for_every_tenth_poll_and_everything_whole_every_thirtieth(
    ulxd: Receiver, rack: Simulator, claim_seq: int, answers: dict[str, int]
) -> None:
    polled(ulxd, claim_seq=claim_seq)

    counts = rack.counts()
    assert counts.requests == {resource: Counter({status: 1}) for resource, status in answers.items()}
    assert counts.conditional == list(answers.values()).count(304)
    assert not Inbox.objects.exists()


def test_without_etags_a_digest_tells_that_nothing_changed(ulxd: Receiver, rack: Simulator) -> None:
    rack.speak(etags=False)
    polled(ulxd, claim_seq=10)
    kept = PollMemory.objects.get(receiver=ulxd).resources
    rack.reset_counts()

    polled(ulxd, claim_seq=20)

    counts = rack.counts()
    assert counts.requests == {DEVICE: Counter({200: 1}), NAME: Counter({200: 1})}
    assert counts.conditional == 0
    assert PollMemory.objects.get(receiver=ulxd).resources == kept
    assert {name: kept[name]["etag"] for name in ("device", "name")} == {"device": None, "name": None}
    assert not Inbox.objects.exists()

    rack.patch(ulxd.source_id, firmware="2.8.0.1")
    polled(ulxd)
    ulxd.refresh_from_db()
    assert ulxd.firmware == "2.8.0.1"


def test_a_receiver_that_refuses_is_told_at_once_lost_at_the_third_poll_and_back_by_itself(
    ulxd: Receiver, rack: Simulator
) -> None:
    before = recorded(ulxd)
    rack.patch(ulxd.source_id, listening=False)

    first = polled(ulxd)
    assert told(ulxd) == ({"ok"}, {("no_answer", "command_strings_refused")})
    assert (first.failures, first.tier, first.tier_reason) == (1, "critical", "retrying")
    assert values_of(recorded(ulxd)) == values_of(before)

    polled(ulxd)
    third = polled(ulxd)
    assert told(ulxd) == ({"offline"}, {("no_answer", "command_strings_refused")})
    assert (third.failures, third.tier, third.tier_reason) == (3, "offline", "lost")
    assert values_of(recorded(ulxd)) == values_of(before)

    rack.patch(ulxd.source_id, listening=True)
    back = polled(ulxd)
    assert told(ulxd) == ({"ok"}, {()})
    assert (back.failures, back.tier, back.tier_reason) == (0, "normal", "well")
    assert ServerHealth.objects.get().status == "connected"


def values_of(channels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in (*AS_THEY_ARE, *RENAMED.values())} for one in channels]


def test_with_a_wrong_key_an_operator_is_told_and_the_levels_still_come(
    ulxd: Receiver, rack: Simulator, key_file: Path
) -> None:
    key_file.write_text("the-key-of-last-year")
    rack.set(ulxd.source_id, 1, rf_dbm=-61)

    stands = polled(ulxd)

    authority = rack.url.removeprefix("https://")
    health = ServerHealth.objects.get()
    assert (health.status, health.failures) == ("degraded", 1)
    assert health.detail == f"{authority} does not accept the key: enter the one that it has now."
    assert told(ulxd) == ({"ok"}, {("system_api_unauthorised",)})
    assert recorded(ulxd)[0]["rf_signal"] == -61
    assert (stands.failures, stands.tier, stands.system_api_failures) == (0, "normal", 1)

    key_file.write_text(rack.api_key)
    polled(ulxd)
    health.refresh_from_db()
    assert (health.status, health.failures, health.detail) == ("connected", 0, "")
    assert told(ulxd) == ({"ok"}, {()})


def test_a_key_that_cannot_be_read_is_told_with_where_it_should_be(
    ulxd: Receiver, rack: Simulator, key_file: Path
) -> None:
    key_file.unlink()
    rack.set(ulxd.source_id, 1, rf_dbm=-61)

    polled(ulxd)

    health = ServerHealth.objects.get()
    assert health.status == "degraded"
    assert health.detail == (
        f"The key file {key_file} cannot be read (No such file or directory): make it readable for the workers."
    )
    assert told(ulxd) == ({"ok"}, {("system_api_misconfigured",)})
    assert recorded(ulxd)[0]["rf_signal"] == -61
    assert rack.counts().requests == {}


def test_a_new_firmware_and_a_new_name_are_kept_at_the_next_poll(ulxd: Receiver, rack: Simulator) -> None:
    rack.set(ulxd.source_id, 1, name="")
    rack.patch(ulxd.source_id, name="Rack B", firmware="2.8.0.1")

    polled(ulxd, claim_seq=9)

    ulxd.refresh_from_db()
    assert (ulxd.firmware, ulxd.name) == ("2.8.0.1", "Rack B")
    assert recorded(ulxd)[0]["name"] == "Rack B 1"


def test_a_receiver_with_a_new_address_is_found_there_as_soon_as_its_server_tells(
    ulxd: Receiver, rack: Simulator
) -> None:
    moved_to = str(IPv4Address(ulxd.address) + 100)
    rack.patch(ulxd.source_id, listening=False)
    rack.on_stage(lambda stage: setattr(stage.rack.find(ulxd.source_id), "address", moved_to))
    rack.patch(ulxd.source_id, listening=True)

    claim = polled(ulxd)

    ulxd.refresh_from_db()
    assert ulxd.address == moved_to
    assert claim.failures == 0
    assert told(ulxd) == ({"ok"}, {()})


def test_a_device_that_its_server_no_longer_knows_says_so_and_the_server_stays_well(
    ulxd: Receiver, rack: Simulator
) -> None:
    rack.remove(ulxd.source_id)

    polled(ulxd)

    reasons = ("no_answer", "command_strings_refused", "system_api_gone")
    assert told(ulxd) == ({"ok"}, {reasons})
    assert complaint("system_api_gone") == "its server: gone"
    health = ServerHealth.objects.get()
    assert (health.status, health.failures, health.detail) == ("connected", 0, "")


def test_a_receiver_that_only_its_server_lost_still_tells_its_levels(ulxd: Receiver, rack: Simulator) -> None:
    rack.on_stage(lambda stage: stage.rack.receivers.pop(ulxd.source_id))

    stands = polled(ulxd)

    assert told(ulxd) == ({"ok"}, {("system_api_gone",)})
    assert (stands.failures, stands.command_strings_failures, stands.system_api_failures) == (0, 0, 1)


def test_a_server_that_asks_for_a_pause_loses_no_receiver(db: None, tmp_path: Path, key_file: Path) -> None:
    del db
    identity = Identity.make(tmp_path / "server.pem", "127.0.0.1")
    with PlayedServer(answering(http(status="429 Too Many Requests")), identity=identity) as played:
        key_file.write_text("any")
        server = Server.objects.create(
            name="busy", url=played.url, key_reference=f"file:{key_file}", pins=[identity.pin]
        )
        (receiver,) = make_receivers(server=server, model="ADTQ")  # known to its server alone

        stands = [polled(receiver) for _ in range(3)][-1]

        assert told(receiver) == (set(), set())

    assert (stands.failures, stands.lost_at, stands.tier) == (0, None, "normal")
    assert ServerHealth.objects.get().checked_at is None


def answers_by_path(answers: dict[str, bytes]) -> Play:
    """Return a play that answers by the last word of the path, and 404 where there is none."""

    def play(peer: Peer) -> None:
        while request := peer.read_request():
            path = request.split(b" ", 2)[1].decode()
            peer.send(answers.get(path.rpartition("/")[2], http(status="404 Not Found")))

    return play


def node(**changes: Any) -> dict[str, Any]:
    """Return the entry of a device that is known to its server alone."""
    (edge,) = json.loads(recording("system_api/devices.json"))["edges"]
    entry: dict[str, Any] = edge["node"]
    return entry | changes


def asked(played: PlayedServer) -> list[str]:
    """Return what was asked of it, and forget it."""
    paths = [request.split(b" ", 2)[1].decode().rpartition("/")[2] for request in played.heard]
    played.heard.clear()
    return paths


def test_what_a_device_lacks_is_asked_for_once_a_firmware(db: None, tmp_path: Path, key_file: Path) -> None:
    del db
    identity = Identity.make(tmp_path / "server.pem", "127.0.0.1")
    key_file.write_text("any")
    said = node(capabilities=["name", "battery-level", "battery-health", "audio-channels"])
    said["softwareIdentity"]["model"] = "ADTQ"
    source_id = said["hardwareIdentity"]["deviceId"]
    answers = {source_id: http(json.dumps(said).encode())}
    with PlayedServer(answers_by_path(answers), identity=identity) as played:
        server = Server.objects.create(
            name="main", url=played.url, key_reference=f"file:{key_file}", pins=[identity.pin]
        )
        keep(server, [decode.device(said)], [])
        receiver = server.receivers.get()

        stands = polled(receiver, claim_seq=1)
        everything = [source_id, "battery-level", "battery-health", "audio-channels", "name"]
        assert asked(played) == everything
        assert (stands.failures, stands.system_api_failures) == (0, 0)

        polled(receiver, claim_seq=10)
        polled(receiver, claim_seq=30)
        assert asked(played) == [source_id] * 2

        said["softwareIdentity"]["firmwareVersion"] = "9.9.9"
        answers[source_id] = http(json.dumps(said).encode())
        polled(receiver, claim_seq=31)
        asked(played)
        polled(receiver, claim_seq=32)
        assert asked(played) == everything


def test_a_device_known_to_its_server_alone_tells_its_battery_and_whether_it_clips(
    db: None, tmp_path: Path, key_file: Path
) -> None:
    del db
    identity = Identity.make(tmp_path / "server.pem", "127.0.0.1")
    key_file.write_text("any")
    said = node(capabilities=["name", "battery-level", "battery-health", "audio-channels"])
    said["softwareIdentity"]["model"] = "ADTQ"
    source_id = said["hardwareIdentity"]["deviceId"]
    answers = {
        source_id: http(json.dumps(said).encode()),
        "name": http(recording("system_api/name.json")),
        "battery-level": http(recording("system_api/battery_level.json"), 'ETag: "1"'),
        "battery-health": http(recording("system_api/battery_health.json")),
        "audio-channels": http(recording("system_api/audio_channels.json")),
        "activity": http(b'{"audioLevel":"CLIPPING"}'),
    }
    with PlayedServer(answers_by_path(answers), identity=identity) as played:
        server = Server.objects.create(
            name="main", url=played.url, key_reference=f"file:{key_file}", pins=[identity.pin]
        )
        keep(server, [decode.device(said)], [])
        receiver = server.receivers.get()

        polled(receiver, claim_seq=1)
        (first,) = recorded(receiver)
        polled(receiver, claim_seq=2)
        (same,) = recorded(receiver)
        answers["activity"] = http(b'{"audioLevel":null}')
        polled(receiver, claim_seq=3)
        (quiet,) = recorded(receiver)

    assert {name: first[name] for name in ("name", "battery_level", "battery_minutes", "battery_cycles")} == {
        "name": "ADTQ A 1",
        "battery_level": 87,
        "battery_minutes": 385,
        "battery_cycles": 42,
    }
    assert (first["state"], first["reasons"]) == ("warning", ["clipping"])
    alert = {"rule": "clipping", "severity": "warning", "state": "open"}
    assert same == first | {"tier": "critical", "alert": alert}
    assert (quiet["clipping"], quiet["battery_level"], quiet["battery_cycles"]) == (False, 87, 42)


def test_one_odd_device_says_nothing_of_its_server(
    ulxd: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    identity = Identity.make(tmp_path / "server.pem", "127.0.0.1")
    odd = http(json.dumps(node(deviceState="UPDATING")).encode())
    with PlayedServer(answering(odd), identity=identity) as played:
        Server.objects.update(url=played.url, pins=[identity.pin])
        for _ in range(2):
            polled(ulxd)

    health = ServerHealth.objects.get()
    assert (health.status, health.failures, health.detail) == ("connected", 0, "")
    assert told(ulxd) == ({"ok"}, {("system_api_malformed",)})
    logged = [line for line in caplog.messages if "is no DeviceState" in line]
    assert len(logged) == 1
    assert "UPDATING" in logged[0]


def test_an_overtaken_claim_asks_nobody(ulxd: Receiver, rack: Simulator) -> None:
    overtaken, _ = claim(ulxd), claim(ulxd)

    assert not poll(device_id=ulxd.pk, claim_seq=overtaken.claim_seq)

    assert rack.counts().requests == {}
    assert rack.counts().sessions(ulxd.source_id).opened == 0


@pytest.fixture
def late(
    committed: None, rack: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["LatePoll"]:
    del committed
    take(register(rack, tmp_path / "api-key"))
    with ThreadPoolExecutor(1) as worker:
        late = LatePoll(worker)
        monkeypatch.setattr(poll_module, "ask", late.ask)
        yield late


class LatePoll:
    """A poll that has heard its receiver, and waits before it judges what it heard."""

    def __init__(self, worker: ThreadPoolExecutor) -> None:
        self._worker = worker
        self._claim_seq = 0
        self._heard, self._go_on = threading.Event(), threading.Event()

    def ask(self, started: Started) -> Answers:
        answers = ask(started)
        if started.claim_seq == self._claim_seq:
            self._heard.set()
            assert self._go_on.wait(30)
        return answers

    def begin(self, receiver: Receiver) -> None:
        """Return when the poll waits; polls that begin later do not."""
        self._claim_seq = claim(receiver).claim_seq
        self._poll = self._worker.submit(self._run, receiver.pk, self._claim_seq)
        assert self._heard.wait(30)

    def end(self) -> Outcome | None:
        self._go_on.set()
        return self._poll.result(30)

    @staticmethod
    def _run(device_id: int, claim_seq: int) -> Outcome | None:
        try:
            return poll(device_id=device_id, claim_seq=claim_seq)
        finally:
            connection.close()


def test_a_late_result_of_an_overtaken_claim_is_rejected(rack: Simulator, late: LatePoll) -> None:
    source_id = rack.source_ids[ULXD]
    receiver = Receiver.objects.get(source_id=source_id)
    rack.set(source_id, 1, frequency_khz=500_000)
    late.begin(receiver)
    rack.set(source_id, 1, frequency_khz=600_000)
    rack.patch(source_id, firmware="2.8.0.1")
    later = polled(receiver)

    assert late.end() is None

    receiver.refresh_from_db()
    assert recorded(receiver)[0]["frequency_khz"] == 600_000
    assert receiver.firmware == "2.8.0.1"
    assert Claim.objects.get(receiver=receiver).claim_seq == later.claim_seq
    assert Inbox.objects.filter(device_id=receiver.code).count() == 1
