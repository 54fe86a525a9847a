"""What an operator does next about each reason. Pure."""

from dataclasses import dataclass

from dashboard import reasons

_OF_VALUES = {
    "battery_critical": "Change the battery now.",
    "battery_low": "Change the battery at the next break.",
    "battery_error": "Take the battery out, look at its contacts, and try another.",
    "rf_lost": "Check that the transmitter is in reach, and the antennas.",
    "rf_poor": "Bring the antennas into the transmitter's sight, or nearer.",
    "rf_overload": "Take the transmitter farther from the antennas, or lower its power.",
    "interference": "Scan for a free frequency, and retune.",
    "encryption": "Sync the transmitter with the receiver again.",
    "clipping": "Lower the transmitter's gain.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    reason: str
    sentence: str


def all_steps() -> list[Step]:
    """Return every step that there is: the page shows those whose reasons hold."""
    return [
        Step(reason=reason, sentence=sentence)
        for reason, sentence in (_OF_VALUES | dict(reasons.STEPS)).items()
    ]
