"""What people read, for the first paint: runtimes, spans, levels, and text as a device gave it.

`static/micboard/js/format.js` does the same from then on; the vectors in tests/vectors hold them together.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

UNKNOWN = "—"

_MOST_CLUSTERS = 127
_MOST_CODE_POINTS = 512
_ZERO_WIDTH_JOINER = "\u200d"
# Joiners stay: scripts and emoji need them, and they neither hide nor reorder anything.
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HALF_A_BYTE_MORE = 0xFFFF


def runtime(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def span(seconds: float) -> str:
    """Return a span as people say it, the finer unit only while it matters."""
    s = max(0, int(seconds))
    minutes, hours, days = s // 60, s // 3600, s // 86_400
    if minutes < 1:
        return f"{s} s"
    if minutes < 10:  # noqa: PLR2004 - a matter of taste, not of meaning
        return f"{minutes} min {s % 60} s" if s % 60 else f"{minutes} min"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return "1 day" if days == 1 else f"{days} days"


def level(value: int | None, unit: str) -> str:
    """Return a level with a real minus sign, which a screen reader says and a line break leaves alone."""
    if value is None:
        return UNKNOWN
    sign = "\u2212" if value < 0 else ""
    return f"{sign}{abs(value)}\u00a0{unit}"


def moment(at: datetime, now: datetime) -> str:
    """Return a time of day, with the date once that is a day ago. In UTC: only the browser knows its zone."""
    written = f"{at.astimezone(UTC):%H:%M} UTC"
    return written if now - at < timedelta(days=1) else f"{at.astimezone(UTC):%Y-%m-%d} {written}"


def bars(percent: int | None) -> int | None:
    """Return the bars that a percentage fills, of five: the last bar goes out only at zero."""
    return None if percent is None else min(5, max(0, -(-percent // 20)))


def shown(text: str) -> str:
    """Return text from a device, made harmless to read: control and bidi characters as escapes, at most 128
    graphemes. It is still text and not markup.
    """
    out: list[str] = []
    clusters = 0
    joined = False
    for char in _visible(text):
        if not joined and not _extends(char):
            clusters += 1
        if clusters > _MOST_CLUSTERS or len(out) == _MOST_CODE_POINTS:
            return "".join(out) + "…"
        out.append(char)
        joined = char == _ZERO_WIDTH_JOINER
    return "".join(out)


def _extends(char: str) -> bool:
    return char in _JOINERS or ord(char) in _SKIN_TONES or unicodedata.category(char).startswith("M")


def _visible(text: str) -> Iterator[str]:
    for char in text:
        if unicodedata.category(char) in _INVISIBLE and char not in _JOINERS:
            yield from f"\\u{{{ord(char):X}}}" if ord(char) > _HALF_A_BYTE_MORE else f"\\u{ord(char):04X}"
        else:
            yield char
