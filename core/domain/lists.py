"""A server's device list against what is known of it: new, the same, replaced, missing; and whether to believe it."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.reading import DeviceReading

HELD_LISTS = 3  # a server on the wrong network lists nothing and says no error; somebody should look first


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device as it is kept; `missing` counts the lists in a row that lacked it."""

    id: int
    source_id: str
    serial: str
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a list says of the devices that are known; ids are compared without case."""

    new: Sequence[DeviceReading]
    same: Sequence[tuple[KnownDevice, DeviceReading]]
    replaced: Sequence[tuple[KnownDevice, DeviceReading]]
    missing: Sequence[KnownDevice]
    suspicious: bool


def compare(known: Sequence[KnownDevice], devices: Sequence[DeviceReading]) -> Comparison:
    """Return the difference. A device under a new id with the serial of one that is gone is that one, replaced."""
    by_id = {one.source_id.casefold(): one for one in known}
    listed = {device.source_id.casefold() for device in devices}
    gone = {one.serial: one for one in known if one.serial and one.source_id.casefold() not in listed}
    new: list[DeviceReading] = []
    same: list[tuple[KnownDevice, DeviceReading]] = []
    replaced: list[tuple[KnownDevice, DeviceReading]] = []
    for device in devices:
        if before := by_id.get(device.source_id.casefold()):
            same.append((before, device))
        elif before := gone.pop(device.serial or "", None):
            replaced.append((before, device))
        else:
            new.append(device)
    accounted = {one.id for one, _ in (*same, *replaced)}
    missing = [one for one in known if one.id not in accounted]
    return Comparison(
        new=new, same=same, replaced=replaced, missing=missing, suspicious=_shrank(known, missing)
    )


def _shrank(known: Sequence[KnownDevice], missing: Sequence[KnownDevice]) -> bool:
    """Say whether half or more of what the last list had is gone at once."""
    before = sum(not one.missing for one in known)
    now_gone = sum(not one.missing for one in missing)
    return now_gone > 0 and 2 * now_gone >= before
