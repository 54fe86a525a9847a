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
    "battery_short": Trouble(None, "will not last"),
    "rf_lost": Trouble("RF LOST", "signal"),
    "rf_poor": Trouble("RF WEAK", "signal"),
    "rf_overload": Trouble("RF OVERLOAD", "signal"),
    "interference": Trouble("INTERFERENCE", "signal"),
    "encryption": Trouble("ENCRYPTION", "encryption"),
    "clipping": Trouble("CLIPPING", "audio"),
}

_ALLOW = "Allow third-party control: Advanced Settings › Controller Access."

# What somebody does next about a source that failed.
STEPS: Mapping[str, str] = {
    "command_strings_refused": f"Check its address, and {_ALLOW[0].lower()}{_ALLOW[1:]}",
    "command_strings_silent": _ALLOW,
    "command_strings_timeout": "Check that the receiver is on, and its network.",
    "command_strings_unroutable": "Check the receiver's address, and the network.",
    "command_strings_dropped": "Close other controllers of this receiver.",
    "command_strings_incomplete": "Check the receiver's model and firmware.",
    "command_strings_mistaken": "Another receiver answers at its address: check the server's list.",
    "command_strings_unaddressed": "The server has not told its address: check the server's list.",
    "system_api_unauthorised": "Enter the server's new key.",
    "system_api_refused": "Check that the System API runs on the server.",
    "system_api_timeout": "Check that the server is on, and its network.",
    "system_api_unroutable": "Check the server's address, and the network.",
    "system_api_untrusted": "Compare the server's certificate, and confirm the new one in the admin.",
    "system_api_misconfigured": "Look at the server in the admin.",
    "system_api_broken": "Look at the server's own log, and restart it if need be.",
    "system_api_dropped": "Look at the server's own log, and restart it if need be.",
    "system_api_gone": "The server does not list it any more: check its network.",
    "server_says_offline": "Check that the receiver is on, and its network.",
}

_SOURCE_FAILED = re.compile(r"(command_strings|system_api)_(.+)")


def subjects(reasons: Iterable[str]) -> str:
    """Return what the troubles among these reasons are about, each once: "battery, signal"."""
    return ", ".join(dict.fromkeys(TROUBLES[reason].about for reason in reasons if reason in TROUBLES))


def named(reasons: Iterable[str]) -> list[str]:
    """Return what each trouble among these reasons is, as it stands in a list: "battery low", "RF poor"."""
    return [words(reason).replace("rf ", "RF ") for reason in reasons if reason in TROUBLES]


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


def explained(reasons: Iterable[str]) -> str:
    """Return what failed and what to do about it, a sentence each."""
    sentences = []
    for reason in reasons:
        if told := complaint(reason):
            sentences += [f"{told[0].upper()}{told[1:]}.", STEPS.get(reason, "")]
    return " ".join(dict.fromkeys(filter(None, sentences)))


def words(code: str) -> str:
    return shown(code.replace("_", " "))
