"""A receiver on TCP 2202: GET, SET METER_RATE, and SAMPLE frames while a meter is on."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from time import monotonic

from core.domain.reading import ChannelReading
from pollers.simulator.connections import READ_LIMIT, Connection
from pollers.simulator.counts import Counts
from pollers.simulator.faults import Fault
from pollers.simulator.rack import Rack
from pollers.simulator.receiver import Receiver

PORT = 2202
REFUSED = "< REP ERR >"
EVERY_CHANNEL = 0
LEAST_METER_MS = 100
METER_DIGITS = 5
UNKNOWN, UNHEARD = "unknown", "unheard"
UNDELIVERED = (
    64  # answers that wait for a line that drips; what comes after them is not read, and not sampled
)


class Frames:
    """What a receiver says now, as frames. A dump is kept for as long as it would come out the same."""

    def __init__(self, rack: Rack, receiver: Receiver) -> None:
        self.receiver = receiver
        self._rack = rack
        self._dumped: dict[int, tuple[ChannelReading, list[str]]] = {}

    @property
    def channels(self) -> range:
        return range(1, len(self.receiver.players) + 1)

    @property
    def metered(self) -> bool:
        return self.receiver.family.sample is not None

    def device(self, name: str | None = None) -> list[str]:
        """Return one property of the device, or all; nothing when the family has no such property."""
        plate = self.receiver.plate
        properties = self.receiver.family.device
        return [f"< REP {key} {text(plate)} >" for key, text in properties.items() if name in {None, key}]

    def dump(self, number: int) -> list[str]:
        reading = self._reading(number)
        dumped = self._dumped.get(number)
        if dumped is None or dumped[0] is not reading:
            family = self.receiver.family
            dumped = (
                reading,
                [
                    f"< REP {number} {name} {text(reading)} >"
                    for name, text in family.channel.items()
                    if name not in family.by_name
                ],
            )
            self._dumped[number] = dumped
        return dumped[1]

    def channel(self, number: int, wanted: str) -> list[str]:
        """Return the frames of one property; one that is kept by antenna or slot comes for each of them."""
        reading = self._reading(number)
        return [
            f"< REP {number} {name} {text(reading)} >"
            for name, text in self.receiver.family.channel.items()
            if name == wanted or name.startswith(f"{wanted} ")
        ]

    def sample(self, number: int) -> str:
        sample = self.receiver.family.sample
        assert sample is not None, "only what has meters is sampled"  # noqa: S101
        return f"< SAMPLE {number} ALL {sample(self._reading(number))} >"

    def _reading(self, number: int) -> ChannelReading:
        return self._rack.readings(self.receiver, monotonic())[number - 1]


class Session:
    """One connection to a receiver, with the meters that it switched on.

    What comes is heard at once, however slowly the answers go out.
    """

    def __init__(
        self, frames: Frames, counts: Counts, connection: Connection, fault: Callable[[], Fault | None]
    ) -> None:
        self._frames = frames
        self._counts = counts
        self._connection = connection
        self._fault = fault
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue(UNDELIVERED)
        self._rates: dict[int, int] = {}
        self._meters: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        sessions = self._counts.sessions(self._frames.receiver.source_id)
        sessions.opens(self._connection)
        try:
            if fault := self._fault():
                fault.meet()
            await self._converse()
        finally:
            sessions.closes(self._connection)
            sessions.left_metering += any(self._rates.values())
            self._stop_meters()

    async def _converse(self) -> None:
        hearing, speaking = asyncio.create_task(self._hear()), asyncio.create_task(self._speak())
        try:
            await asyncio.wait({hearing, speaking}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                hearing.result()
                await speaking
            else:
                speaking.result()
        finally:
            hearing.cancel()
            speaking.cancel()
            await asyncio.gather(hearing, speaking, return_exceptions=True)

    async def _hear(self) -> None:
        """Answer what comes, frames split and joined as they are; what stands between frames is passed over."""
        waiting = b""
        while data := await self._connection.reader.read(READ_LIMIT):
            *commands, waiting = (waiting + data).split(b">")
            if len(waiting) > READ_LIMIT:
                break
            answers = [answer for command in commands for answer in self.answer(command.decode("latin-1"))]
            if answers:
                await self._outbox.put("".join(answers))
        self._stop_meters()
        await self._outbox.put(None)

    async def _speak(self) -> None:
        while (frames := await self._outbox.get()) is not None:
            await self._connection.send(_encoded(frames), self._fault())

    def answer(self, command: str) -> list[str]:
        """Return the frames that answer one command, which comes without its closing bracket."""
        _, bracket, inside = command.rpartition("<")
        if not bracket:
            return []
        if not self._frames.receiver.controllers_allowed:
            self._counts.commands[UNHEARD] += 1
            return []
        answers, counted = self._answered(inside.split())
        self._counts.commands[counted if answers else UNKNOWN] += 1
        return answers or ([REFUSED] if self._frames.receiver.family.refuses else [])

    def _answered(self, words: list[str]) -> tuple[list[str], str]:
        """Return the frames, none when the receiver does not know the command, and what to count it as."""
        match words:
            case ["GET", channel, "ALL"] if self._names(channel):
                return [*self._device(), *self._dumps(int(channel))], "GET ALL"
            case ["GET", channel, name, *index] if self._names(channel):
                return self._properties(int(channel), " ".join([name, *index])), f"GET {name}"
            case ["SET", channel, "METER_RATE", rate] if self._names(channel) and self._frames.metered:
                return self._set_meter_rate(int(channel), rate), "SET METER_RATE"
            case ["GET", name]:
                return self._frames.device(name), f"GET {name}"
        return [], UNKNOWN

    def _names(self, channel: str) -> bool:
        if not channel.isdecimal():
            return False
        every = int(channel) == EVERY_CHANNEL and self._frames.receiver.family.indexed_from_0
        return every or int(channel) in self._frames.channels

    def _numbers(self, channel: int) -> Iterator[int]:
        yield from self._frames.channels if channel == EVERY_CHANNEL else (channel,)

    def _device(self) -> list[str]:
        return self._frames.device() if self._frames.receiver.family.indexed_from_0 else []

    def _dumps(self, channel: int) -> Iterator[str]:
        for number in self._numbers(channel):
            if self._frames.metered:
                yield self._meter_rate(number)
            yield from self._frames.dump(number)

    def _properties(self, channel: int, wanted: str) -> list[str]:
        if wanted == "METER_RATE" and self._frames.metered:
            return [self._meter_rate(number) for number in self._numbers(channel)]
        return [frame for number in self._numbers(channel) for frame in self._frames.channel(number, wanted)]

    def _meter_rate(self, number: int) -> str:
        return f"< REP {number} METER_RATE {self._rates.get(number, 0):05d} >"

    def _set_meter_rate(self, channel: int, rate: str) -> list[str]:
        if not rate.isdecimal() or len(rate) > METER_DIGITS or 0 < int(rate) < LEAST_METER_MS:
            return []
        for number in self._numbers(channel):
            self._rates[number] = int(rate)
            if running := self._meters.pop(number, None):
                running.cancel()
            if int(rate):
                self._meters[number] = asyncio.create_task(self._meter(number, int(rate) / 1000))
        return [self._meter_rate(number) for number in self._numbers(channel)]

    async def _meter(self, number: int, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            with contextlib.suppress(asyncio.QueueFull):
                self._outbox.put_nowait(self._frames.sample(number))

    def _stop_meters(self) -> None:
        for meter in self._meters.values():
            meter.cancel()


def _encoded(frames: str) -> bytes:
    return frames.encode(
        "ascii", "replace"
    )  # a device's name may have come through the System API in any script
