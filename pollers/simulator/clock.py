"""Show time: how far the show is, and how far its packs have drained."""

from dataclasses import dataclass

from pollers.simulator.show import Moment
from pollers.simulator.values import expect

FASTEST = 86_400
LONGEST_SKIP = 86_400


@dataclass(slots=True)
class Clock:
    """Show time, from the machine's monotonic seconds that it is handed. Packs drain `speed` times as fast."""

    speed: float = 1.0
    paused: bool = False
    _second: float = 0.0
    _drained: float = 0.0
    _asked_at: float | None = None

    def at(self, now: float) -> Moment:
        elapsed = 0.0 if self.paused or self._asked_at is None else now - self._asked_at
        self._asked_at = now
        self._second += elapsed
        self._drained += elapsed * self.speed
        return Moment(int(self._second), int(self._drained))

    def turn(
        self,
        now: float,
        *,
        paused: bool | None = None,
        speed: float | None = None,
        skip: float | None = None,
    ) -> None:
        """Pause or go on, set how fast packs drain, from now on, and skip ahead so many seconds of the show."""
        expect(
            speed is None or (_is_number(speed) and 0 <= speed <= FASTEST),
            f"speed is between 0 and {FASTEST}: a pack neither fills itself nor empties within a second",
        )
        expect(
            skip is None or (_is_number(skip) and 0 <= skip <= LONGEST_SKIP),
            f"skip is between 0 and {LONGEST_SKIP} seconds: the show never goes back",
        )
        expect(paused is None or isinstance(paused, bool), "paused is true or false")
        self.at(now)
        if speed is not None:
            self.speed = speed
        if paused is not None:
            self.paused = paused
        if skip is not None:
            self._second += skip
            self._drained += skip * self.speed


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
