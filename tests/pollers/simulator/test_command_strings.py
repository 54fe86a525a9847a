import socket
from collections.abc import Callable

import pytest

from pollers.simulator import Simulator
from pollers.simulator.families import AXIENT_DIGITAL, ULX_D

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


def test_a_flood_without_an_end_is_hung_up_on(ulxd: str, dial: Dial) -> None:
    line = dial(ulxd)

    line.send("x" * 70_000)

    assert line.hung_up()
