"""The receivers that are played: what they read now, and which values somebody holds.

All of it belongs to one event loop; nothing here locks.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from core.domain.reading import ChannelReading, DeviceState, ReceiverReading
from pollers.simulator import charging, portable, server_words, show
from pollers.simulator.clock import Clock
from pollers.simulator.families import BY_MODEL, CHARGERS, QUADVERSITY_MODELS, SLX_D, Family
from pollers.simulator.listing import listed
from pollers.simulator.receiver import Player, Receiver
from pollers.simulator.scenarios import SHOW, Scenario
from pollers.simulator.truth import ChannelTruth, ReceiverTruth, Truth
from pollers.simulator.values import Unknown, Unplayable, check_channel, checked_device, expect

FIRST_MAC = 0x4C009A
FIRST_SERIAL = 4_192_630_196
LONGEST_ID = 255


class Rack:
    """The receivers by their ids, in the order in which they came.

    `inventory_version` rises with whatever the System API lists, `changes` with every change from outside.
    """

    def __init__(
        self, *, seed: int, network: ipaddress.IPv4Network, clock: Clock, scenario: Scenario = SHOW
    ) -> None:
        self.seed = seed
        self.network = network
        self.clock = clock
        self.receivers: dict[str, Receiver] = {}
        self.changes = 0
        self.inventory_version = 0
        self._scenario = scenario
        self._added = 0
        self._microphones = self._bays = self._units = 0
        self._cast = 0
        self._read: dict[str, tuple[show.Moment, tuple[ChannelReading, ...]]] = {}

    @property
    def scenario(self) -> Scenario:
        return self._scenario

    @scenario.setter
    def scenario(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._read.clear()

    def add(
        self,
        model: str,
        *,
        name: str | None = None,
        source_id: str | None = None,
        state: DeviceState = DeviceState.ONLINE,
    ) -> Receiver:
        """Put one more receiver in: the next id, address and place of the show. No address comes twice."""
        expect(model in BY_MODEL, f"{model} is not played; what is: {', '.join(BY_MODEL)}")
        index = self._next_index()
        family = BY_MODEL[model]
        mac = (FIRST_MAC + self.seed * 0x10001 + index) & 0xFFFFFF
        receiver = Receiver(
            source_id=self._free_id(source_id or _id_of(mac)),
            model=model,
            serial=str(FIRST_SERIAL + index + self.seed % 10_000 * 10_000),
            mac=f"00:0E:DD:{mac >> 16:02X}:{mac >> 8 & 0xFF:02X}:{mac & 0xFF:02X}",
            address=str(self.network[index + 1]),
            name=f"{family.plate} {index + 1:03d}" if name is None else name,
            players=self._players(family, family.models[model]),
            firmware=family.firmware,
            capabilities=family.capabilities,
            state=DeviceState(state),
            listening=family.speaks,
        )
        self._added += 1
        self.receivers[receiver.source_id.casefold()] = receiver
        self._inventory_changed()
        return receiver

    def open_curtain(self) -> None:
        """Fix the cast among whom the show hands out its troubles; receivers that come later have none."""
        self._cast = self._microphones

    def remove(self, source_id: str) -> Receiver:
        receiver = self.find(source_id)
        del self.receivers[receiver.source_id.casefold()]
        self._read.pop(receiver.serial, None)
        self._inventory_changed()
        return receiver

    def find(self, source_id: str) -> Receiver:
        try:
            return self.receivers[source_id.casefold()]
        except KeyError:
            raise Unknown(f"no receiver {source_id}") from None

    def of_serial(self, serial: str) -> Receiver:
        """Return the receiver that has this serial now, whatever its id is."""
        for receiver in self.receivers.values():
            if receiver.serial == serial:
                return receiver
        raise Unknown(f"no receiver with the serial {serial}")

    def swap(self, one: Receiver, other: Receiver, *, told: bool) -> None:
        """Let two receivers have each other's address; `told` is whether their server knows."""
        for receiver, address in ((one, other.address), (other, one.address)):
            receiver.listed_address = None if told else receiver.listed_address or receiver.address
            receiver.address = address
        self._inventory_changed()

    def move(self, receiver: Receiver, *, address: str | None = None, told: bool = True) -> None:
        """Give a receiver this address, or one that nobody had; `told` is whether its server knows."""
        if address is None:
            address = str(self.network[self._next_index() + 1])
            self._added += 1
        receiver.listed_address = None if told else receiver.listed_address or receiver.address
        receiver.address = address
        self._inventory_changed()

    def replace(self, receiver: Receiver, source_id: str | None = None) -> None:
        """Let the receiver be another piece with the same serial: under this id, or one that nobody had."""
        if source_id is None:
            mac = (FIRST_MAC + self.seed * 0x10001 + self._next_index()) & 0xFFFFFF
            self._added += 1
            source_id = _id_of(mac)
        old, receiver.source_id = receiver.source_id, self._free_id(source_id)
        self.receivers = {
            (receiver.source_id.casefold() if key == old.casefold() else key): each
            for key, each in self.receivers.items()
        }
        self._inventory_changed()

    def readings(self, receiver: Receiver, now: float) -> tuple[ChannelReading, ...]:
        """Return each channel as the receiver's own meters show it now."""
        moment = self.scenario.moment(self.clock.at(now))
        read = self._read.get(receiver.serial)
        if read is not None and read[0] == moment:
            return read[1]
        readings = tuple(
            receiver.family.shown(self._play(receiver, player, moment, held))
            for player, held in zip(receiver.players, receiver.held, strict=True)
        )
        self._read[receiver.serial] = moment, readings
        return readings

    def hold(self, source_id: str, channel: int, values: Mapping[str, Any]) -> None:
        """Hold these fields of one channel: all of them, or none when one cannot be said."""
        receiver, at = self._channel(source_id, channel)
        check_channel(receiver.family, values)
        receiver.held[at].update(values)
        self._channel_changed(receiver, at)

    def release(self, source_id: str, channel: int, names: Iterable[str] = ()) -> None:
        """Give these fields of one channel back to the show; none named means all."""
        receiver, at = self._channel(source_id, channel)
        for name in tuple(names) or tuple(receiver.held[at]):
            receiver.held[at].pop(name, None)
        self._channel_changed(receiver, at)

    def patch(self, source_id: str, values: Mapping[str, Any]) -> Receiver:
        """Change the receiver itself. Opening or closing its socket is the caller's part."""
        receiver = self.find(source_id)
        checked = checked_device(values)
        _expect_to_fit(receiver, checked)
        for name, value in checked.items():
            setattr(receiver, name, value)
        self._read.pop(receiver.serial, None)
        self._inventory_changed()
        return receiver

    def truth(self, now: float, source_id: str | None = None) -> Truth:
        """Return the truth of one receiver, or of all."""
        chosen = self.receivers.values() if source_id is None else [self.find(source_id)]
        return Truth(
            second=self.clock.at(now).second,
            changes=self.changes,
            receivers=tuple(self._receiver_truth(receiver, now) for receiver in chosen),
        )

    def _receiver_truth(self, receiver: Receiver, now: float) -> ReceiverTruth:
        readings = self.readings(receiver, now)
        told = tuple(map(receiver.family.told, readings))
        return ReceiverTruth(
            source_id=receiver.source_id,
            model=receiver.model,
            serial=receiver.serial,
            firmware=receiver.firmware,
            address=receiver.address,
            name=receiver.name,
            state=receiver.state,
            listening=receiver.listening,
            capabilities=receiver.capabilities,
            listed=listed(receiver),
            heard=_heard(receiver, told) if receiver.family.speaks else None,
            served=server_words.told(readings[0], receiver.known_capabilities, receiver.channel_capabilities),
            channels=tuple(
                ChannelTruth(
                    reading=heard,
                    raw=_raw(receiver.family, reading),
                    held=tuple(sorted(held)),
                    changes=changes,
                )
                for heard, reading, held, changes in zip(
                    told, readings, receiver.held, receiver.changes, strict=True
                )
            ),
        )

    def _play(
        self, receiver: Receiver, player: Player, moment: show.Moment, held: Mapping[str, Any]
    ) -> ChannelReading:
        scenario = self.scenario
        match player:
            case charging.Bay():
                return charging.play(player, moment, held, night=scenario.night)
            case portable.Unit():
                return portable.play(player, moment, held, on_air=scenario.on_air)
        radio = receiver.family.radio
        return show.play(
            player,
            moment,
            scenario.troubles(self.seed, self._cast, moment.second).get(player.place),
            held,
            antennas=2 if radio is None else radio.antennas,
            on_air=scenario.on_air,
        )

    def _players(self, family: Family, count: int) -> tuple[Player, ...]:
        if family is CHARGERS:
            first, self._bays = self._bays, self._bays + count
            return tuple(charging.Bay(seed=self.seed, place=first + at, number=at + 1) for at in range(count))
        if family.radio is None:
            first, self._units = self._units, self._units + count
            return tuple(
                portable.Unit(seed=self.seed, place=first + at, number=at + 1) for at in range(count)
            )
        first, self._microphones = self._microphones, self._microphones + count
        return tuple(
            show.microphone(seed=self.seed, place=first + at, number=at + 1, of=count, radio=family.radio)
            for at in range(count)
        )

    def _next_index(self) -> int:
        index = self._added
        # The last host address claims the network.
        expect(
            index + 1 < self.network.num_addresses - 2,
            f"{self.network} has no address left for receiver {index + 1}: choose a larger network",
        )
        return index

    def _free_id(self, source_id: str) -> str:
        expect(0 < len(source_id) <= LONGEST_ID, f"an id has 1 to {LONGEST_ID} characters")
        expect(source_id.casefold() not in self.receivers, f"there is a receiver {source_id}")
        return source_id

    def _channel(self, source_id: str, channel: int) -> tuple[Receiver, int]:
        receiver = self.find(source_id)
        if not 1 <= channel <= len(receiver.held):
            raise Unknown(f"{receiver.model} {receiver.source_id} has no channel {channel}")
        return receiver, channel - 1

    def _channel_changed(self, receiver: Receiver, at: int) -> None:
        receiver.changes[at] += 1
        self.changes += 1
        self._read.pop(receiver.serial, None)

    def _inventory_changed(self) -> None:
        self.changes += 1
        self.inventory_version += 1


def _id_of(mac: int) -> str:
    return f"dd{mac:06x}-0000-11dd-a000-000eddcccccc"


def _expect_to_fit(receiver: Receiver, values: Mapping[str, Any]) -> None:
    family = receiver.family
    if values.get("listening") and not family.speaks:
        raise Unplayable(f"{receiver.model} speaks no command strings: nothing listens on it")
    if values.get("answers_as") is not None and "MODEL" not in family.device:
        raise Unplayable(f"{receiver.model} tells no model that could be another")
    if "controllers_allowed" in values and family is not SLX_D:
        raise Unplayable(f"only {', '.join(SLX_D.models)} can keep controllers out")
    if "quadversity" in values and receiver.model not in QUADVERSITY_MODELS:
        raise Unplayable(f"only {', '.join(QUADVERSITY_MODELS)} has quadversity")


def _heard(receiver: Receiver, channels: tuple[ChannelReading, ...]) -> ReceiverReading:
    said = {name: text(receiver.plate) for name, text in receiver.family.device.items()}
    return ReceiverReading(
        name=_inner(said["DEVICE_ID"]),
        model=_inner(said["MODEL"]) if "MODEL" in said else None,
        firmware=_inner(said["FW_VER"]),
        channels=channels,
    )


def _inner(braced: str) -> str:
    """Return a padded string as it comes out of a wire that knows ASCII alone."""
    return braced.encode("ascii", "replace").decode().strip("{}").strip()


def _raw(family: Family, reading: ChannelReading) -> dict[str, str]:
    """Return the text of each property; the empty transmitter slots say nothing and are left out."""
    said = {name: text(reading) for name, text in family.channel.items() if not name.startswith("SLOT_")}
    return said if family.sample is None else {**said, "SAMPLE": family.sample(reading)}
