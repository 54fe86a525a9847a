"""The stream of a receiver, cut into what it says: `< REP 1 CHAN_NAME {Lead Vox} >`."""

import re
from dataclasses import dataclass

# Strings stand in braces and may hold < and >: the frame ends at the first > outside of them. A frame
# that is longer than any of Shure's is none, so that a stray < or { cannot swallow the rest of the stream.
_OUTSIDE = rb"[^<>{}]{0,128}"
_INSIDE = rb"[^{}]{0,128}"
_QUOTED = rb"(?:\{" + _INSIDE + rb"\}" + _OUTSIDE + rb"){0,3}"
_WHOLE = re.compile(rb"<(" + _OUTSIDE + _QUOTED + rb")>")
_BEGUN = re.compile(rb"<" + _OUTSIDE + _QUOTED + rb"(?:\{" + _INSIDE + rb")?\Z")

_PARTS = re.compile(r"\s*(REP|SAMPLE)\s+(?:([0-9]{1,2})\s+)?([A-Z][A-Z0-9_]*)\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing said. `channel` is None where it is said of the receiver as a whole."""

    kind: str
    channel: int | None
    subject: str
    value: str


class FrameCutter:
    """Takes the stream in whatever pieces it comes and gives the frames; what is between them is dropped."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def cut(self, piece: bytes) -> list[Frame]:
        self._rest += piece
        frames: list[Frame] = []
        position = 0
        while (start := self._rest.find(b"<", position)) >= 0:
            if whole := _WHOLE.match(self._rest, start):
                position = whole.end()
                if frame := _frame(whole[1]):
                    frames.append(frame)
            elif _BEGUN.match(self._rest, start):
                break
            else:
                position = start + 1
        del self._rest[: start if start >= 0 else len(self._rest)]
        return frames


def _frame(content: bytes) -> Frame | None:
    parts = _PARTS.fullmatch(content.decode("utf-8", "replace"))
    if parts is None:
        return None
    kind, channel, subject, value = parts.groups()
    return Frame(kind, int(channel) if channel else None, subject, value)
