"""An instant by which something must have ended, whatever the other side does."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant of the monotonic clock. A socket that takes its timeout from it cannot be outwaited."""

    at: float

    @classmethod
    def after(cls, span: timedelta) -> Self:
        return cls(time.monotonic() + span.total_seconds())

    def remaining(self) -> float:
        """Return the seconds that are left, never less than none."""
        return max(0.0, self.at - time.monotonic())

    def within(self, span: timedelta) -> Self:
        """Return this deadline, or the end of `span` from now if that is sooner."""
        return min(self, type(self).after(span), key=lambda deadline: deadline.at)
