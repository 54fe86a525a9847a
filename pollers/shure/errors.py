"""Why a source gave no answer that can be used. Each class says what the caller does next."""

from datetime import timedelta

from core.domain.reading import Failure


class Unanswered(Exception):
    """No usable answer. `reason` is one word for machines, `detail` a sentence with the next step."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"

    def failure(self) -> Failure:
        return Failure(reason=self.reason, detail=self.detail)


class Unreachable(Unanswered):
    """Count it and ask again later."""


class Refused(Unanswered):
    """The key is not accepted: tell an operator, and ask rarely until it is changed."""


class Throttled(Unanswered):
    """The server wants a pause: ask none of its devices before `retry_after` is over. It is no failure."""

    def __init__(self, retry_after: timedelta, detail: str) -> None:
        super().__init__("throttled", detail)
        self.retry_after = retry_after

    def failure(self) -> Failure:
        return Failure(reason=self.reason, detail=self.detail, counts=False)


class Malformed(Unanswered):
    """Our decode or their firmware is wrong: log it with `recording`, the beginning of what came."""

    RECORDED = 1024  # bytes: enough to see what it is, too little to fill a log

    def __init__(self, detail: str, *, reason: str = "malformed", recording: bytes = b"") -> None:
        super().__init__(reason, detail)
        self.recording = recording[: self.RECORDED]


class Unsupported(Unanswered):
    """This device has no such capability: do not ask for it again before its firmware changes."""

    def __init__(self, detail: str) -> None:
        super().__init__("unsupported", detail)
