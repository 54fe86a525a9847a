"""Everything that the simulator can do wrong, each done to somebody.

The upsets come from the simulator's own registries, so that a new one there has no case here, and is missed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

from pollers.simulator import (
    Close,
    Drip,
    Fault,
    Html,
    Noise,
    NotModified,
    Scrambled,
    Shred,
    Status,
    Truncated,
)
from pollers.simulator.upsets import (
    RECEIVER_KINDS,
    SERVER_KINDS,
    Candidate,
    Candidates,
    Changed,
    Distorted,
    Moved,
    Replaced,
    Spoken,
    Struck,
    Swapped,
    Upset,
)

from .expected import ALONE, EXPECTED, NOTHING, Expected

SPEAKING, LOCKABLE = "ULXD4", "SLXD4"
METERED = "AD4D"  # and of another family than the others
SERVED = (SPEAKING, ALONE, SPEAKING)  # what stands behind a server of its own
IN_PIECES = {"cut", "drip", "shred", "glue", "slow"}  # faults of the line that let something of it come

ReceiverKind = Callable[[Candidate, Candidates], Upset | None]
ServerKind = Callable[[Candidate, Candidates], Upset]


def _entry(fault: Fault) -> ReceiverKind:
    return lambda one, _: Struck(fault=fault, serial=one.serial, path="")


def _server(fault: Fault) -> ServerKind:
    return lambda _one, _all: Struck(fault=fault)


# The faults at places where the simulator's own chaos does not put them.
MORE_OF_RECEIVERS = tuple(
    _entry(fault)
    for fault in (
        Status(status=400),
        Status(status=401),
        Status(status=403),
        Status(status=429),
        Close(),
        Noise(),
        Drip(ms=200),
        Shred(),
    )
)
MORE_OF_SERVERS = tuple(
    _server(fault) for fault in (Status(status=400), Html(), Truncated(), Scrambled(), NotModified())
)


def words(upset: Upset) -> str:
    """Return what an upset is called here, whomever it is about."""
    match upset:
        case Struck():
            return f"{_place(upset)}: {_fault(upset.fault)}"
        case Spoken(changes=changes):
            return f"dialect: {_changes(changes)}"
        case Distorted(about=None, changes=changes):
            return f"list: {_changes(changes)}".removesuffix(" True")
        case Distorted(about=about):
            return f"list: {about}"
        case Changed(changes=changes):
            return f"receiver: {_changes(changes)}"
        case Swapped(told=told):
            return f"receiver: swapped, {'told' if told else 'untold'}"
        case Moved():
            return "receiver: moved"
        case Replaced(source_id=None):
            return "receiver: replaced"
        case Replaced():
            return f"receiver: replaced by {str(upset.source_id).replace(upset.serial, '…')}"


def _place(struck: Struck) -> str:
    if struck.path is None:
        return "server" if struck.serial is None else "line"
    return struck.path or "entry"


def _fault(fault: Fault) -> str:
    values = [getattr(fault, field.name) for field in fields(fault)]
    return " ".join([fault.kind, *(str(value) for value in values if value is not None)])


def _changes(changes: Mapping[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in changes.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One upset of one receiver, or of a server and the receivers behind it.

    `models` are those that it is about, `upset` what `kind` makes for anybody.
    """

    kind: ReceiverKind
    upset: Upset
    models: tuple[str, ...]
    of_server: bool = False
    words: str

    @property
    def expected(self) -> Expected:
        return EXPECTED.get(self.words, NOTHING)

    @property
    def is_of_the_line(self) -> bool:
        return isinstance(self.upset, Struck) and self.upset.path is None and not self.of_server

    @property
    def name(self) -> str:
        return self.words if self.of_server else f"{self.words} ({self.models[0]})"


def is_of_entries(upset: Upset | None) -> bool:
    """Say whether it is about what a server tells of one device: each such one has a server, which is spared for it."""
    return isinstance(upset, Struck) and upset.path == ""


def _of_receivers() -> Iterator[Case]:
    partner = Candidate("partner", METERED)
    for kind in RECEIVER_KINDS:
        able = {model: kind(Candidate("victim", model), [partner]) for model in (SPEAKING, ALONE)}
        able = able if any(able.values()) else {LOCKABLE: kind(Candidate("victim", LOCKABLE), [partner])}
        for model, upset in able.items():
            if upset is not None and not is_of_entries(upset):
                for models in _affected(model, upset, partner.model):
                    yield Case(kind=kind, upset=upset, models=models, words=words(upset))


def _affected(model: str, upset: Upset, partner: str) -> Iterator[tuple[str, ...]]:
    """Yield the models of each case that an upset makes: what comes in pieces, meters come in too."""
    yield (model, partner) if isinstance(upset, Swapped) else (model,)
    if isinstance(upset, Struck) and upset.fault.kind in IN_PIECES:
        yield (METERED,)


def _of_servers() -> Iterator[Case]:
    candidates = [Candidate(str(at), model) for at, model in enumerate(SERVED)]
    for kind in (*SERVER_KINDS, *MORE_OF_SERVERS):
        upset = kind(candidates[0], candidates)
        models = SERVED if isinstance(upset, Distorted | Spoken) else SERVED[:2]
        yield Case(kind=kind, upset=upset, models=models, of_server=True, words=words(upset))
    for of_one in (*RECEIVER_KINDS, *MORE_OF_RECEIVERS):
        entry = of_one(candidates[0], candidates[1:])
        if entry is not None and is_of_entries(entry):
            # Of the other model it tells nothing that a server's own fault does not.
            yield Case(kind=of_one, upset=entry, models=(ALONE,), of_server=True, words=words(entry))


_SWAPPED_WITH_ITS_LIKE = Case(
    kind=lambda one, others: Swapped(one.serial, others[0].serial, told=False),
    upset=Swapped("victim", "partner", told=False),
    models=(SPEAKING, SPEAKING),
    words="receiver: swapped with its like, untold",
)
OF_RECEIVERS = (*_of_receivers(), _SWAPPED_WITH_ITS_LIKE)
OF_SERVERS = tuple(_of_servers())
CASES = OF_RECEIVERS + OF_SERVERS
