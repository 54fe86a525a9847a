"""Where on a plot a value is trouble, by the thresholds that judge it. Pure."""

from dataclasses import dataclass
from typing import Any

from core.domain.states import Levels, Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Values from `least` up to `greatest` mean this state; None: without end."""

    state: str
    least: int | None = None
    greatest: int | None = None


def bands(thresholds: Thresholds) -> dict[str, list[Band]]:
    """Return the bands of each series that has some."""
    signal = [
        Band(state="critical", greatest=thresholds.rf_lost_dbm),
        Band(state="warning", least=thresholds.rf_lost_dbm, greatest=thresholds.rf_fair_dbm),
        Band(state="warning", least=thresholds.rf_overload_dbm),
    ]
    audio = [Band(state="warning", least=thresholds.clipping_dbfs)]
    return {
        "battery_minutes": _of(thresholds.battery_minutes),
        "battery_level": _of(thresholds.battery_percent),
        "battery_bars": _of(thresholds.battery_bars),
        **dict.fromkeys(("rf_signal", "rf_signal_a", "rf_signal_b"), signal),
        **dict.fromkeys(("audio_level", "peak_level"), audio),
    }


def _of(levels: Levels) -> list[Band]:
    return [
        Band(state="critical", greatest=levels.critical),
        Band(state="warning", least=levels.critical, greatest=levels.low),
    ]


def as_json(found: dict[str, list[Band]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{"state": band.state, "least": band.least, "greatest": band.greatest} for band in of]
        for name, of in found.items()
    }
