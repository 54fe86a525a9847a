"""The scenarios by name: what the show is, whether it moves, and what goes wrong around it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pollers.simulator import charging, show, upsets
from pollers.simulator.show import Moment, Trouble
from pollers.simulator.values import Unknown

BEGINNING = Moment(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of evening; `sentence` says what an operator sees.

    `troubles` are those of the channels, `schedule` the upsets of receivers and server. Where it does not move, it
    is the first second for ever; where nobody is `on_air`, every transmitter is off.
    """

    name: str
    sentence: str
    troubles: Callable[[int, int, int], Mapping[int, Trouble]] = show.peace
    schedule: upsets.Schedule = upsets.none
    night: charging.Night = charging.EVENING
    moves: bool = True
    on_air: bool = True

    def moment(self, moment: Moment) -> Moment:
        return moment if self.moves else BEGINNING


SHOW = Scenario(
    name="show",
    sentence="an evening: packs drain and are changed, people speak and pause, one channel in twenty is in trouble",
    troubles=show.troubles,
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario(name="quiet", sentence="nothing moves at all, and nothing is wrong", moves=False),
            SHOW,
            Scenario(
                name="interference",
                sentence="a band full of trouble: most channels fade, drop out or are interfered with in turn",
                troubles=show.storm,
            ),
            Scenario(
                name="dead-rack",
                sentence="the first third of the receivers accepts connections and says nothing; the others are well",
                schedule=upsets.dead_rack,
            ),
            Scenario(
                name="charger-night",
                sentence="after the show: every transmitter is off, and the chargers are full of packs",
                night=charging.AFTER_THE_SHOW,
                on_air=False,
            ),
            Scenario(
                name="chaos",
                sentence="every fault now and then, at a quarter of the receivers at most and at times at the server; "
                "each ends by itself within half a minute",
                troubles=show.troubles,
                schedule=upsets.chaos,
            ),
        )
    }
)


def scenario_of(name: object) -> Scenario:
    if not isinstance(name, str) or name not in SCENARIOS:
        raise Unknown(f"there is no scenario {name}; what there is: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
