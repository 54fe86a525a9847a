"""The last windows in memory, for those who come back: what they missed, or that it is too much. Pure."""

from collections import deque

MOST = 2**20  # characters; who missed more is better served with a new snapshot


class Past:
    """The encoded windows up to the present one, without a hole, as far back as `MOST` reaches."""

    def __init__(self) -> None:
        self._windows: deque[str] = deque()
        self._size = 0

    def add(self, text: str) -> None:
        self._windows.append(text)
        self._size += len(text)
        while self._size > MOST:
            self._size -= len(self._windows.popleft())

    def latest(self, number: int) -> list[str] | None:
        """Return the last windows in order, or None where they are not all here any more."""
        if not 0 <= number <= len(self._windows):
            return None
        return list(self._windows)[len(self._windows) - number :]
