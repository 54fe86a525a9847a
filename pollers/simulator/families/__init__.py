"""The families of Shure devices that are played, each a table of facts in a module of its own.

The properties and their order are those of Shure's documents and of dumps that real devices gave. What no
reading holds (locks, tones, the empty transmitter slots) is there as a device in its delivery state says it,
because a client has to read past it.
"""

from types import MappingProxyType

from pollers.simulator.families.axient_digital import AXIENT_DIGITAL, QUADVERSITY, QUADVERSITY_MODELS
from pollers.simulator.families.chargers import CHARGERS
from pollers.simulator.families.family import Family, Form, Plate, Radio
from pollers.simulator.families.qlxd import QLX_D
from pollers.simulator.families.server_alone import SERVER_ALONE
from pollers.simulator.families.slxd import SLX_D
from pollers.simulator.families.ulxd import ULX_D

FAMILIES = (ULX_D, QLX_D, SLX_D, AXIENT_DIGITAL, CHARGERS, SERVER_ALONE)
BY_MODEL = MappingProxyType({model: family for family in FAMILIES for model in family.models})

__all__ = [
    "AXIENT_DIGITAL",
    "BY_MODEL",
    "CHARGERS",
    "FAMILIES",
    "QLX_D",
    "QUADVERSITY",
    "QUADVERSITY_MODELS",
    "SERVER_ALONE",
    "SLX_D",
    "ULX_D",
    "Family",
    "Form",
    "Plate",
    "Radio",
]
