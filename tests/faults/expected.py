"""What Micboard has to say of everything that the simulator can do wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALONE = "ADTQ"  # of it its server alone tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a channel has to say while it lasts.

    `word` is the reason, None where nothing is lost; `otherwise` another that is as good, where chance decides how far
    an answer comes. `counts`: it is a sign of loss where there is no other source. `lies`: the server says that
    nothing changed, so that the truth comes with the next answer that is asked for whole. `heals`: Micboard finds its
    way while it lasts. `listed` is a part of what is told to be odd about the list, `inventory` of why there is none.
    """

    word: str | None = None
    otherwise: str | None = None
    counts: bool = True
    lies: bool = False
    heals: bool = False
    listed: str = ""
    inventory: str = ""

    def reasons(self, model: str) -> set[tuple[str, ...]]:
        """Return what a channel of this model may say, as one of these."""
        reasons = {self._reasons(model, word) for word in (self.word, self.otherwise or self.word)}
        if self.silences(model):
            reasons |= {(*words, "stale") for words in reasons}  # when it lasts
        return reasons

    def _reasons(self, model: str, word: str | None) -> tuple[str, ...]:
        if word is None:
            return ()
        unanswered = self.silences(model) and self.counts and word != "server_says_offline"
        return ("no_answer", word) if unanswered else (word,)

    def silences(self, model: str) -> bool:
        """Say whether the source that tells the values of such a receiver tells nothing."""
        word = self.word or ""
        if model == ALONE:
            return word.startswith("system_api") or word == "server_says_offline"
        return word.startswith("command_strings")

    def loses(self, model: str) -> bool:
        """Say whether the receiver counts as lost when it lasts."""
        return self.silences(model) and self.counts and not self.heals


NOTHING = Expected()


def _line(word: str) -> Expected:
    return Expected(word=f"command_strings_{word}")


def _api(word: str) -> Expected:
    return Expected(word=f"system_api_{word}")


_THROTTLED = Expected(word="system_api_throttled", counts=False)
_LYING = Expected(lies=True)
_SILENT_ABOUT_CHANGES = Expected(word="system_api_malformed", lies=True)

EXPECTED: Mapping[str, Expected] = MappingProxyType(
    {
        "line: hang": _line("silent"),
        "line: refuse": _line("refused"),
        "line: close": _line("dropped"),
        "line: cut": _line("incomplete"),
        "line: drip 40": _line("incomplete"),
        "line: noise 1": _line("incomplete"),
        "line: shred": NOTHING,
        "line: glue 200": NOTHING,
        "line: slow 400": NOTHING,
        "entry: status 400": _api("status"),
        "entry: status 401": _api("unauthorised"),
        "entry: status 403": _api("unauthorised"),
        "entry: status 429": _THROTTLED,
        "entry: status 500": _api("broken"),
        "entry: html": _api("no_json"),
        "entry: truncated": _api("no_json"),
        "entry: scrambled 1": _api("no_json"),
        "entry: etag": _LYING,
        "entry: not_modified": _SILENT_ABOUT_CHANGES,
        "entry: hang": _api("timeout"),
        "entry: close": _api("dropped"),
        "entry: cut": _api("truncated"),
        "entry: noise 1": Expected(word="system_api_no_http", otherwise="system_api_timeout"),
        "entry: drip 200": _api("timeout"),
        "entry: slow 400": NOTHING,
        "entry: shred": NOTHING,
        "receiver: state OFFLINE": Expected(word="server_says_offline"),
        "receiver: state DISCOVERED": NOTHING,
        "receiver: name Lent out": NOTHING,
        "receiver: controllers_allowed False": _line("silent"),
        "receiver: answers_as ULXD4D": _line("mistaken"),
        "receiver: moved": NOTHING,
        "receiver: swapped, told": NOTHING,
        "receiver: swapped, untold": _line("incomplete"),
        "receiver: swapped with its like, untold": _line("mistaken"),
        "receiver: replaced": Expected(word="system_api_gone", heals=True),
        "receiver: replaced by loan/…/ö": Expected(word="system_api_gone", heals=True),
        "server: hang": Expected(word="system_api_timeout", inventory="did not answer in time"),
        "server: close": Expected(word="system_api_dropped", inventory="closed the connection"),
        "server: cut": Expected(word="system_api_truncated", inventory="ended its answer"),
        "server: refuse": Expected(word="system_api_refused", inventory="refuses connections"),
        "server: noise 1": Expected(
            word="system_api_no_http", otherwise="system_api_timeout", inventory="not in HTTP"
        ),
        "server: drip 20": Expected(word="system_api_timeout", inventory="did not answer in time"),
        "server: shred": NOTHING,
        "server: slow 300": NOTHING,
        "server: status 400": Expected(word="system_api_status", inventory="status 400"),
        "server: status 401": Expected(word="system_api_unauthorised", inventory="does not accept the key"),
        "server: status 403": Expected(word="system_api_unauthorised", inventory="does not accept the key"),
        "server: status 429 2": _THROTTLED,
        "server: status 429 a while": _THROTTLED,
        "server: status 429 Thu, 01 Jan 2026 00:00:00 GMT": _THROTTLED,
        "server: status 500": Expected(word="system_api_broken", inventory="its own error 500"),
        "server: html": Expected(word="system_api_no_json", inventory="JSON"),
        "server: truncated": Expected(word="system_api_no_json", inventory="JSON"),
        "server: scrambled 1": Expected(word="system_api_no_json", inventory="JSON"),
        "server: etag": _LYING,
        "server: not_modified": Expected(word="system_api_malformed", lies=True, inventory="JSON"),
        "/devices: html": Expected(inventory="JSON"),
        "/devices: truncated": Expected(inventory="JSON"),
        "/devices: scrambled 1": Expected(inventory="JSON"),
        "/devices/{id}/name: not_modified": NOTHING,
        "dialect: listing array": NOTHING,
        "dialect: listing items": NOTHING,
        "dialect: page_size 2": NOTHING,
        "dialect: etags False": NOTHING,
        "dialect: weak_etags True": NOTHING,
        "list: shown 0": Expected(listed="only 0 of the 3"),
        "list: shown 1": Expected(listed="only 1 of the 3"),
        "list: malformed": Expected(listed="deviceState"),
        "list: twice": Expected(listed="twice"),
        "list: repeating": Expected(listed="repeats"),
    }
)
