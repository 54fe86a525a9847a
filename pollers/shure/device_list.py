"""A device list as its pages come in: every device once, and what is odd about it."""

from core.domain.reading import Anomaly, DeviceReading
from pollers.shure import decode, readouts
from pollers.shure.errors import Malformed

MOST_ANOMALIES = 100  # enough to see what is wrong, too few to fill the memory with it


class DeviceList:
    def __init__(self) -> None:
        self.anomalies: list[Anomaly] = []
        self._devices: dict[str, DeviceReading] = {}  # by id without case
        self._seen = 0

    @property
    def devices(self) -> list[DeviceReading]:
        return list(self._devices.values())

    def take(self, page: decode.Page) -> bool:
        """Take in a page. False when no other is worth asking for: it is the last, or brought nothing new."""
        known, odd_before = len(self._devices), len(self.anomalies)
        for entry in page.entries:
            self._take_entry(entry)
            self._seen += 1
        if page.cut_off:
            self._note(None, "paging", "The server promises more devices and does not say where.")
        if page.more_after is None:
            return False
        if len(self._devices) > known:
            return True
        # Not for ever: a server may give the same page again behind each cursor.
        del self.anomalies[odd_before:]
        self._note(None, "paging", "The server promises more devices, but repeats those that it told.")
        return False

    def _take_entry(self, entry: object) -> None:
        try:
            device = decode.entry(entry)
        except Malformed as error:
            self._note(_claimed_id(entry), error.reason, error.detail)
            return
        if self._devices.setdefault(device.source_id.casefold(), device) is not device:
            self._note(device.source_id, "duplicate", "The server lists this id twice; the first one counts.")

    def _note(self, source_id: str | None, reason: str, detail: str) -> None:
        if len(self.anomalies) < MOST_ANOMALIES:
            self.anomalies.append(
                Anomaly(source_id=source_id, position=self._seen, reason=reason, detail=detail)
            )


def _claimed_id(entry: object) -> str | None:
    """Return the id that a bad entry gives itself, for people to find it by."""
    match entry:
        case {"node": {"hardwareIdentity": {"deviceId": str(told)}}} | {
            "hardwareIdentity": {"deviceId": str(told)}
        }:
            return readouts.storable(told)
        case _:
            return None
