"""Whole readings from recorded answers; recordings/README.md says where those are from."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reading import (
    Activity,
    AudioChannelReading,
    BatteryHealthReading,
    BatteryReading,
    DeviceReading,
    DeviceState,
    ReceiverReading,
)
from pollers.shure import decode, strict_json
from pollers.shure.errors import Malformed
from pollers.shure.families import Family, family_of
from pollers.shure.frames import FrameCutter
from pollers.shure.hearing import Hearing
from tests.pollers.shure.played import recorded, unhurried
from tests.pollers.shure.readings import LEAD_VOX, READINGS

RACK = DeviceReading(
    source_id="dd4c009a-0000-11dd-a000-000eddcccccc",
    state=DeviceState.ONLINE,
    model="ULXD4D",
    serial="4192630196",
    firmware="2.7.6.0",
    address="172.21.2.149",
    compatibility="COMPATIBLE_OLD",
    capabilities=frozenset(
        {
            "audio-channels",
            "audio-channels-v2",
            "audio-network",
            "control-network",
            "dante-audio-network",
            "factory-reset",
            "hosted-firmware",
            "identify",
            "name",
            "reboot",
            "uptime",
        }
    ),
)


def family(model: str) -> Family:
    found = family_of(model)
    assert found is not None
    return found


def heard(model: str, stream: bytes) -> Hearing:
    hearing = Hearing(family(model))
    for frame in FrameCutter().cut(stream):
        hearing.hear(frame)
    return hearing


def reading(model: str, stream: bytes) -> ReceiverReading:
    return decode.receiver(family(model), heard(model, stream).said)


def told(name: str) -> object:
    return strict_json.parse(recorded(f"system_api/{name}.json"))


@pytest.mark.parametrize("model", READINGS)
def test_what_a_receiver_says_is_its_reading(model: str) -> None:
    assert reading(model, recorded(f"command_strings/{model.lower()}.txt")) == READINGS[model]


@pytest.mark.parametrize("model", READINGS)
def test_a_receiver_that_said_everything_leaves_nothing_to_wait_for(model: str) -> None:
    stream = recorded(f"command_strings/{model.lower()}.txt")
    hearing = heard(model, stream)

    assert hearing.complete
    assert hearing.missing() == []
    assert not heard(model, stream[: len(stream) // 2]).complete


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (b"BATT_RUN_TIME 65535", {"battery_minutes": None}),
        (b"BATT_RUN_TIME 65534", {"battery_minutes": None, "battery_calculating": True}),
        (b"BATT_RUN_TIME 65533", {"battery_minutes": None}),
        (b"BATT_RUN_TIME 65532", {"battery_minutes": None}),
        (b"BATT_RUN_TIME 00000", {"battery_minutes": 0}),
        (b"BATT_CHARGE 255", {"battery_percent": None}),
        (b"BATT_CHARGE 252", {"battery_percent": None}),
        (b"BATT_CHARGE 000", {"battery_percent": 0}),
        (b"BATT_BARS 255", {"battery_bars": None}),
        (b"BATT_HEALTH 255", {"battery_health_percent": None}),
        (b"BATT_CYCLE 65535", {"battery_cycles": None}),
        (b"BATT_TEMP_C 255", {"battery_celsius": None}),
        (b"BATT_TEMP_C 030", {"battery_celsius": -10}),
        (b"BATT_TYPE WARN", {"battery_type": None}),
        (b"BATT_TYPE NIMH", {"battery_type": "NIMH"}),
        (b"RX_RF_LVL 255", {"rf_dbm": None}),
        (b"RX_RF_LVL 115", {"rf_dbm": -13}),
        (b"AUDIO_LVL 255", {"audio_dbfs": None}),
        (b"AUDIO_LVL 050", {"audio_dbfs": 0}),
        (b"AUDIO_GAIN 060", {"gain_db": 42}),
        (b"FREQUENCY 000000", {"frequency_khz": None}),
        (b"GROUP_CHAN --,--", {"group_channel": None}),
        (b"TX_TYPE UNKN", {"transmitter": None, "transmitter_on": False}),
        (b"TX_MUTE_STATUS OFF", {"muted": False}),
        (b"TX_MUTE_STATUS A_NEW_WORD", {"muted": None}),
        (b"CHAN_NAME {        }", {"name": ""}),
        (b"CHAN_NAME {\x00\x1b[2J}", {"name": "\ufffd\x1b[2J"}),
        (b"RF_INT_DET CRITICAL", {"interference": True}),
    ],
)
def test_one_thing_said_otherwise_is_one_thing_read_otherwise(
    said: bytes, changed: dict[str, object]
) -> None:
    stream = recorded("command_strings/ulxd4q.txt") + b"< REP 1 " + said + b" >"

    first, *_ = reading("ULXD4Q", stream).channels

    assert first == replace(LEAD_VOX, **changed)  # type: ignore[arg-type]  # fields of many types


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (b"255 000 255 255 XX 00 255 00 255", {"link_quality": None, "rf_dbm": None, "audio_dbfs": None}),
        (
            b"004 031 120 102 XB 00 020 31 065",
            {"link_quality": 4, "audio_peak_dbfs": 0, "antennas": "B", "rf_dbm": -55},
        ),
        (b"005 159 118 110 RB 63 100 31 065", {"overloaded": True, "rf_overloaded": True, "rf_dbm": -20}),
        (
            b"005 031 102 102 BBXB 31 086 31 065 00 012 31 090",
            {"antennas": "ABD", "rf_c_dbm": -108, "rf_d_dbm": -30, "rf_dbm": -30},
        ),
        # Two carriers in frequency diversity: the first is the channel's own.
        (
            b"005 031 102 102 BB 31 086 31 065 BB 31 082 31 060",
            {"antennas": "AB", "rf_dbm": -34, "rf_c_dbm": None},
        ),
    ],
)
def test_a_sample_tells_the_levels_of_each_antenna(said: bytes, changed: dict[str, object]) -> None:
    stream = recorded("command_strings/ad4d.txt") + b"< SAMPLE 1 ALL " + said + b" >"

    first, *_ = reading("AD4D", stream).channels

    assert {field: getattr(first, field) for field in changed} == changed


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (
            b"BATT_DETECTED NO >< REP 1 BATT_STATE NO_BATT",
            {"occupied": False, "charging": False, "battery_state": "no_batt"},
        ),
        (
            b"BATT_STATE FULL >< REP 1 BATT_TIME_TO_FULL 65529",
            {"battery_state": "full", "minutes_to_full": 0, "charging": True},
        ),
        (
            b"BATT_STATE CALCULATING",
            {"battery_state": "calculating", "battery_calculating": True, "charging": True},
        ),
        (b"BATT_TIME_TO_FULL 65533", {"minutes_to_full": None, "battery_calculating": True}),
        (b"BATT_TIME_TO_FULL 65534", {"minutes_to_full": None, "battery_calculating": False}),
        (b"BATT_STATE HOT", {"battery_state": "hot", "charging": False}),
        (b"BATT_STATE A_NEW_WORD", {"battery_state": "a_new_word", "charging": True}),
        (b"BATT_CHARGE 254", {"battery_percent": None}),
        (b"BATT_CYCLE 65534", {"battery_cycles": None}),
    ],
)
def test_a_bay_tells_what_its_battery_does(said: bytes, changed: dict[str, object]) -> None:
    stream = recorded("command_strings/sbc220.txt") + b"< REP 1 " + said + b" >"

    first, *_ = reading("SBC220", stream).channels

    assert {field: getattr(first, field) for field in changed} == changed


@pytest.mark.parametrize(
    "said",
    [
        b"BATT_BARS 6",
        b"BATT_BARS -01",
        b"BATT_BARS",
        b"BATT_BARS five",
        b"BATT_CHARGE 101",
        b"BATT_RUN_TIME 123456789",
        b"RX_RF_LVL 129",
        b"AUDIO_LVL 051",
        b"FREQUENCY 578.350",
        "BATT_BARS \N{ARABIC-INDIC DIGIT FIVE}".encode(),
    ],
)
def test_digits_that_no_receiver_says_are_malformed(said: bytes) -> None:
    stream = recorded("command_strings/ulxd4q.txt") + b"< REP 2 " + said + b" >"

    with pytest.raises(Malformed, match=f"Channel 2 says {said.split()[0].decode()}"):
        reading("ULXD4Q", stream)


@pytest.mark.parametrize(
    "sample", [b"", b"005 031", b"005 031 102 102 BB 31 086", b"005 031 102 102 BBBB 31 086 31 065"]
)
def test_a_sample_that_is_too_short_is_malformed(sample: bytes) -> None:
    stream = recorded("command_strings/ad4d.txt") + b"< SAMPLE 1 ALL " + sample + b" >"

    with pytest.raises(Malformed, match="Channel 1 says SAMPLE"):
        reading("AD4D", stream)


def test_a_receiver_with_one_channel_may_leave_its_number_out() -> None:
    stream = recorded("command_strings/qlxd4.txt") + b"< REP TX_MUTE_STATUS ON >"

    (channel,) = reading("QLXD4", stream).channels

    assert channel.muted is True


def test_what_is_said_of_channels_that_it_does_not_have_is_passed_over() -> None:
    stream = recorded("command_strings/slxd4d.txt") + b"< REP 3 CHAN_NAME {x} >< REP 0 CHAN_NAME {y} >"

    assert reading("SLXD4D", stream) == READINGS["SLXD4D"]


@pytest.mark.parametrize(
    ("model", "name", "channels"),
    [
        ("ULXD4", "ULX-D", 1),
        ("ULXD4D", "ULX-D", 2),
        ("ulxd4q ", "ULX-D", 4),
        ("QLXD4", "QLX-D", 1),
        ("AD4D-A", "Axient Digital", 2),
        ("AD4Q-B", "Axient Digital", 4),
        ("SLXD4", "SLX-D", 1),
        ("SLXD4D", "SLX-D", 2),
        ("SBC240", "charger", 2),
        ("SBC840", "charger", 8),
        ("SBRC", "charger", 8),
    ],
)
def test_a_model_belongs_to_a_family(model: str, name: str, channels: int) -> None:
    found = family(model)

    assert (found.name, found.channels) == (name, channels)


@pytest.mark.parametrize("model", [None, "", "PSM1000", "P10T", "ULXD6", "MXWAPT8", "-A"])
def test_a_model_without_command_strings_has_no_family(model: str | None) -> None:
    assert family_of(model) is None


def test_a_captured_list_is_its_devices() -> None:
    page = decode.page(told("devices"))

    assert page.more_after is None
    assert [decode.entry(entry) for entry in page.entries] == [RACK]


def test_a_device_that_was_only_discovered_tells_next_to_nothing() -> None:
    assert decode.device(told("discovered")) == DeviceReading(
        source_id="dd4c009b-0000-11dd-a000-000eddcccccc",
        state=DeviceState.DISCOVERED,
        address="172.21.2.150",
    )


def test_small_answers_are_what_they_say() -> None:
    assert decode.name(told("name")) == "ADTQ A"
    assert decode.battery_level(told("battery_level")) == BatteryReading(
        percent=87, minutes=385, charging=False
    )
    assert decode.battery_health(told("battery_health")) == BatteryHealthReading(percent=96, cycles=42)
    assert decode.activity(told("activity")) is Activity.GOOD
    assert decode.audio_channels(told("audio_channels")) == (
        AudioChannelReading(
            source_id="eyJ0IjoiQXVkaW9DaGFubmVsIiwiYyI6IkFEVFEiLCJ2IjoxMzEwODgsInMiOiJDSCIsImkiOjB9",
            capabilities=frozenset({"activity", "gain", "name"}),
        ),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"percentage": None}, BatteryReading()),
        ({"percentage": 5, "status": None}, BatteryReading(percent=5)),
        (
            {"percentage": 5, "status": {"currentState": "CALCULATING", "timeToTargetState": None}},
            BatteryReading(percent=5, calculating=True),
        ),
        (
            {
                "percentage": 60,
                "status": {
                    "currentState": "CHARGING",
                    "targetState": "FULL",
                    "timeToTargetState": "PT1H30M45S",
                },
            },
            BatteryReading(percent=60, minutes_to_full=90, charging=True),
        ),
        (
            {"percentage": 99, "status": {"targetState": "EMPTY", "timeToTargetState": "P1DT2H"}},
            BatteryReading(percent=99, minutes=26 * 60),
        ),
    ],
)
def test_a_battery_tells_where_it_is_going(body: object, expected: BatteryReading) -> None:
    assert decode.battery_level(body) == expected


@pytest.mark.parametrize("duration", ["", "P", "PT", "385", "PT385", "PT-5M", "PT1e9M", "P1Y", "PT9999999M"])
def test_what_is_no_duration_is_malformed(duration: str) -> None:
    with pytest.raises(Malformed, match="is no duration"):
        decode.battery_level(
            {"percentage": 5, "status": {"targetState": "EMPTY", "timeToTargetState": duration}}
        )


@pytest.mark.parametrize("identifier", ["", " ", ".", "..", "x" * 256, "a\x00b", "a\ud800b"])
def test_an_id_that_cannot_be_asked_for_is_malformed(identifier: str) -> None:
    with pytest.raises(Malformed, match="An id has"):
        decode.identifier(identifier)


@pytest.mark.parametrize(
    "identifier", ["dd01", "a/b", "%2f", "a b", "x" * 255, "\N{SNOWMAN}", "...", "?a=b#c"]
)
def test_an_id_is_opaque(identifier: str) -> None:
    assert decode.identifier(identifier) == identifier


def test_a_name_is_cut_to_what_can_be_kept() -> None:
    assert decode.name({"name": "a\x00b\ud800" + "x" * 300}) == "a\ufffdb\ufffd" + "x" * 251


def test_a_state_that_nobody_knows_is_malformed() -> None:
    node = json.loads(recorded("system_api/discovered.json")) | {"deviceState": "ASLEEP"}

    with pytest.raises(Malformed, match="'ASLEEP' is no DeviceState"):
        decode.device(node)


MODELS = st.sampled_from(["ULXD4Q", "QLXD4", "AD4Q", "SLXD4D", "SBRC"])
RAW = (
    st.text()
    | st.integers(0, 70_000).map(str)
    | st.from_regex(r"[0-9]{3}( [0-9]{2,3}| [XRB]{1,4}){0,12}", fullmatch=True)
)


@given(MODELS, st.data())
@unhurried
def test_whatever_a_receiver_says_is_a_reading_or_malformed(model: str, data: st.DataObject) -> None:
    of = family(model)
    places: list[tuple[int | None, str]] = [
        (number, subject) for number in range(1, of.channels + 1) for subject in of.subjects
    ]
    places += [(None, subject) for subject in of.device_subjects]
    said = data.draw(st.dictionaries(st.sampled_from(places), RAW))

    with suppress(Malformed):
        assert len(decode.receiver(of, said).channels) == of.channels


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["percentage", "status", "node", "edges", "id"]), inner)
    ),
)


@pytest.mark.parametrize(
    "understand",
    [
        decode.page,
        decode.entry,
        decode.name,
        decode.battery_level,
        decode.battery_health,
        decode.audio_channels,
        decode.activity,
    ],
)
@given(value=JSON)
@unhurried
def test_whatever_a_server_says_is_understood_or_malformed(
    understand: Callable[[object], object], value: object
) -> None:
    with suppress(Malformed):
        understand(value)
