"""Thresholds and deadbands as the environment gives them."""

from dataclasses import replace

import pytest

from core.domain.changes import DEADBANDS
from core.domain.states import Levels, Thresholds
from core.verdicts import deadbands, thresholds


def test_nothing_said_is_the_defaults() -> None:
    assert thresholds("") == Thresholds()
    assert deadbands("") == DEADBANDS


def test_what_is_said_joins_the_defaults() -> None:
    told = thresholds('{"battery_minutes": {"critical": 20}, "rf_lost_dbm": -95}')

    assert told == replace(
        Thresholds(),
        battery_minutes=Levels(critical=20, low=60, fair=120, margin=10),
        rf_lost_dbm=-95,
    )
    assert deadbands('{"rf_dbm": 3}') == {**DEADBANDS, "rf_dbm": 3}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "It is no JSON:"),
        ("[]", "It has to be a JSON object."),
        ('{"rf_dbm": -60}', "There is no rf_dbm: there are battery_minutes, battery_percent,"),
        ('{"rf_lost_dbm": "-95"}', "rf_lost_dbm has to be a whole number."),
        ('{"rf_lost_dbm": true}', "rf_lost_dbm has to be a whole number."),
        ('{"battery_minutes": 20}', "battery_minutes has to be an object"),
        ('{"battery_minutes": {"low": 500}}', "battery_minutes has to rise from critical over low to fair."),
        ('{"battery_bars": {"empty": 1}}', "There is no empty: there are critical, low, fair, margin."),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as failure:  # noqa: PT011  its sentence is looked at
        thresholds(text)

    assert str(failure.value).startswith(sentence)


@pytest.mark.parametrize("text", ['{"rf_dbm": 0}', '{"rf_dbm": 1.5}', '{"gain_db": 1}'])
def test_a_deadband_is_a_whole_number_of_a_level(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        deadbands(text)
