"""The feed's reasons in operators' words, for the first paint; `reasons.js` says the same from then on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.shown import shown


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a tile says in large type (None: the battery's own figure says it best), and what that is about."""

    says: str | None
    about: str


TROUBLES: Mapping[str, Trouble] = {
    "battery_critical": Trouble(None, "battery"),
    "battery_low": Trouble(None, "battery"),
    "rf_lost": Trouble("RF LOST", "signal"),
    "rf_poor": Trouble("RF WEAK", "signal"),
    "rf_overload": Trouble("RF OVERLOAD", "signal"),
    "interference": Trouble("INTERFERENCE", "signal"),
    "encryption": Trouble("ENCRYPTION", "encryption"),
    "clipping": Trouble("CLIPPING", "audio"),
}

_SOURCE_FAILED = re.compile(r"(command_strings|system_api)_(.+)")


def subjects(reasons: Iterable[str]) -> str:
    """Return what the troubles among these reasons are about, each once: "battery, signal"."""
    return ", ".join(dict.fromkeys(TROUBLES[reason].about for reason in reasons if reason in TROUBLES))


def complaint(reason: str) -> str | None:
    """Return what a source that failed means to an operator; None for what the tile tells otherwise."""
    if reason in TROUBLES or reason in {"stale", "unread"}:
        return None
    if reason == "server_says_offline":
        return "its server says offline"
    match _SOURCE_FAILED.fullmatch(reason):
        case None:
            return words(reason)
        case found if found[1] == "command_strings":
            return f"RF not available: command strings {words(found[2])}"
        case found:
            return f"its server: {words(found[2])}"


def words(code: str) -> str:
    return shown(code.replace("_", " "))
