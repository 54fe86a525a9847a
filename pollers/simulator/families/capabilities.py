"""What a System API server says that a device can do.

Captured is the list of a ULXD4D; those of other devices are composed from it, without what they do not have.
"""

RECEIVER_WITH_DANTE = (
    "audio-channels",
    "audio-channels-v2",
    "audio-network",
    "control-network",
    "dante-audio-network",
    "factory-reset",
    "hosted-firmware",
    "identify",
    "name",
    "reboot",
    "uptime",
)
RECEIVER = tuple(name for name in RECEIVER_WITH_DANTE if name not in {"audio-network", "dante-audio-network"})
CHARGER = tuple(name for name in RECEIVER if not name.startswith("audio-channels"))
UNIT_WITH_BATTERY = ("audio-channels", "battery-health", "battery-level", "identify", "name")

CHANNEL = ("activity", "gain", "name")
