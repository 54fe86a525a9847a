"""Frames byte for byte. What is marked captured came from a real receiver, the rest is Shure's document."""

from dataclasses import fields, replace
from typing import Any

import pytest

from core.domain.reading import ChannelReading
from pollers.simulator.families import AXIENT_DIGITAL, ULX_D, Family, Plate

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
    assert ULX_D.sample(ULXD_CHANNEL) == "AX 079 034"


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
    assert AXIENT_DIGITAL.sample(AXIENT_CHANNEL) == "005 031 102 102 BB 31 086 31 065"


def test_a_captured_axient_sample_without_a_transmitter_comes_out_byte_for_byte() -> None:
    silent = replace(
        AXIENT_CHANNEL, **NOBODY, rf_a_dbm=-109, rf_b_dbm=-108, audio_peak_dbfs=-115, audio_dbfs=-87
    )

    assert AXIENT_DIGITAL.sample(silent) == "255 000 005 033 XX 00 011 00 012"


def test_overload_is_a_bit_of_the_lamps() -> None:
    loud = replace(AXIENT_CHANNEL, overloaded=True, audio_peak_dbfs=0, rf_a_dbm=-20)

    assert AXIENT_DIGITAL.sample(loud) == "005 255 120 102 BB 63 100 31 065"


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
    nobody = replace(channel, **NOBODY)

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

    assert family.channel[name](replace(channel, **change)) == text


@pytest.mark.parametrize(
    ("family", "plate", "frames"),
    [
        (
            ULX_D,
            Plate(model="ULXD4Q", name="RX 001", firmware="2.7.6.0"),
            {
                "MODEL": "{ULXD4Q                          }",
                "DEVICE_ID": "{RX 001  }",
                "FW_VER": "{2.7.6.0                 }",
            },
        ),
        (
            AXIENT_DIGITAL,
            Plate(model="AD4D", name="RF 5-8", firmware="2.0.15.2"),
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
    ],
)
def test_a_receiver_says_what_it_is(family: Family, plate: Plate, frames: dict[str, str]) -> None:
    assert {name: text(plate) for name, text in family.device.items()} == frames


def test_levels_end_where_the_scale_ends() -> None:
    beyond = replace(ULXD_CHANNEL, rf_dbm=-140, audio_dbfs=-100)

    shown = ULX_D.shown(beyond)

    assert (shown.rf_dbm, shown.audio_dbfs) == (-128, -50)
    assert ULX_D.sample(shown) == "AX 000 000"


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
