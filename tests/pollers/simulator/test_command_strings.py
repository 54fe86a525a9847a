import socket
from collections.abc import Callable

import pytest

from pollers.simulator import Sessions, Simulator
from pollers.simulator.families import AXIENT_DIGITAL, CHARGERS, QLX_D, SLX_D, ULX_D

from .conftest import Line

Dial = Callable[[str], Line]

ULXD_DUMP = len(ULX_D.device) + 4 * (1 + len(ULX_D.channel))
AXIENT_DUMP = len(AXIENT_DIGITAL.device) + 2 * (1 + len(AXIENT_DIGITAL.channel))


def test_a_dump_of_everything_has_every_property_of_device_and_channels_in_order(
    sim: Simulator, ulxd: str, dial: Dial
) -> None:
    truth = sim.truth().receiver(ulxd)

    frames = dial(ulxd).ask("< GET 0 ALL >", ULXD_DUMP)

    assert frames == [
        "< REP MODEL {ULXD4Q                          } >",
        "< REP DEVICE_ID {RX 001  } >",
        "< REP FW_VER {2.7.6.0                 } >",
        *(
            frame
            for number, channel in enumerate(truth.channels, start=1)
            for frame in (
                f"< REP {number} METER_RATE 00000 >",
                *(
                    f"< REP {number} {name} {text} >"
                    for name, text in channel.raw.items()
                    if name != "SAMPLE"
                ),
            )
        ),
    ]


def test_a_dump_of_one_channel_has_no_other(axient: str, dial: Dial) -> None:
    line = dial(axient)

    frames = line.ask("< GET 2 ALL >", len(AXIENT_DIGITAL.device) + 1 + len(AXIENT_DIGITAL.channel))

    assert {frame.split()[2] for frame in frames} - {"2"} == set(AXIENT_DIGITAL.device)
    assert "< REP 2 SLOT_STATUS 8 EMPTY >" in frames


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("< GET 1 CHAN_NAME >", ["< REP 1 CHAN_NAME {Lead Vox} >"]),
        (
            "< GET 0 CHAN_NAME >",
            [
                "< REP 1 CHAN_NAME {Lead Vox} >",
                "< REP 2 CHAN_NAME {BGV 1   } >",
                "< REP 3 CHAN_NAME {BGV 2   } >",
                "< REP 4 CHAN_NAME {Acoustic} >",
            ],
        ),
        ("< GET MODEL >", ["< REP MODEL {ULXD4Q                          } >"]),
        ("<GET DEVICE_ID>", ["< REP DEVICE_ID {RX 001  } >"]),
        ("< GET 3 METER_RATE >", ["< REP 3 METER_RATE 00000 >"]),
        ("< GET 1 TX_BATT_MINS >", ["< REP ERR >"]),
        ("< GET 5 CHAN_NAME >", ["< REP ERR >"]),
        ("< GET RF_BAND >", ["< REP ERR >"]),
        ("< SET 1 CHAN_NAME {Hacked  } >", ["< REP ERR >"]),
        ("< SET 1 METER_RATE 00099 >", ["< REP ERR >"]),
        ("< SET 1 METER_RATE soon >", ["< REP ERR >"]),
        ("< SET 5 METER_RATE 01000 >", ["< REP ERR >"]),
        ("< REP 1 CHAN_NAME {Echo    } >", ["< REP ERR >"]),
        ("< >", ["< REP ERR >"]),
    ],
)
def test_a_ulxd_answers_what_it_knows_and_refuses_the_rest(
    ulxd: str, dial: Dial, asked: str, answered: list[str]
) -> None:
    assert dial(ulxd).ask(asked, len(answered)) == answered


def test_a_property_that_each_antenna_has_comes_for_each(sim: Simulator, axient: str, dial: Dial) -> None:
    sim.set(axient, 1, rf_a_dbm=-34, rf_b_dbm=-55)
    line = dial(axient)

    both, second = line.ask("< GET 1 RSSI >", 2), line.ask("< GET 1 RSSI 2 >")

    assert both == ["< REP 1 RSSI 1 086 >", "< REP 1 RSSI 2 065 >"]
    assert second == ["< REP 1 RSSI 2 065 >"]


def test_commands_may_come_in_any_pieces(ulxd: str, dial: Dial) -> None:
    line = dial(ulxd)

    for piece in "noise > < GET 1 CHAN_NAME >< GET 2 CHAN_NAME >":
        line.send(piece)

    assert line.frames(2) == ["< REP 1 CHAN_NAME {Lead Vox} >", "< REP 2 CHAN_NAME {BGV 1   } >"]


def test_a_meter_samples_until_it_is_switched_off(sim: Simulator, axient: str, dial: Dial) -> None:
    sim.set(axient, 2, rf_a_dbm=-34, rf_b_dbm=-55, audio_dbfs=-18, audio_peak_dbfs=-18, transmitter_on=True)
    sim.set(axient, 2, interference=False)
    line = dial(axient)

    on = line.ask("< SET 2 METER_RATE 00100 >", 3)
    line.send("< SET 2 METER_RATE 00000 >")
    while (last := line.frames(1)) == on[1:2]:
        pass
    after = line.ask("< GET 2 METER_RATE >< GET 1 METER_RATE >", 2)

    sample = "< SAMPLE 2 ALL 005 031 102 102 BB 31 086 31 065 >"
    assert on == ["< REP 2 METER_RATE 00100 >", sample, sample]
    assert last == ["< REP 2 METER_RATE 00000 >"]
    assert after == ["< REP 2 METER_RATE 00000 >", "< REP 1 METER_RATE 00000 >"]


def test_a_meter_on_channel_zero_is_on_all(ulxd: str, dial: Dial) -> None:
    frames = dial(ulxd).ask("< SET 0 METER_RATE 00100 >", 8)

    assert frames[:4] == [f"< REP {number} METER_RATE 00100 >" for number in (1, 2, 3, 4)]
    assert [frame.split()[1:4] for frame in frames[4:]] == [["SAMPLE", number, "ALL"] for number in "1234"]


def test_a_meter_is_the_matter_of_its_own_connection(ulxd: str, dial: Dial) -> None:
    metering, other = dial(ulxd), dial(ulxd)

    metering.ask("< SET 1 METER_RATE 00100 >", 2)

    assert other.ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]


def test_each_receiver_has_its_own_address(sim: Simulator, dial: Dial) -> None:
    models = {
        source_id: dial(source_id).ask("< GET MODEL >")[0].split("{")[1][:6] for source_id in sim.source_ids
    }

    assert list(models.values()) == ["ULXD4Q", "AD4D-A"]
    assert len({receiver.address for receiver in sim.truth().receivers}) == 2


def test_a_receiver_that_refuses_drops_who_is_there_and_comes_back(
    sim: Simulator, ulxd: str, axient: str, dial: Dial
) -> None:
    address = sim.truth().receiver(ulxd).address
    inside, neighbour = dial(ulxd), dial(axient)
    inside.ask("< GET MODEL >")

    sim.patch(ulxd, listening=False)

    assert inside.hung_up()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 2202), timeout=10)
    assert neighbour.ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]
    sim.patch(ulxd, listening=True)
    assert dial(ulxd).ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]


def test_a_name_in_another_script_does_not_silence_the_receiver(
    sim: Simulator, ulxd: str, dial: Dial
) -> None:
    sim.patch(ulxd, name="Bühne")

    assert dial(ulxd).ask("< GET DEVICE_ID >") == ["< REP DEVICE_ID {B?hne   } >"]


# What families do apart ---------------------------------------------------------------------------------


@pytest.fixture
def qlxd(sim: Simulator) -> str:
    return sim.add("QLXD4")


@pytest.fixture
def slxd(sim: Simulator) -> str:
    return sim.add("SLXD4D")


@pytest.fixture
def charger(sim: Simulator) -> str:
    return sim.add("SBC220")


def test_a_qlxd_tells_of_its_channel_at_once_and_of_itself_when_asked(
    sim: Simulator, qlxd: str, dial: Dial
) -> None:
    raw = sim.truth().channel(qlxd, 1).raw
    line = dial(qlxd)

    dump = line.ask("< GET 1 ALL >< GET DEVICE_ID >", 1 + len(QLX_D.channel) - 3 + 1)

    assert dump == [
        "< REP 1 METER_RATE 00000 >",
        *(
            f"< REP 1 {name} {text} >"
            for name, text in raw.items()
            if name not in {"SAMPLE", "RF_ANTENNA", "RX_RF_LVL", "AUDIO_LVL"}
        ),
        "< REP DEVICE_ID {RX 003  } >",
    ]
    assert line.ask("< GET 1 RX_RF_LVL >< GET 1 AUDIO_LVL >< GET 1 RF_ANTENNA >", 3) == [
        f"< REP 1 {name} {raw[name]} >" for name in ("RX_RF_LVL", "AUDIO_LVL", "RF_ANTENNA")
    ]


@pytest.mark.parametrize(
    "question",
    ["< GET 0 ALL >", "< GET MODEL >", "< GET 1 RF_INT_DET >", "< GET 2 ALL >", "< SET 0 METER_RATE 01000 >"],
)
def test_a_qlxd_keeps_silent_where_others_refuse(
    sim: Simulator, qlxd: str, dial: Dial, question: str
) -> None:
    assert dial(qlxd).ask(f"{question}< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]
    assert sim.counts().commands == {"unknown": 1, "GET METER_RATE": 1}


def test_a_meter_of_a_qlxd_that_is_left_on_is_counted(sim: Simulator, qlxd: str, dial: Dial) -> None:
    raw = sim.truth().channel(qlxd, 1).raw
    careless, careful = dial(qlxd), dial(qlxd)

    frames = [line.ask("< SET 1 METER_RATE 00100 >", 2) for line in (careless, careful)]
    careful.ask("< SET 1 METER_RATE 00000 >")
    for line in (careless, careful):
        line.close()

    assert frames == [["< REP 1 METER_RATE 00100 >", f"< SAMPLE 1 ALL {raw['SAMPLE']} >"]] * 2
    assert sim.counts().sessions(qlxd) == Sessions(opened=2, open=0, most_open=2, left_metering=1)


def test_an_slxd_tells_its_levels_in_samples_alone(sim: Simulator, slxd: str, dial: Dial) -> None:
    sim.set(slxd, 1, audio_peak_dbfs=-18, audio_dbfs=-24, rf_dbm=-37)
    line = dial(slxd)

    dump = line.ask("< GET 1 ALL >", len(SLX_D.device) + 1 + len(SLX_D.channel))
    sample = line.ask("< SET 1 METER_RATE 00100 >", 2)[1]

    assert {frame.split()[3] for frame in dump[len(SLX_D.device) :]} == {"METER_RATE", *SLX_D.channel}
    assert line.ask("< GET 1 RSSI >") == ["< REP ERR >"]
    assert sample == "< SAMPLE 1 ALL 102 096 083 >"


def test_an_slxd_keeps_silent_until_controllers_are_allowed(sim: Simulator, slxd: str, dial: Dial) -> None:
    sim.patch(slxd, controllers_allowed=False)
    line = dial(slxd)
    line.send("< GET 0 ALL >< SET 0 METER_RATE 00100 >")
    silent = line.bytes(0.3)

    sim.patch(slxd, controllers_allowed=True)

    assert silent == b""
    assert line.ask("< GET 1 METER_RATE >") == ["< REP 1 METER_RATE 00000 >"]
    assert sim.counts().commands == {"unheard": 2, "GET METER_RATE": 1}


def test_a_charger_has_no_meters(sim: Simulator, charger: str, dial: Dial) -> None:
    truth = sim.truth(charger).receivers[0]
    line = dial(charger)

    dump = line.ask("< GET 0 ALL >", len(CHARGERS.device) + 2 * len(CHARGERS.channel))

    assert dump[len(CHARGERS.device) :] == [
        f"< REP {number} {name} {text} >"
        for number, channel in enumerate(truth.channels, start=1)
        for name, text in channel.raw.items()
    ]
    assert line.ask("< SET 1 METER_RATE 01000 >< GET 1 METER_RATE >", 2) == ["< REP ERR >"] * 2
    line.close()
    assert sim.counts().sessions(charger).left_metering == 0


def test_quadversity_doubles_what_a_sample_has_of_antennas(sim: Simulator, dial: Dial) -> None:
    source_id = sim.add("AD4Q")
    before = dial(source_id).ask("< GET 1 RSSI >< GET QUADVERSITY_MODE >", 3)

    sim.patch(source_id, quadversity=True)
    sim.set(source_id, 1, rf_a_dbm=-34, rf_b_dbm=-55, rf_c_dbm=-60, rf_d_dbm=-71, transmitter_on=True)
    sim.set(source_id, 1, interference=False)
    after = dial(source_id).ask("< GET 1 RSSI >< GET QUADVERSITY_MODE >", 5)

    assert [frame.split()[2:5] for frame in before] == [
        ["1", "RSSI", "1"],
        ["1", "RSSI", "2"],
        ["QUADVERSITY_MODE", "OFF", ">"],
    ]
    assert after == [
        "< REP 1 RSSI 1 086 >",
        "< REP 1 RSSI 2 065 >",
        "< REP 1 RSSI 3 060 >",
        "< REP 1 RSSI 4 049 >",
        "< REP QUADVERSITY_MODE ON >",
    ]
    reading = sim.truth().channel(source_id, 1).reading
    assert (reading.antennas, reading.rf_dbm, reading.rf_c_dbm, reading.rf_d_dbm) == ("ABCD", -34, -60, -71)


def test_a_flood_without_an_end_is_hung_up_on(ulxd: str, dial: Dial) -> None:
    line = dial(ulxd)

    line.send("x" * 70_000)

    assert line.hung_up()
