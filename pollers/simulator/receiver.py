"""One device that is played: what it is, and which of its values somebody holds."""

from dataclasses import dataclass, field
from typing import Any

from core.domain.reading import DeviceState
from pollers.simulator import charging, portable, show
from pollers.simulator.families import AXIENT_DIGITAL, BY_MODEL, QUADVERSITY, Family, Plate
from pollers.simulator.families.capabilities import CHANNEL

Player = show.Microphone | charging.Bay | portable.Unit


@dataclass(slots=True, kw_only=True)
class Receiver:
    """One receiver, charger or device of another kind. `listening` is its TCP side, `state` what its server says.

    `listed_address` is where its server believes it to be, None where it knows. `answers_as` is the model that it
    claims to be on TCP, None for its own. `controllers_allowed` is the lock on an SLX-D's front panel. `held` and
    `changes` have an entry a channel: the fields that the show no longer moves, and how often somebody set or
    released one.
    """

    source_id: str
    model: str
    serial: str
    mac: str
    address: str
    name: str
    players: tuple[Player, ...]
    firmware: str
    capabilities: tuple[str, ...]
    state: DeviceState = DeviceState.ONLINE
    compatibility: str = "COMPATIBLE_LATEST"
    channel_capabilities: tuple[str, ...] = CHANNEL
    listening: bool = True
    listed_address: str | None = None
    answers_as: str | None = None
    controllers_allowed: bool = True
    quadversity: bool = False
    held: list[dict[str, Any]] = field(init=False)
    changes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.held = [{} for _ in self.players]
        self.changes = [0] * len(self.players)

    @property
    def family(self) -> Family:
        family = BY_MODEL[self.model]
        return QUADVERSITY if family is AXIENT_DIGITAL and self.quadversity else family

    @property
    def plate(self) -> Plate:
        return Plate(
            model=self.answers_as or self.model, name=self.name, firmware=self.firmware, mac=self.mac
        )

    @property
    def known_capabilities(self) -> tuple[str, ...]:
        """What its server knows it to be capable of."""
        return () if self.state is DeviceState.DISCOVERED else self.capabilities
