"""What a plot shows, said in a sentence for those who do not see it. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.device.series import Point, Series, milliseconds
from dashboard.shown import level, runtime, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One series in words."""

    label: str
    now: str
    least: str
    least_at: datetime
    greatest: str
    greatest_at: datetime
    without: str


LABELS: Mapping[str, tuple[str, Callable[[int], str]]] = {
    "battery_minutes": ("Runtime", runtime),
    "battery_level": ("Battery", lambda value: level(value, "%")),
    "battery_bars": ("Bars", lambda value: f"{value}/5"),
    "rf_signal_a": ("RF A", lambda value: level(value, "dBm")),
    "rf_signal_b": ("RF B", lambda value: level(value, "dBm")),
    "rf_signal": ("RF", lambda value: level(value, "dBm")),
    "audio_level": ("Audio", lambda value: level(value, "dBFS")),
    "peak_level": ("Peak", lambda value: level(value, "dBFS")),
}


def has_values(points: Iterable[Point]) -> bool:
    return any(value is not None for _, value in points)


def drawn(series: Series) -> dict[str, list[str]]:
    """Return which series each plot draws: of the battery and of the signal the best that there is."""
    known = {name for name, points in series.points.items() if has_values(points)}
    antennas = _of(known, "rf_signal_a", "rf_signal_b")
    return {
        "battery": _of(known, "battery_minutes", "battery_level", "battery_bars")[:1],
        "rf": antennas or _of(known, "rf_signal"),
        "audio": _of(known, "audio_level", "peak_level"),
    }


def _of(known: Collection[str], *names: str) -> list[str]:
    return [name for name in names if name in known]


def told(name: str, series: Series) -> Told:
    label, said = LABELS[name]
    points = series.points[name]
    since_ms, until_ms = milliseconds(series.span.since), milliseconds(series.span.until)
    values = [(value, at) for at, value in points if value is not None]
    least, greatest = min(values), max(values, key=lambda value: (value[0], -value[1]))
    now = points[-1][1]
    return Told(
        label=label,
        now=said(now) if now is not None else "no value",
        least=said(least[0]),
        least_at=_at(least[1]),
        greatest=said(greatest[0]),
        greatest_at=_at(greatest[1]),
        without=_without(points, since_ms, until_ms),
    )


def _without(points: list[Point], since_ms: int, until_ms: int) -> str:
    """Return for how long there was no value, empty where there always was one."""
    ends = [at for at, _ in points[1:]] + [until_ms]
    holes = [end - at for (at, value), end in zip(points, ends, strict=True) if value is None]
    if points[0][0] > since_ms:
        holes.insert(0, points[0][0] - since_ms)
    return span(sum(holes) / 1000) if holes else ""


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
