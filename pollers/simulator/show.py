"""The show: what every microphone does at every second, from a seed alone.

Nothing is stepped and nothing remembered: `play` gives any second of any microphone directly, so that two
thousand receivers cost only what is asked of them, and the same seed is the same show however often anybody
looked. Pure: no clock, no state.

An operator sees a believable evening. Packs drain from full to the reserve at which the crew changes them,
now and then one is forgotten; transmitters are off between acts; people speak and pause; and at any time one
channel in twenty or so has a trouble that comes and goes. In a band full of interference half of them have.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from core.domain.reading import ChannelReading
from pollers.simulator.families import Form, Radio

# Name for an eight-character display, name in full, form. The first five characters tell the short names
# apart: a large house numbers them behind those.
PARTS = (
    ("Lead Vox", "Lead Vocal", Form.HANDHELD),
    ("BGV 1", "Backing Vocal 1", Form.HANDHELD),
    ("BGV 2", "Backing Vocal 2", Form.HANDHELD),
    ("Acoustic", "Acoustic Guitar", Form.BODYPACK),
    ("Pastor", "Pastor Headset", Form.BODYPACK),
    ("Host", "Host Headset", Form.BODYPACK),
    ("Podium", "Podium", Form.GOOSENECK),
    ("Q&A 1", "Audience Q&A 1", Form.HANDHELD),
    ("Bass", "Bass Guitar", Form.BODYPACK),
    ("E-Guitar", "Electric Guitar", Form.BODYPACK),
    ("BGV 3", "Backing Vocal 3", Form.HANDHELD),
    ("Violin", "Violin", Form.BODYPACK),
    ("MC", "Master of Ceremonies", Form.HANDHELD),
    ("Guest", "Guest Lavalier", Form.BODYPACK),
    ("Panel", "Panel Lavalier", Form.BODYPACK),
    ("Lectern", "Lectern", Form.GOOSENECK),
    ("Sax", "Tenor Saxophone", Form.BODYPACK),
    ("Horns", "Horn Section", Form.BODYPACK),
    ("Reader", "Scripture Reader", Form.HANDHELD),
    ("Q&A 2", "Audience Q&A 2", Form.HANDHELD),
    ("Alto", "Choir Alto", Form.HANDHELD),
    ("Tenor", "Choir Tenor", Form.HANDHELD),
    ("Piano", "Piano Player", Form.BODYPACK),
    ("Spare HH", "Spare Handheld", Form.HANDHELD),
    ("Drums", "Drummer", Form.BODYPACK),
    ("Soprano", "Choir Soprano", Form.HANDHELD),
    ("Baritone", "Choir Baritone", Form.HANDHELD),
    ("Cello", "Cello", Form.BODYPACK),
    ("Flute", "Flute", Form.BODYPACK),
    ("Dancer", "Dance Captain", Form.BODYPACK),
    ("Foyer", "Foyer Announcer", Form.HANDHELD),
    ("Chapel", "Chapel Lectern", Form.GOOSENECK),
)

RECHARGEABLE = "LION"
ALKALINE = "ALKA"
ALKALINE_SHARE = 0.2
FORGOTTEN_SHARE = 0.06
FORGOTTEN_RESERVE = 0.02
RESERVE = {RECHARGEABLE: 0.2, ALKALINE: 0.42}  # both still "fair" when the crew comes
SWAP_SECONDS = 90
CALCULATING_SECONDS = 120

OFF_SECONDS = 600
OFF_SHARE = 0.05
MUTED_SECONDS = 240
MUTED_SHARE = 0.12
SPEAKING_SHARE = 0.7

TROUBLE_SECONDS = 150
TROUBLE_LASTS = 125
CHANNELS_PER_TROUBLE = 20

STORM_SECONDS = 90
STORM_SHARE = 0.6
STORM_LASTS = 75

SCANNED_SHARE = 0.6
GROUPS = 6

FADED_DBM = -93
DROPPED_DBM = -113
NOISE_DBM = -107
SILENT_DBFS = -100
CLIPPED_DBFS = -2
OVERLOAD_DBFS = -1
PEAK_OVER_RMS_DB = 6

BEHIND_DB = 3  # how much less the second pair of antennas hears, at the back of the stage

# The receivers' own rule of thumb for five bars, and what each bar stands for when only bars are given.
BARS_FROM_PERCENT = (4, 15, 40, 60, 80)
PERCENT_OF_BARS = (2, 10, 28, 50, 70, 100)
QUALITY_FROM_DBM = (-98, -94, -89, -82, -74)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the show is: seconds since it began, and seconds that its packs have drained (the faster clock)."""

    second: int
    drained: int


class Kind(IntEnum):
    """What a trouble is."""

    FADE = auto()
    DROPOUT = auto()
    INTERFERENCE = auto()
    CLIPPING = auto()
    ENCRYPTION = auto()


STORM_KINDS = (Kind.INTERFERENCE,) * 6 + (Kind.FADE,) * 3 + (Kind.DROPOUT,)
KINDS = (
    (Kind.FADE,) * 7
    + (Kind.INTERFERENCE,) * 4
    + (Kind.CLIPPING,) * 5
    + (Kind.DROPOUT,) * 3
    + (Kind.ENCRYPTION,)
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`strength` rises from 0 to 1 and falls back to 0 while it lasts."""

    kind: Kind
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Microphone:
    """One channel and what it keeps for the whole show. `place` counts the channels of the show from 0."""

    seed: int
    place: int
    number: int
    form: Form
    has_mute_switch: bool
    name: str
    transmitter: str
    frequency_khz: int
    group_channel: str | None
    battery_type: str
    runtime_minutes: int
    reserve: float
    phase: float
    health_percent: int
    cycles: int
    celsius: int
    gain_db: int


class _Dice(IntEnum):
    """What a draw is for, so that no two questions get the same answer."""

    PACK = auto()
    FORGOTTEN = auto()
    PHASE = auto()
    RUNTIME = auto()
    WEAR = auto()
    OFF = auto()
    MUTED = auto()
    SPEECH = auto()
    LEVEL = auto()
    ANTENNA_A = auto()
    ANTENNA_B = auto()
    VICTIM = auto()
    KIND = auto()
    SCAN = auto()
    STORM = auto()


def draw(*keys: int) -> float:
    """Return a number in [0, 1) that depends on the keys alone, the same on every machine and Python."""
    mixed = 0
    for key in keys:
        mixed = ((mixed ^ key) + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 29
    mixed = mixed * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ mixed >> 32) / 2**64


def microphone(*, seed: int, place: int, number: int, of: int, radio: Radio) -> Microphone:
    """Cast the microphone of one channel: the `number`th `of` its receiver, at `place` in the whole show.

    The channels of one receiver get packs a part of a cycle apart, and levels and numbers that differ. Where
    somebody scanned for a group, they follow each other in it.
    """
    short, long, form = PARTS[place % len(PARTS)]
    battery_type = ALKALINE if draw(seed, place, _Dice.PACK) < ALKALINE_SHARE else RECHARGEABLE
    forgotten = draw(seed, place, _Dice.FORGOTTEN) < FORGOTTEN_SHARE
    receiver_phase = draw(seed, place - number, _Dice.PHASE)
    wear = int(draw(seed, place - number, _Dice.WEAR) * 100)
    return Microphone(
        seed=seed,
        place=place,
        number=number,
        form=form,
        has_mute_switch=form in radio.mute_switches,
        name=_numbered(
            short if radio.name_width < len(long) else long, place // len(PARTS), radio.name_width
        ),
        transmitter=radio.transmitters[form],
        frequency_khz=radio.band_khz[(place * 7 + seed) % len(radio.band_khz)],
        group_channel=_preset(seed, place, number, radio),
        battery_type=battery_type,
        runtime_minutes=radio.runtime_minutes - int(draw(seed, place, _Dice.RUNTIME) * 60),
        reserve=FORGOTTEN_RESERVE if forgotten else RESERVE[battery_type],
        phase=(receiver_phase + number / of) % 1,
        health_percent=100 - wear % 12 - 3 * number % 13,
        cycles=10 + wear + 37 * number,
        celsius=22 + wear % 5 + 2 * number,
        gain_db=6 + wear % 4 + 3 * number,
    )


def _preset(seed: int, place: int, number: int, radio: Radio) -> str | None:
    scanned = draw(seed, place - number, _Dice.SCAN)
    if scanned >= SCANNED_SHARE:
        return None
    return radio.preset.format(group=1 + int(scanned / SCANNED_SHARE * GROUPS), channel=number)


def _numbered(name: str, lap: int, width: int) -> str:
    if lap == 0:
        return name
    number = str(lap + 1)
    return f"{name[: width - 1 - len(number)].rstrip()} {number}"


@lru_cache(maxsize=8)
def troubles(seed: int, cast: int, second: int) -> Mapping[int, Trouble]:
    """Return which of the `cast` channels are in trouble at this second, by their place."""
    slots = max(1, round(cast / CHANNELS_PER_TROUBLE))
    found = {}
    for slot in range(slots):
        act, into = divmod(second + slot * TROUBLE_SECONDS // slots, TROUBLE_SECONDS)
        if into < TROUBLE_LASTS:
            victim = int(draw(seed, slot, act, _Dice.VICTIM) * cast)
            kind = KINDS[int(draw(seed, slot, act, _Dice.KIND) * len(KINDS))]
            found[victim] = Trouble(kind, math.sin(math.pi * (into + 1) / (TROUBLE_LASTS + 1)))
    return MappingProxyType(found)


@lru_cache(maxsize=8)
def storm(seed: int, cast: int, second: int) -> Mapping[int, Trouble]:
    """Return the troubles of a band full of interference: most channels, each for a while and at its own time."""
    found = {}
    for place in range(cast):
        act, into = divmod(second + place * 31, STORM_SECONDS)
        if into < STORM_LASTS and draw(seed, place, act, _Dice.STORM) < STORM_SHARE:
            kind = STORM_KINDS[int(draw(seed, place, act, _Dice.KIND) * len(STORM_KINDS))]
            found[place] = Trouble(kind, math.sin(math.pi * (into + 1) / (STORM_LASTS + 1)))
    return MappingProxyType(found)


def peace(_seed: int, _cast: int, _second: int) -> Mapping[int, Trouble]:
    return MappingProxyType({})


def play(
    mic: Microphone,
    moment: Moment,
    trouble: Trouble | None,
    held: Mapping[str, Any] = MappingProxyType({}),
    *,
    antennas: int = 2,
    on_air: bool = True,
) -> ChannelReading:
    """Return the channel at this moment. A held field has the value it is held at; what hangs together follows.

    A held percentage moves minutes and bars along, and so on; a held level brings its antennas or its peak.
    While the transmitter is off nothing that comes from it is known, held or not; where nobody is `on_air` all are.
    """
    pack = _pack(mic, moment.drained)
    on = held.get("transmitter_on", on_air and pack.in_use and not _is_off(mic, moment.second))
    levels = _rf(mic, moment.second, trouble, held, on=on)[:antennas]
    rms, peak = _audio(mic, moment.second, trouble, held, on=on)
    values: dict[str, Any] = {
        "number": mic.number,
        "name": mic.name,
        "frequency_khz": mic.frequency_khz,
        "gain_db": mic.gain_db,
        "group_channel": mic.group_channel,
        "transmitter_on": on,
        **dict(zip(_ANTENNAS, levels, strict=False)),
        "rf_dbm": max((level for level in levels if level is not None), default=None),
        "interference": _strikes(trouble, Kind.INTERFERENCE),
        "encryption_ok": not _strikes(trouble, Kind.ENCRYPTION),
        "audio_dbfs": rms,
        "audio_peak_dbfs": peak,
        "overloaded": peak is not None and peak >= OVERLOAD_DBFS,
    }
    if on:
        values |= _battery(mic, pack, held)
        values["transmitter"] = mic.transmitter
        values["muted"] = _is_muted(mic, moment.second) if mic.has_mute_switch else None
        values["link_quality"] = _quality(values["rf_dbm"])
    unplayed = {"rf_dbm"} if on else {"rf_dbm", *_OF_THE_TRANSMITTER}  # the best antenna decides on rf_dbm
    values |= {name: value for name, value in held.items() if name not in unplayed}
    if values.get("battery_calculating"):
        values["battery_minutes"] = None
    return ChannelReading(**values)


_ANTENNAS = ("rf_a_dbm", "rf_b_dbm", "rf_c_dbm", "rf_d_dbm")
_OF_THE_TRANSMITTER = frozenset(
    {
        "transmitter",
        "muted",
        "link_quality",
        "battery_type",
        "battery_percent",
        "battery_minutes",
        "battery_bars",
        "battery_calculating",
        "battery_health_percent",
        "battery_cycles",
        "battery_celsius",
    }
)


# Packs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pack:
    left: float
    in_use: bool
    fresh: bool


def _pack(mic: Microphone, drained: int) -> _Pack:
    """Return the pack now: one cycle is a swap, then draining from full to the reserve."""
    full_seconds = mic.runtime_minutes * 60
    cycle = SWAP_SECONDS + round(full_seconds * (1 - mic.reserve))
    into = (drained + round(mic.phase * cycle)) % cycle - SWAP_SECONDS
    return _Pack(
        left=1 - max(into, 0) / full_seconds, in_use=into >= 0, fresh=0 <= into < CALCULATING_SECONDS
    )


def _battery(mic: Microphone, pack: _Pack, held: Mapping[str, Any]) -> dict[str, Any]:
    battery_type = held.get("battery_type", mic.battery_type)
    held_percent = _held_percent(mic, held)
    left = pack.left if held_percent is None else held_percent / 100
    percent = round(left * 100)
    bars = sum(percent >= step for step in BARS_FROM_PERCENT)
    if battery_type != RECHARGEABLE:
        return {"battery_type": battery_type, "battery_bars": bars}
    return {
        "battery_type": battery_type,
        "battery_bars": bars,
        "battery_percent": percent,
        "battery_minutes": int(mic.runtime_minutes * left),
        "battery_calculating": pack.fresh and "battery_minutes" not in held,
        "battery_health_percent": mic.health_percent,
        "battery_cycles": mic.cycles,
        "battery_celsius": mic.celsius,
    }


def _held_percent(mic: Microphone, held: Mapping[str, Any]) -> int | None:
    if (percent := held.get("battery_percent")) is not None:
        return int(percent)
    if (left := held.get("battery_minutes")) is not None:
        return min(100, round(int(left) * 100 / mic.runtime_minutes))
    if (bars := held.get("battery_bars")) is not None:
        return PERCENT_OF_BARS[bars]
    return None


# Radio ------------------------------------------------------------------------------------------------


def _rf(
    mic: Microphone, second: int, trouble: Trouble | None, held: Mapping[str, Any], *, on: bool
) -> tuple[int | None, ...]:
    """Return what each of four antennas hears; a receiver may have fewer."""
    if "rf_dbm" in held:
        level = held["rf_dbm"]
        a, b = level, None if level is None else level - 4
    else:
        a, b = _played_rf(mic, second, trouble, on=on)
    front = held.get("rf_a_dbm", a), held.get("rf_b_dbm", b)
    c, d = (None if level is None else level - BEHIND_DB for level in front)
    return (*front, held.get("rf_c_dbm", c), held.get("rf_d_dbm", d))


def _played_rf(mic: Microphone, second: int, trouble: Trouble | None, *, on: bool) -> tuple[int, int]:
    best = -36 - 6 * mic.number if on else NOISE_DBM
    if on and trouble is not None and trouble.kind in _TARGET_DBM:
        best = round(best + (_TARGET_DBM[trouble.kind] - best) * trouble.strength)
    # Somebody walks: now one antenna sees the transmitter well, now the other.
    sway = round(7 * math.sin(second / 23 + mic.place))
    a = best - max(0, sway) + int(draw(mic.seed, mic.place, second, _Dice.ANTENNA_A) * 3) - 1
    b = best + min(0, sway) + int(draw(mic.seed, mic.place, second, _Dice.ANTENNA_B) * 3) - 1
    return a, b


_TARGET_DBM = {Kind.FADE: FADED_DBM, Kind.DROPOUT: DROPPED_DBM}


def _quality(level: int | None) -> int | None:
    return None if level is None else sum(level >= step for step in QUALITY_FROM_DBM)


def _strikes(trouble: Trouble | None, kind: Kind) -> bool:
    return trouble is not None and trouble.kind is kind


# Sound and switches -----------------------------------------------------------------------------------


def _audio(
    mic: Microphone, second: int, trouble: Trouble | None, held: Mapping[str, Any], *, on: bool
) -> tuple[int | None, int | None]:
    """Return RMS and peak."""
    if "audio_dbfs" in held:
        rms = held["audio_dbfs"]
    elif "audio_peak_dbfs" in held and held["audio_peak_dbfs"] is not None:
        rms = held["audio_peak_dbfs"] - PEAK_OVER_RMS_DB
    elif not on:
        rms = SILENT_DBFS
    elif held.get("muted", mic.has_mute_switch and _is_muted(mic, second)):
        rms = -45 - mic.number
    elif _strikes(trouble, Kind.CLIPPING):
        rms = CLIPPED_DBFS
    elif draw(mic.seed, mic.place, second // (7 + mic.place % 5), _Dice.SPEECH) < SPEAKING_SHARE:
        rms = -13 - 4 * mic.number + int(draw(mic.seed, mic.place, second, _Dice.LEVEL) * 3)
    else:
        rms = -45 - mic.number
    return rms, None if rms is None else min(0, rms + PEAK_OVER_RMS_DB)


def _is_off(mic: Microphone, second: int) -> bool:
    spell = (second + mic.place * 97) // OFF_SECONDS
    return draw(mic.seed, mic.place, spell, _Dice.OFF) < OFF_SHARE


def _is_muted(mic: Microphone, second: int) -> bool:
    spell = (second + mic.place * 61) // MUTED_SECONDS
    return draw(mic.seed, mic.place, spell, _Dice.MUTED) < MUTED_SHARE
