"""Frames byte for byte. What is marked captured came from a real receiver, the rest is Shure's document."""

from dataclasses import fields, replace
from typing import Any

import pytest

from core.domain.reading import ChannelReading, Kind
from pollers.simulator.families import (
    AXIENT_DIGITAL,
    BY_MODEL,
    CHARGERS,
    FAMILIES,
    QLX_D,
    QUADVERSITY,
    SLX_D,
    ULX_D,
    Family,
    Plate,
)

MAC = "00:0E:DD:4C:00:9A"

ULXD_CHANNEL = ULX_D.shown(
    ChannelReading(
        number=1,
        name="CFO 4",
        frequency_khz=526_225,
        gain_db=12,
        transmitter_on=True,
        transmitter="ULXD1",
        battery_percent=100,
        battery_minutes=607,
        battery_bars=5,
        battery_type="LION",
        battery_health_percent=100,
        battery_cycles=4,
        battery_celsius=24,
        rf_dbm=-49,
        rf_a_dbm=-49,
        rf_b_dbm=-58,
        interference=False,
        audio_dbfs=-16,
        encryption_ok=True,
    )
)
AXIENT_CHANNEL = AXIENT_DIGITAL.shown(
    ChannelReading(
        number=1,
        name="Lead Vocal",
        frequency_khz=594_075,
        gain_db=0,
        transmitter_on=True,
        transmitter="ADX1",
        battery_percent=88,
        battery_minutes=125,
        battery_bars=4,
        battery_type="LION",
        battery_health_percent=97,
        battery_cycles=19,
        battery_celsius=22,
        link_quality=5,
        rf_dbm=-34,
        rf_a_dbm=-34,
        rf_b_dbm=-55,
        interference=False,
        audio_dbfs=-18,
        audio_peak_dbfs=-18,
        overloaded=False,
        muted=False,
        encryption_ok=True,
    )
)
NOBODY: dict[str, Any] = {
    "transmitter_on": False,
    "transmitter": None,
    "battery_percent": None,
    "battery_minutes": None,
    "battery_bars": None,
    "battery_type": None,
    "battery_health_percent": None,
    "battery_cycles": None,
    "battery_celsius": None,
    "link_quality": None,
    "muted": None,
}


def sample(family: Family, channel: ChannelReading) -> str:
    assert family.sample is not None
    return family.sample(channel)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHAN_NAME", "{CFO 4   }"),
        ("FREQUENCY", "526225"),  # captured
        ("AUDIO_GAIN", "030"),  # captured
        ("GROUP_CHAN", "--,--"),  # captured
        ("BATT_BARS", "005"),  # captured
        ("BATT_CHARGE", "100"),  # captured
        ("BATT_RUN_TIME", "00607"),  # captured
        ("BATT_HEALTH", "100"),  # captured
        ("BATT_CYCLE", "00004"),  # captured
        ("BATT_TEMP_C", "064"),
        ("BATT_TYPE", "LION"),  # captured
        ("ENCRYPTION_WARNING", "OFF"),  # captured
        ("TX_MUTE_STATUS", "UNKN"),  # captured
        ("TX_TYPE", "ULXD1"),
        ("RF_INT_DET", "NONE"),
        ("RF_ANTENNA", "AX"),
        ("RX_RF_LVL", "079"),
        ("AUDIO_LVL", "034"),
    ],
)
def test_a_ulxd_channel_says_it_in_fixed_width(name: str, text: str) -> None:
    assert ULX_D.channel[name](ULXD_CHANNEL) == text


def test_a_captured_ulxd_sample_comes_out_byte_for_byte() -> None:
    assert sample(ULX_D, ULXD_CHANNEL) == "AX 079 034"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHAN_NAME", "{Lead Vocal                     }"),
        ("FREQUENCY", "0594075"),  # captured
        ("AUDIO_GAIN", "018"),  # captured
        ("TX_MODEL", "ADX1"),
        ("TX_BATT_BARS", "004"),
        ("TX_BATT_CHARGE_PERCENT", "088"),
        ("TX_BATT_MINS", "00125"),
        ("TX_BATT_HEALTH_PERCENT", "097"),
        ("TX_BATT_CYCLE_COUNT", "00019"),
        ("TX_BATT_TEMP_C", "062"),
        ("TX_MUTE_MODE_STATUS", "ON"),
        ("INTERFERENCE_STATUS", "NONE"),  # captured
        ("ENCRYPTION_STATUS", "OK"),  # captured
        ("CHAN_QUALITY", "005"),
        ("RSSI 1", "086"),
        ("RSSI 2", "065"),
    ],
)
def test_an_axient_channel_says_it_in_fixed_width(name: str, text: str) -> None:
    assert AXIENT_DIGITAL.channel[name](AXIENT_CHANNEL) == text


def test_the_documents_axient_sample_comes_out_byte_for_byte() -> None:
    assert sample(AXIENT_DIGITAL, AXIENT_CHANNEL) == "005 031 102 102 BB 31 086 31 065"


def test_a_captured_axient_sample_without_a_transmitter_comes_out_byte_for_byte() -> None:
    silent = replace(
        AXIENT_CHANNEL, **NOBODY, rf_a_dbm=-109, rf_b_dbm=-108, audio_peak_dbfs=-115, audio_dbfs=-87
    )

    assert sample(AXIENT_DIGITAL, silent) == "255 000 005 033 XX 00 011 00 012"


def test_overload_is_a_bit_of_the_lamps() -> None:
    loud = replace(AXIENT_CHANNEL, overloaded=True, audio_peak_dbfs=0, rf_a_dbm=-20)

    assert sample(AXIENT_DIGITAL, loud) == "005 255 120 102 BB 63 100 31 065"


@pytest.mark.parametrize(
    ("family", "channel", "unknown"),
    [
        (
            ULX_D,
            ULXD_CHANNEL,
            {
                "TX_TYPE": "UNKN",
                "BATT_TYPE": "UNKN",
                "BATT_BARS": "255",
                "BATT_CHARGE": "255",
                "BATT_RUN_TIME": "65535",
                "BATT_HEALTH": "255",
                "BATT_CYCLE": "65535",
                "BATT_TEMP_C": "255",
                "TX_MUTE_STATUS": "UNKN",
                "RF_ANTENNA": "XX",
            },
        ),
        (
            AXIENT_DIGITAL,
            AXIENT_CHANNEL,
            {
                "TX_MODEL": "UNKNOWN",
                "TX_BATT_TYPE": "UNKN",
                "TX_BATT_BARS": "255",
                "TX_BATT_CHARGE_PERCENT": "255",
                "TX_BATT_MINS": "65535",
                "TX_BATT_HEALTH_PERCENT": "255",
                "TX_BATT_CYCLE_COUNT": "65535",
                "TX_BATT_TEMP_C": "255",
                "TX_MUTE_MODE_STATUS": "UNKNOWN",
                "CHAN_QUALITY": "255",
                "ANTENNA_STATUS": "XX",
            },
        ),
    ],
)
def test_without_a_transmitter_every_width_has_its_word_for_unknown(
    family: Family, channel: ChannelReading, unknown: dict[str, str]
) -> None:
    nobody = family.shown(replace(channel, **NOBODY))

    assert {name: family.channel[name](nobody) for name in unknown} == unknown


@pytest.mark.parametrize(
    ("family", "channel", "name"),
    [(ULX_D, ULXD_CHANNEL, "BATT_RUN_TIME"), (AXIENT_DIGITAL, AXIENT_CHANNEL, "TX_BATT_MINS")],
)
def test_a_fresh_pack_is_still_calculating(family: Family, channel: ChannelReading, name: str) -> None:
    fresh = replace(channel, battery_calculating=True)

    assert family.channel[name](fresh) == "65534"


@pytest.mark.parametrize(
    ("family", "channel", "change", "frame"),
    [
        (ULX_D, ULXD_CHANNEL, {"muted": True}, ("TX_MUTE_STATUS", "ON")),
        (ULX_D, ULXD_CHANNEL, {"muted": False}, ("TX_MUTE_STATUS", "OFF")),
        (ULX_D, ULXD_CHANNEL, {"interference": True}, ("RF_INT_DET", "CRITICAL")),
        (ULX_D, ULXD_CHANNEL, {"encryption_ok": False}, ("ENCRYPTION_WARNING", "ON")),
        (ULX_D, ULXD_CHANNEL, {"rf_a_dbm": -70}, ("RF_ANTENNA", "XB")),
        (ULX_D, ULXD_CHANNEL, {"rf_a_dbm": -57}, ("RF_ANTENNA", "AB")),
        (AXIENT_DIGITAL, AXIENT_CHANNEL, {"muted": True}, ("TX_MUTE_MODE_STATUS", "MUTE")),
        (AXIENT_DIGITAL, AXIENT_CHANNEL, {"interference": True}, ("INTERFERENCE_STATUS", "DETECTED")),
        (AXIENT_DIGITAL, AXIENT_CHANNEL, {"interference": True}, ("ANTENNA_STATUS", "RR")),
        (AXIENT_DIGITAL, AXIENT_CHANNEL, {"encryption_ok": False}, ("ENCRYPTION_STATUS", "ERROR")),
        (AXIENT_DIGITAL, AXIENT_CHANNEL, {"rf_a_dbm": -100}, ("ANTENNA_STATUS", "XB")),
    ],
)
def test_each_trouble_has_its_word(
    family: Family, channel: ChannelReading, change: dict[str, Any], frame: tuple[str, str]
) -> None:
    name, text = frame

    assert family.channel[name](family.shown(replace(channel, **change))) == text


@pytest.mark.parametrize(
    ("family", "plate", "frames"),
    [
        (
            ULX_D,
            Plate(model="ULXD4Q", name="RX 001", firmware="2.7.6.0", mac=MAC),
            {
                "MODEL": "{ULXD4Q                          }",
                "DEVICE_ID": "{RX 001  }",
                "FW_VER": "{2.7.6.0                 }",
            },
        ),
        (
            AXIENT_DIGITAL,
            Plate(model="AD4D", name="RF 5-8", firmware="2.0.15.2", mac=MAC),
            {
                "DEVICE_ID": "{RF 5-8  }",
                "MODEL": "{AD4D-A                          }",
                "FW_VER": "{2.0.15.2                }",
                "RF_BAND": "{G57     }",
                "ENCRYPTION_MODE": "ON",
                "QUADVERSITY_MODE": "OFF",
                "TRANSMISSION_MODE": "STANDARD",
            },
        ),
        (
            QLX_D,
            Plate(model="QLXD4", name="Chapel", firmware="2.6.3", mac=MAC),
            {
                "DEVICE_ID": "{Chapel  }",
                "FW_VER": "{2.6.3                   }",
                "MAC_ADDR": MAC,
                "ENCRYPTION": "ON",
            },
        ),
        (
            SLX_D,
            Plate(model="SLXD4D", name="Foyer", firmware="1.4.7.0", mac=MAC),
            {
                "MODEL": "{SLXD4D                          }",
                "DEVICE_ID": "{Foyer   }",
                "RF_BAND": "{H55     }",
                "LOCK_STATUS": "OFF",
                "FW_VER": "{1.4.7.0                 }",
            },
        ),
        (
            CHARGERS,
            Plate(model="SBC220", name="Dock", firmware="1.4.53.0", mac=MAC),
            {
                "MODEL": "{SBC220                          }",
                "DEVICE_ID": "{Dock                           }",
                "FW_VER": "{1.4.53.0                }",
                "STORAGE_MODE": "OFF",
            },
        ),
    ],
)
def test_a_receiver_says_what_it_is(family: Family, plate: Plate, frames: dict[str, str]) -> None:
    assert {name: text(plate) for name, text in family.device.items()} == frames


def test_levels_end_where_the_scale_ends() -> None:
    beyond = replace(ULXD_CHANNEL, rf_dbm=-140, audio_dbfs=-100)

    shown = ULX_D.shown(beyond)

    assert (shown.rf_dbm, shown.audio_dbfs) == (-128, -50)
    assert sample(ULX_D, shown) == "AX 000 000"


def test_what_a_family_has_no_word_for_nobody_is_told() -> None:
    every_field = {field.name: getattr(AXIENT_CHANNEL, field.name) for field in fields(ChannelReading)}
    told = ULX_D.told(AXIENT_CHANNEL)

    changed = {name for name, value in every_field.items() if getattr(told, name) != value}

    assert changed == {
        "rf_a_dbm",
        "rf_b_dbm",
        "rf_overloaded",
        "link_quality",
        "audio_peak_dbfs",
        "overloaded",
    }


def test_every_model_has_its_number_of_channels() -> None:
    channels = {model: family.models[model] for model, family in BY_MODEL.items()}

    assert channels == {
        "ULXD4": 1,
        "ULXD4D": 2,
        "ULXD4Q": 4,
        "QLXD4": 1,
        "SLXD4": 1,
        "SLXD4D": 2,
        "AD4D": 2,
        "AD4Q": 4,
        "SBC220": 2,
        "SBC240": 2,
        "SBC840": 8,
        "SBRC": 8,
        "ADTQ": 1,
    }


@pytest.mark.parametrize("family", [*FAMILIES, QUADVERSITY], ids=lambda family: family.name)
def test_a_family_has_a_form_for_all_that_can_be_set(family: Family) -> None:
    switches = {"transmitter_on", "battery_calculating", "interference", "overloaded", "muted"}
    formless = family.settable - family.ranges.keys() - family.words.keys()

    assert formless <= switches | {"encryption_ok", "occupied", "name"}
    assert (
        not family.tells
        - family.settable
        - {
            "number",
            "kind",
            "antennas",
            "rf_overloaded",
            "charging",
            "battery_calculating",
        }
    )


# QLX-D and SLX-D --------------------------------------------------------------------------------------

AA_CELLS: dict[str, Any] = {
    "battery_percent": None,
    "battery_minutes": None,
    "battery_health_percent": None,
    "battery_cycles": None,
    "battery_celsius": None,
    "battery_type": "ALKA",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ("100", "00607", "100", "00004", "064")),
        ({"battery_calculating": True}, ("100", "65534", "100", "00004", "064")),
        (AA_CELLS, ("252", "65532", "252", "65532", "252")),
        (NOBODY, ("255", "65535", "255", "65535", "255")),
    ],
)
def test_a_qlxd_has_words_of_its_own_for_unknown(change: dict[str, Any], words: tuple[str, ...]) -> None:
    channel = replace(ULXD_CHANNEL, **change)
    names = ("BATT_CHARGE", "BATT_RUN_TIME", "BATT_HEALTH", "BATT_CYCLE", "BATT_TEMP_C")

    assert tuple(QLX_D.channel[name](channel) for name in names) == words


@pytest.mark.parametrize(
    ("a_dbm", "b_dbm", "letters"), [(-49, -58, "AX"), (-58, -49, "XB"), (-49, -49, "AX"), (-49, -50, "AX")]
)
def test_a_qlxd_lights_one_antenna_at_a_time(a_dbm: int, b_dbm: int, letters: str) -> None:
    channel = QLX_D.shown(replace(ULXD_CHANNEL, rf_a_dbm=a_dbm, rf_b_dbm=b_dbm))

    assert QLX_D.channel["RF_ANTENNA"](channel) == letters


def test_a_qlxd_has_no_word_for_interference_and_none_for_its_model() -> None:
    assert "RF_INT_DET" not in QLX_D.channel
    assert "MODEL" not in QLX_D.device
    assert QLX_D.told(replace(ULXD_CHANNEL, interference=True)).interference is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHAN_NAME", "{Lead Vocal                     }"),
        ("FREQUENCY", "0594075"),
        ("AUDIO_GAIN", "018"),
        ("GROUP_CHANNEL", "{1,3}"),
        ("TX_MODEL", "ADX1"),
        ("TX_BATT_BARS", "004"),
        ("TX_BATT_MINS", "00125"),
    ],
)
def test_an_slxd_channel_says_it_in_fixed_width(name: str, text: str) -> None:
    assert SLX_D.channel[name](replace(AXIENT_CHANNEL, group_channel="1,3")) == text


def test_an_slxd_sample_is_peak_rms_and_rf() -> None:
    assert sample(SLX_D, replace(AXIENT_CHANNEL, audio_dbfs=-24, rf_dbm=-37)) == "102 096 083"


def test_an_slxd_tells_neither_percent_nor_mute_nor_encryption() -> None:
    told = SLX_D.told(AXIENT_CHANNEL)

    assert told == ChannelReading(
        number=1,
        name="Lead Vocal",
        frequency_khz=594_075,
        gain_db=0,
        transmitter_on=True,
        transmitter="ADX1",
        battery_minutes=125,
        battery_bars=4,
        rf_dbm=-34,
        audio_dbfs=-18,
        audio_peak_dbfs=-18,
    )


# Quadversity ------------------------------------------------------------------------------------------


def test_a_sample_with_quadversity_has_four_pairs() -> None:
    four = QUADVERSITY.shown(replace(AXIENT_CHANNEL, rf_c_dbm=-100, rf_d_dbm=-20))

    assert sample(QUADVERSITY, four) == "005 031 102 102 BBXB 31 086 31 065 00 020 63 100"
    assert (four.antennas, four.rf_overloaded) == ("ABD", True)


def test_without_quadversity_the_second_pair_of_antennas_counts_for_nothing() -> None:
    two = AXIENT_DIGITAL.shown(replace(AXIENT_CHANNEL, rf_d_dbm=-20))

    assert (two.antennas, two.rf_overloaded) == ("AB", False)
    assert AXIENT_DIGITAL.told(two).rf_d_dbm is None


# Chargers ---------------------------------------------------------------------------------------------

BAY = ChannelReading(
    number=1,
    kind=Kind.BAY,
    occupied=True,
    charging=True,
    battery_state="normal",
    battery_percent=64,
    battery_health_percent=98,
    battery_cycles=12,
    battery_celsius=29,
    battery_error=0,
    minutes_to_full=55,
)


@pytest.mark.parametrize(
    ("bay", "frames"),
    [
        (BAY, ("YES", "00055", "NORMAL", "064", "00012", "069", "124", "098", "000")),
        (
            replace(BAY, battery_state="full", battery_percent=100, minutes_to_full=0),
            ("YES", "65529", "FULL", "100", "00012", "069", "124", "098", "000"),
        ),
        (
            replace(BAY, battery_state="calculating", battery_calculating=True, minutes_to_full=None),
            ("YES", "65533", "CALCULATING", "064", "00012", "069", "124", "098", "000"),
        ),
        (
            replace(BAY, battery_state="hot", charging=False, battery_celsius=47, minutes_to_full=None),
            ("YES", "65535", "HOT", "064", "00012", "087", "157", "098", "000"),
        ),
        (  # but for its temperature in Celsius, captured
            ChannelReading(
                number=7, kind=Kind.BAY, occupied=True, charging=False, battery_state="error", battery_error=7
            ),
            ("YES", "65534", "ERROR", "254", "65534", "254", "254", "254", "007"),
        ),
        (
            ChannelReading(number=2, kind=Kind.BAY, occupied=False, charging=False, battery_state="no_batt"),
            ("NO", "65535", "NO_BATT", "255", "65535", "255", "255", "255", "255"),
        ),
    ],
)
def test_a_bay_says_it_in_the_order_of_a_dump(bay: ChannelReading, frames: tuple[str, ...]) -> None:
    names = (
        "BATT_DETECTED",
        "BATT_TIME_TO_FULL",
        "BATT_STATE",
        "BATT_CHARGE",
        "BATT_CYCLE",
        "BATT_TEMP_C",
        "BATT_TEMP_F",
        "BATT_HEALTH",
        "BATT_ERROR",
    )

    assert tuple(CHARGERS.channel) == names
    assert tuple(text(bay) for text in CHARGERS.channel.values()) == frames
    assert CHARGERS.told(CHARGERS.shown(bay)) == bay
