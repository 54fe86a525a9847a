"""The client and the simulator, written apart from the same documents, have to agree on every field."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from time import monotonic
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import Anomaly, DeviceState, ReceiverReading, ServerReading, Unchanged
from pollers.shure import decode, transport
from pollers.shure.command_strings import converse
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Refused, Throttled, Unanswered, Unreachable, Unsupported
from pollers.shure.families import family_of
from pollers.shure.frames import FrameCutter
from pollers.shure.hearing import Hearing
from pollers.shure.resources import Resources
from pollers.shure.system_api import Memory, SystemApi
from pollers.simulator import (
    SCENARIOS,
    Close,
    Cut,
    Drip,
    Etag,
    Fault,
    Glue,
    Hang,
    Html,
    Noise,
    NotModified,
    ReceiverTruth,
    Refuse,
    Scrambled,
    Shred,
    Simulator,
    Slow,
    Status,
    Truncated,
)
from pollers.simulator.clock import Clock
from pollers.simulator.command_strings import Frames
from pollers.simulator.families import BY_MODEL, CHARGERS, Family
from pollers.simulator.rack import Rack
from pollers.simulator.values import NEVER_UNKNOWN, SWITCHES
from tests.pollers.shure.played import soon, unhurried

MODELS = tuple(BY_MODEL)
SPEAKING = tuple(model for model, family in BY_MODEL.items() if family.speaks)
AS_CAPTURED = {"listing": "connection", "page_size": 0, "etags": True, "weak_etags": False}
UNKNOWN = "dd000000-0000-11dd-a000-000eddcccccc"


@pytest.fixture(scope="module")
def playing() -> Iterator[Simulator]:
    with Simulator(models=MODELS, seed=11, paused=True) as simulator:
        yield simulator
        transport.forget_connections()


@pytest.fixture
def simulator(playing: Simulator) -> Iterator[Simulator]:
    """All models, one each, and nothing wrong."""
    yield playing
    playing.heal()
    playing.speak(**AS_CAPTURED, unsupported=404)
    playing.distort_list(shown=None, malformed=None, twice=None, repeating=False)
    playing.reset_counts()


@pytest.fixture
def api(simulator: Simulator) -> SystemApi:
    return SystemApi(endpoint(simulator))


def endpoint(simulator: Simulator, *, key: str | None = None) -> Endpoint:
    return Endpoint(
        url=simulator.url,
        key=key or simulator.api_key,
        ca_file=str(simulator.certificate),
        pins=(simulator.fingerprint,),
        allow_loopback=True,
    )


def of_model(simulator: Simulator, model: str) -> ReceiverTruth:
    return next(receiver for receiver in simulator.truth().receivers if receiver.model == model)


def spoken_to(truth: ReceiverTruth, *, seconds: float = 8) -> ReceiverReading:
    family = family_of(truth.model)
    assert family is not None
    return converse(truth.address, family, deadline=soon(seconds), allow_loopback=True)


def served(api: SystemApi, truth: ReceiverTruth) -> ServerReading:
    resources = Resources(
        api=api,
        source_id=truth.source_id,
        firmware=truth.firmware,
        memory={},
        claim_seq=1,
        whole=False,
        deadline=soon(),
    )
    return resources.values(truth.listed.capabilities)


# Receivers and chargers -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SPEAKING)
def test_a_device_says_what_is_so_and_no_meter_is_left_running(simulator: Simulator, model: str) -> None:
    truth = of_model(simulator, model)

    reading = spoken_to(truth)

    assert reading == truth.heard
    sessions = simulator.counts().sessions(truth.source_id)
    assert (sessions.opened, sessions.open, sessions.most_open, sessions.left_metering) == (1, 0, 1, 0)


def test_every_device_of_every_scenario_says_what_is_so() -> None:
    with Simulator(models=SPEAKING, seed=5, paused=True) as simulator:
        for scenario in SCENARIOS:
            for skip in (0, 4_000, 9_000):
                simulator.turn(scenario=scenario, skip=skip)
                simulator.heal()  # who says nothing is no matter of what is said
                truths = [truth for truth in simulator.truth().receivers if truth.heard is not None]
                assert len(truths) == len(SPEAKING)
                for truth in truths:
                    if (
                        not truth.channels[0].raw.get("SAMPLE") or skip == 0
                    ):  # a meter takes its tenth of a second
                        assert spoken_to(truth) == truth.heard


OFF = {"transmitter_on": False}
HELD = [
    *[(model, OFF) for model in SPEAKING if BY_MODEL[model] is not CHARGERS],
    ("ULXD4", {"battery_type": "ALKA", "transmitter_on": True}),
    ("QLXD4", {"battery_type": "ALKA", "transmitter_on": True}),
    ("QLXD4", {"battery_calculating": True, "transmitter_on": True}),
    ("ULXD4D", {"muted": True, "encryption_ok": False, "interference": True, "group_channel": "06,60"}),
    ("QLXD4", {"muted": True, "encryption_ok": False, "group_channel": None}),
    ("SLXD4D", {"battery_minutes": 7, "battery_bars": 1, "group_channel": "9,100", "transmitter_on": True}),
    ("SLXD4", {"audio_peak_dbfs": 0, "audio_dbfs": -120, "rf_dbm": -120}),
    ("AD4D", {"rf_a_dbm": -20, "rf_b_dbm": None, "overloaded": True, "transmitter_on": True}),
    ("AD4Q", {"link_quality": None, "muted": None, "interference": True, "transmitter_on": True}),
    ("AD4D", {"battery_celsius": -40, "battery_cycles": 65_528, "battery_minutes": 65_528}),
    ("SBC220", {"battery_state": "error", "battery_error": 7}),
    ("SBC220", {"battery_state": "no_batt"}),
    ("SBC840", {"battery_state": "calculating", "battery_percent": 3}),
    ("SBC840", {"battery_state": "hot", "battery_percent": 50, "battery_celsius": 55}),
    ("SBRC", {"battery_state": "cold", "battery_percent": 50, "battery_celsius": -5}),
    ("SBRC", {"battery_state": "precharge", "battery_percent": 0}),
    ("SBRC", {"battery_state": "discharging", "battery_percent": 90}),
    ("SBRC", {"battery_state": "ready_to_store", "battery_percent": 40}),
    ("SBC240", {"battery_state": "full", "battery_percent": 100}),
    ("SBC240", {"battery_percent": None, "battery_health_percent": None, "battery_cycles": None}),
]


@pytest.mark.parametrize(("model", "held"), HELD, ids=str)
def test_whatever_a_channel_is_is_what_is_heard(
    simulator: Simulator, model: str, held: dict[str, object]
) -> None:
    source_id = of_model(simulator, model).source_id
    simulator.set(source_id, 1, **held)

    truth = of_model(simulator, model)
    reading = spoken_to(truth)
    simulator.release(source_id, 1)

    assert reading == truth.heard


def settable(family: Family) -> st.SearchStrategy[dict[str, object]]:
    """Return values of any of the fields that can be set on a channel of this family."""

    def values(name: str) -> st.SearchStrategy[object]:
        if name in SWITCHES:
            told: st.SearchStrategy[object] = st.booleans()
        elif name in family.ranges:
            told = st.integers(family.ranges[name][0], family.ranges[name][-1])
        elif name in family.words:
            told = st.from_regex(family.words[name], fullmatch=True)
        else:
            width = 0 if family.radio is None else family.radio.name_width
            told = st.text(PRINTABLE, max_size=width).map(str.strip)
        return told if name in NEVER_UNKNOWN else told | st.none()

    return st.fixed_dictionaries({}, optional={name: values(name) for name in sorted(family.settable)})


PRINTABLE = "".join(map(chr, set(range(0x20, 0x7F)) - {ord("{"), ord("}")}))


@unhurried
@given(data=st.data(), model=st.sampled_from(SPEAKING), quadversity=st.booleans(), skip=st.integers(0, 9_000))
def test_whatever_can_be_set_is_what_is_heard(
    *, data: st.DataObject, model: str, quadversity: bool, skip: int
) -> None:
    rack = Rack(seed=skip, network=IPv4Network("127.30.0.0/24"), clock=Clock())
    played = rack.add(model)
    if model == "AD4Q":
        rack.patch(played.source_id, {"quadversity": quadversity})
    rack.clock.turn(monotonic(), paused=True, skip=skip)
    for number in range(1, len(played.players) + 1):
        rack.hold(played.source_id, number, data.draw(settable(played.family)))

    truth = rack.truth(monotonic()).receivers[0]

    assert heard_of(Frames(rack, played)) == truth.heard


def heard_of(frames: Frames) -> ReceiverReading:
    """Return what the client makes of all that a receiver can say, without a wire between."""
    family = family_of(frames.receiver.model)
    assert family is not None
    said = frames.device()
    for number in frames.channels:
        said += frames.dump(number)
        said += [each for name in frames.receiver.family.by_name for each in frames.channel(number, name)]
        said += [frames.sample(number)] if frames.metered else []
    hearing = Hearing(family)
    for frame in FrameCutter().cut("".join(said).encode("ascii")):
        hearing.hear(frame)
    assert hearing.sufficient
    return decode.receiver(family, hearing.said)


def test_with_quadversity_four_antennas_are_heard(simulator: Simulator) -> None:
    source_id = of_model(simulator, "AD4Q").source_id
    simulator.patch(source_id, quadversity=True)
    simulator.set(source_id, 2, rf_c_dbm=-30, rf_d_dbm=-20, transmitter_on=True, interference=False)

    truth = of_model(simulator, "AD4Q")
    reading = spoken_to(truth)
    simulator.release(source_id, 2)
    simulator.patch(source_id, quadversity=False)

    assert reading == truth.heard
    second = reading.channels[1]
    assert (second.rf_c_dbm, second.rf_d_dbm, second.rf_dbm, second.rf_overloaded) == (-30, -20, -20, True)
    assert (second.antennas or "")[-2:] == "CD"


def test_an_slxd_that_keeps_controllers_out_says_what_to_do(simulator: Simulator) -> None:
    truth = of_model(simulator, "SLXD4D")
    simulator.patch(truth.source_id, controllers_allowed=False)

    with pytest.raises(Unreachable, match="allow third-party controllers on its front panel") as silent:
        spoken_to(truth, seconds=0.5)
    simulator.patch(truth.source_id, controllers_allowed=True)

    assert silent.value.reason == "silent"
    assert spoken_to(truth) == of_model(simulator, "SLXD4D").heard


def test_a_device_that_answers_as_another_model_says_so(simulator: Simulator) -> None:
    truth = of_model(simulator, "ULXD4Q")
    simulator.patch(truth.source_id, answers_as="ULXD4D")

    reading = spoken_to(truth)
    simulator.patch(truth.source_id, answers_as=None)

    assert reading.model == "ULXD4D"


@pytest.mark.parametrize("told", [True, False])
def test_two_receivers_that_swapped_addresses_are_heard_where_they_are(
    *, simulator: Simulator, api: SystemApi, told: bool
) -> None:
    one, other = (of_model(simulator, model) for model in ("ULXD4", "ULXD4D"))
    simulator.swap(one.source_id, other.source_id, told=told)

    (listed, _) = api.device(one.source_id, memory=None, deadline=soon())
    reading = spoken_to(of_model(simulator, "ULXD4"))
    simulator.swap(one.source_id, other.source_id)

    assert not isinstance(listed, Unchanged)
    assert listed.address == (other.address if told else one.address)
    assert reading == one.heard


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Hang(), "silent"),
        (Close(), "dropped"),
        (Cut(), "incomplete"),
        (Cut(after=0), "dropped"),
        (Refuse(), "refused"),
        (Drip(ms=20), "incomplete"),
        (Noise(), "incomplete"),
        (Slow(ms=5_000), "silent"),
    ],
    ids=str,
)
def test_a_receiver_with_a_fault_is_unreachable_in_time_for_its_own_reason(
    simulator: Simulator, fault: Fault, reason: str
) -> None:
    truth = of_model(simulator, "ULXD4D")
    simulator.strike(fault, at=truth.source_id)

    with pytest.raises(Unreachable) as unreachable:
        spoken_to(truth, seconds=0.5)
    simulator.heal(at=truth.source_id)

    assert unreachable.value.reason == reason
    assert spoken_to(truth) == truth.heard
    assert simulator.counts().sessions(truth.source_id).most_open == 1


@pytest.mark.parametrize("model", ["ULXD4Q", "QLXD4", "SLXD4D", "AD4Q", "SBC840"])
@pytest.mark.parametrize("fault", [Shred(), Glue(ms=60), Slow(ms=60)], ids=str)
def test_how_a_device_says_it_makes_no_difference(simulator: Simulator, model: str, fault: Fault) -> None:
    truth = of_model(simulator, model)
    simulator.strike(fault, at=truth.source_id)

    assert spoken_to(truth) == truth.heard


# The server -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialect",
    [
        {},
        {"listing": "array"},
        {"listing": "items"},
        {"page_size": 1},
        {"page_size": 5},
        {"etags": False},
        {"weak_etags": True},
    ],
    ids=lambda dialect: str(dialect or "as captured"),
)
def test_the_list_is_the_rack(simulator: Simulator, api: SystemApi, dialect: dict[str, object]) -> None:
    simulator.speak(**AS_CAPTURED | dialect)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in simulator.truth().receivers]
    assert anomalies == []


@pytest.mark.parametrize("dialect", [{"etags": True}, {"etags": False}, {"weak_etags": True}], ids=str)
def test_a_device_that_did_not_change_is_unchanged(
    simulator: Simulator, api: SystemApi, dialect: dict[str, bool]
) -> None:
    simulator.speak(**AS_CAPTURED | dialect)
    truth = simulator.truth().receivers[0]

    device, memory = api.device(truth.source_id, memory=None, deadline=soon())
    again = api.device(truth.source_id, memory=memory, deadline=soon())

    assert device == truth.listed
    assert again == (Unchanged(), memory)
    assert (memory.etag is not None) is (AS_CAPTURED | dialect)["etags"]
    assert simulator.counts().not_modified == int(memory.etag is not None)


@pytest.mark.parametrize("state", DeviceState)
def test_a_device_is_listed_in_every_state(simulator: Simulator, api: SystemApi, state: DeviceState) -> None:
    source_id = of_model(simulator, "SBRC").source_id
    simulator.patch(source_id, state=state)

    device, _ = api.device(source_id, memory=None, deadline=soon())
    truth = of_model(simulator, "SBRC")
    simulator.patch(source_id, state="ONLINE")

    assert device == truth.listed


@pytest.mark.parametrize("model", MODELS)
def test_the_server_tells_what_a_device_is_capable_of(
    simulator: Simulator, api: SystemApi, model: str
) -> None:
    truth = of_model(simulator, model)

    name, _ = api.name(truth.source_id, memory=None, deadline=soon())

    assert name == truth.name
    assert served(api, truth) == truth.served
    assert (truth.served.battery is None) is (model != "ADTQ")


@pytest.mark.parametrize(
    "held",
    [
        {"battery_state": "discharging", "battery_percent": 87, "battery_minutes": 385},
        {"battery_state": "charging", "battery_percent": 50},
        {"battery_state": "full", "battery_percent": 100},
        {"battery_state": "empty", "battery_percent": 0},
        {"battery_state": "calculating", "battery_percent": None},
        {"battery_state": "optimal_storage", "battery_health_percent": None, "battery_cycles": None},
        {"audio_peak_dbfs": -3},
        {"audio_peak_dbfs": None},
    ],
    ids=str,
)
def test_whatever_such_a_device_is_is_what_its_server_tells(
    simulator: Simulator, api: SystemApi, held: dict[str, object]
) -> None:
    source_id = of_model(simulator, "ADTQ").source_id
    simulator.set(source_id, 1, **held)

    truth = of_model(simulator, "ADTQ")
    told = served(api, truth)
    simulator.release(source_id, 1)

    assert told == truth.served


@pytest.mark.parametrize("status", [404, 405])
def test_a_capability_that_is_lacking_is_unsupported(
    simulator: Simulator, api: SystemApi, status: int
) -> None:
    simulator.speak(unsupported=status)

    with pytest.raises(Unsupported):
        api.battery_level(simulator.truth().receivers[0].source_id, memory=None, deadline=soon())


def test_a_wrong_key_is_refused(simulator: Simulator) -> None:
    with pytest.raises(Refused):
        SystemApi(endpoint(simulator, key="wrong")).devices(deadline=soon())


def test_a_device_that_is_gone_is_gone(api: SystemApi) -> None:
    with pytest.raises(Unreachable, match="gone"):
        api.device(UNKNOWN, memory=None, deadline=soon())


SOON_S = 0.7


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (Hang(), Unreachable, "timeout"),
        (Close(), Unreachable, "dropped"),
        (Cut(), Unreachable, "truncated"),
        (Cut(after=0), Unreachable, "dropped"),
        (Refuse(), Unreachable, "refused"),
        (Drip(ms=20), Unreachable, "timeout"),
        (Slow(ms=5_000), Unreachable, "timeout"),
        (Noise(), Malformed, "no_http"),
        (Status(status=401), Refused, "unauthorised"),
        (Status(status=403), Refused, "unauthorised"),
        (Status(status=500), Unreachable, "broken"),
        (Html(), Malformed, "no_json"),
        (Truncated(), Malformed, "no_json"),
        (Scrambled(), Malformed, "no_json"),
        (NotModified(), Malformed, "malformed"),
    ],
    ids=str,
)
def test_a_server_with_a_fault_fails_in_time_for_its_own_reason(
    *, simulator: Simulator, api: SystemApi, fault: Fault, kind: type[Unanswered], reason: str
) -> None:
    truth = simulator.truth().receivers[0]
    simulator.strike(fault)

    with pytest.raises(kind) as failed:
        api.device(truth.source_id, memory=None, deadline=soon(SOON_S))
    simulator.heal()

    assert failed.value.reason == reason
    assert api.device(truth.source_id, memory=None, deadline=soon())[0] == truth.listed


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("30", 30), ("1000000000", 300), ("a while", 1), ("Thu, 01 Jan 2026 00:00:00 GMT", 1), (None, 1)],
)
def test_a_server_that_asks_for_a_pause_gets_a_bounded_one(
    simulator: Simulator, api: SystemApi, retry_after: str | None, seconds: int
) -> None:
    simulator.strike(Status(status=429, retry_after=retry_after))

    with pytest.raises(Throttled) as throttled:
        api.devices(deadline=soon())

    assert throttled.value.retry_after.total_seconds() == seconds


@pytest.mark.parametrize("fault", [Shred(), Slow(ms=60)], ids=str)
def test_how_a_server_says_it_makes_no_difference(simulator: Simulator, api: SystemApi, fault: Fault) -> None:
    simulator.strike(fault)

    devices, _ = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in simulator.truth().receivers]


def test_an_etag_that_lies_is_found_out_by_who_asks_without_a_condition(
    simulator: Simulator, api: SystemApi
) -> None:
    truth = of_model(simulator, "ULXD4")
    _, memory = api.device(truth.source_id, memory=None, deadline=soon())
    simulator.strike(Etag())
    simulator.patch(truth.source_id, firmware="9.9.9")

    believing, _ = api.device(truth.source_id, memory=memory, deadline=soon())
    doubting, _ = api.device(truth.source_id, memory=Memory(etag=None, digest=memory.digest), deadline=soon())
    after = of_model(simulator, "ULXD4").listed
    simulator.patch(truth.source_id, firmware=truth.firmware)

    assert believing == Unchanged()
    assert doubting == after
    assert after.firmware == "9.9.9"


@pytest.mark.parametrize("value", ["", "no quotes", '"' + "x" * 10_000 + '"'])
def test_an_etag_of_any_form_does_no_harm(simulator: Simulator, api: SystemApi, value: str) -> None:
    truth = simulator.truth().receivers[0]
    simulator.strike(Etag(value=value))

    device, memory = api.device(truth.source_id, memory=None, deadline=soon())
    again, _ = api.device(truth.source_id, memory=memory, deadline=soon())

    assert (device, again) == (truth.listed, Unchanged())


def test_one_malformed_entry_spoils_no_other(simulator: Simulator, api: SystemApi) -> None:
    first, *others = simulator.truth().receivers
    simulator.distort_list(malformed=first.source_id)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in others]
    assert anomalies == [
        Anomaly(source_id=first.source_id, position=0, reason="malformed", detail="deviceState is not there.")
    ]


def test_of_an_id_that_is_listed_twice_the_first_counts(simulator: Simulator, api: SystemApi) -> None:
    truths = simulator.truth().receivers
    simulator.distort_list(twice=truths[3].source_id)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in truths]
    assert [(odd.source_id, odd.position, odd.reason) for odd in anomalies] == [
        (truths[3].source_id, len(truths), "duplicate")
    ]


def test_pages_that_repeat_for_ever_come_to_an_end(simulator: Simulator, api: SystemApi) -> None:
    simulator.speak(page_size=2)
    simulator.distort_list(repeating=True)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in simulator.truth().receivers[:2]]
    assert [odd.reason for odd in anomalies] == ["paging"]
    assert simulator.counts().requests["GET /devices"][200] == 2


@pytest.mark.parametrize("shown", [0, 6])
def test_a_list_that_shrinks_is_what_it_is(simulator: Simulator, api: SystemApi, shown: int) -> None:
    simulator.distort_list(shown=shown)

    devices, anomalies = api.devices(deadline=soon())

    assert devices == [truth.listed for truth in simulator.truth().receivers[:shown]]
    assert anomalies == []


@pytest.mark.parametrize("source_id", ["house/rack 1", "rack%2f1", "a?b#c", "Bühne-ß", "日本"])
def test_an_id_of_any_characters_is_asked_for_as_it_is(
    simulator: Simulator, api: SystemApi, source_id: str
) -> None:
    simulator.add("ADTQ", source_id=source_id)
    truth = simulator.truth(source_id).receivers[0]

    devices, _ = api.devices(deadline=soon())
    device, _ = api.device(source_id, memory=None, deadline=soon())
    name, _ = api.name(source_id, memory=None, deadline=soon())
    told = served(api, truth)
    simulator.remove(source_id)

    assert devices[-1] == device == truth.listed
    assert (name, told) == (truth.name, truth.served)


def test_one_faulty_resource_of_one_device_is_no_matter_of_the_others(
    simulator: Simulator, api: SystemApi
) -> None:
    one, other = simulator.truth().receivers[:2]
    simulator.strike(Status(status=500), at=f"/devices/{quote(one.source_id)}/name")

    with pytest.raises(Unreachable):
        api.name(one.source_id, memory=None, deadline=soon())

    assert api.name(other.source_id, memory=None, deadline=soon())[0] == other.name
    assert api.device(one.source_id, memory=None, deadline=soon())[0] == one.listed
