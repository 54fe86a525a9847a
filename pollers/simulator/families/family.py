"""What a family of devices is: a table of facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.domain.reading import ChannelReading, Kind

Text = Callable[[ChannelReading], str]

LEVELS = ("rf_dbm", "rf_a_dbm", "rf_b_dbm", "rf_c_dbm", "rf_d_dbm", "audio_dbfs", "audio_peak_dbfs")
RF_OVERLOAD_DBM = -25


class Form(StrEnum):
    """What the transmitter looks like, which decides its model and whether it has a mute switch."""

    HANDHELD = "handheld"
    BODYPACK = "bodypack"
    GOOSENECK = "gooseneck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """What a device says of itself."""

    model: str
    name: str
    firmware: str
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """What the channels of a receiver hear.

    `hears` says for each antenna whether it hears the transmitter, None where the family tells nothing of its
    antennas. `mute_switches`: the transmitters whose mute switch the receiver knows of. `preset` writes a group
    and a channel as the family does.
    """

    transmitters: Mapping[Form, str]
    mute_switches: frozenset[Form]
    runtime_minutes: int
    band_khz: range
    name_width: int
    preset: str
    antennas: int = 2
    hears: Callable[[ChannelReading], tuple[bool, ...]] | None = None

    def shown(self, reading: ChannelReading) -> dict[str, Any]:
        """Return which antennas hear, and whether one of them hears too much."""
        if self.hears is None:
            return {}
        hears = zip("ABCD", self.hears(reading), strict=False)
        levels = (reading.rf_a_dbm, reading.rf_b_dbm, reading.rf_c_dbm, reading.rf_d_dbm)[: self.antennas]
        return {
            "antennas": "".join(letter for letter, heard in hears if heard),
            "rf_overloaded": any(level is not None and level > RF_OVERLOAD_DBM for level in levels),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Facts of one family. `models`: channels by the model's name in the System API.

    `device` and `channel` map a property to its text, in the order of a dump; those in `by_name` are told only to
    who asks for them by name. "RSSI 1" is the property RSSI of antenna 1, as it goes over the wire. `sample` is
    what follows `SAMPLE x ALL`, None where there are no meters. A family that `refuses` says so to what it does
    not know, another keeps silent; one that is not `indexed_from_0` knows no channel 0 that stands for all, and
    tells of the device only what it is asked for by name.

    `tells` are the fields of a reading that it has words for, `ranges` and `words` what those can carry, in
    numbers and as the whole text. `settable` may be set from outside.
    """

    name: str
    models: Mapping[str, int]
    firmware: str
    plate: str
    capabilities: tuple[str, ...]
    kind: Kind = Kind.MICROPHONE
    radio: Radio | None = None
    settable: frozenset[str]
    tells: frozenset[str] = frozenset({"number", "kind"})
    ranges: Mapping[str, range]
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    speaks: bool = True
    refuses: bool = True
    indexed_from_0: bool = True
    device: Mapping[str, Callable[[Plate], str]] = field(default_factory=lambda: MappingProxyType({}))
    channel: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    by_name: frozenset[str] = frozenset()
    sample: Text | None = None

    def shown(self, reading: ChannelReading) -> ChannelReading:
        """Return the reading as the device's own meters show it: cut to their scale, with antennas and overload."""
        changed: dict[str, Any] = {
            level: min(max(value, self.ranges[level][0]), self.ranges[level][-1])
            for level in LEVELS
            if level in self.ranges and (value := getattr(reading, level)) is not None
        }
        if self.radio is not None:
            changed |= self.radio.shown(reading)
        return replace(reading, **changed)

    def told(self, shown: ChannelReading) -> ChannelReading:
        """Return what a perfect listener on TCP 2202 knows: the fields that the family has words for."""
        return ChannelReading(**{name: getattr(shown, name) for name in self.tells})
