"""Windows by the clock, and how they arrived: what was sent, beside what each client heard."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench.crowd import Heard
from tests.bench.house import Emitted, House
from tests.bench.workbench import spread

EVERY_S = 1.0


def windows(house: House, channels: int, *, seconds: float) -> Iterator[Emitted]:
    """Emit a window of so many channels each second."""
    began = time.monotonic()
    for number in range(max(1, round(seconds / EVERY_S))):
        time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
        yield house.window(channels)


def delivered(sent: Sequence[Emitted], heard: Heard, *, clients: int, frames: int = 1) -> dict[str, Any]:
    """Return the share of frames that came, of so many for each window and client, and how long each took.

    What a client heard more than once, or behind a later one, is told too: there has to be none of it.
    """
    at = {emitted.seq: emitted.at for emitted in sent}
    came: Counter[tuple[int, int]] = Counter()
    last: dict[int, int] = {}
    late: list[float] = []
    disordered = 0
    for client, seq, heard_at in heard:
        if seq not in at:
            continue
        came[client, seq] += 1
        late.append(heard_at - at[seq])
        disordered += seq < last.get(client, 0)
        last[client] = max(seq, last.get(client, 0))
    due = len(sent) * clients * frames
    arrived = sum(min(frames, times) for times in came.values())
    return {
        "frames": len(late),
        "lost": due - arrived,
        "delivered": round(arrived / due, 6),
        "twice": sum(max(0, times - frames) for times in came.values()),
        "out_of_order": disordered,
        "latency_s": spread(late) if len(late) > 1 else None,
    }
