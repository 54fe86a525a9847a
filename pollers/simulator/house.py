"""The house that is played where nobody says which receivers: a mid-size one, with what such a house collects."""

# Twelve devices: the band on ULX-D, the leads on Axient Digital, the small rooms on what they were bought with,
# and the chargers. 29 microphone channels, 10 bays.
MODELS = (
    "ULXD4Q",
    "AD4D",
    "ULXD4Q",
    "AD4Q",
    "SLXD4D",
    "SBC840",
    "ULXD4D",
    "QLXD4",
    "AD4Q",
    "SBC220",
    "ULXD4Q",
    "ULXD4D",
)


def models_of(devices: int) -> list[str]:
    """Return this many models: the house, and beyond it the house again."""
    return [MODELS[index % len(MODELS)] for index in range(devices)]
