"""Where values become verdicts, and which moves of a level are worth a record: the defaults, and what the environment
says otherwise.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from core.domain.changes import DEADBANDS
from core.domain.states import Levels, Thresholds

T = TypeVar("T", Thresholds, Levels)


def thresholds(text: str) -> Thresholds:
    """Return the thresholds with what a JSON object names, such as `{"battery_minutes": {"critical": 20}}`.

    Raises `ValueError` with a sentence.
    """
    return _with(Thresholds(), _object(text))


def deadbands(text: str) -> Mapping[str, int]:
    """Return the deadbands with what a JSON object names, such as `{"rf_dbm": 3}`.

    Raises `ValueError` with a sentence.
    """
    told = _object(text)
    _expect_known(told, DEADBANDS)
    for name, value in told.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} has to be a whole number from 1 on.")
    return {**DEADBANDS, **told}


def _with(defaults: T, told: Mapping[str, Any]) -> T:
    known = {field.name: getattr(defaults, field.name) for field in fields(defaults)}
    _expect_known(told, known)
    changes: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(known[name], Levels):
            if not isinstance(value, dict):
                raise ValueError(f'{name} has to be an object, such as {{"critical": 20}}.')  # noqa: TRY004
            levels = _with(known[name], value)
            if not levels.critical <= levels.low <= levels.fair or levels.margin < 0:
                raise ValueError(f"{name} has to rise from critical over low to fair.")
            changes[name] = levels
        elif type(value) is int:
            changes[name] = value
        else:
            raise ValueError(f"{name} has to be a whole number.")
    return replace(defaults, **changes)


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f"It is no JSON: {error}.") from None
    if not isinstance(told, dict):
        raise ValueError("It has to be a JSON object.")  # noqa: TRY004  a sentence about a setting
    return told


def _expect_known(told: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    if unknown := sorted(told.keys() - known.keys()):
        raise ValueError(f"There is no {unknown[0]}: there are {', '.join(known)}.")
