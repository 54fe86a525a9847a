"""How the evening goes: well, struck, healed, each until it has been seen."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.postgres.functions import TransactionNow

from core.domain.state import State
from core.models import Claim, Receiver, Server
from pollers import restraint
from pollers.inventory import take
from pollers.shure import transport
from realtime.board import Board
from realtime.snapshot import read_board
from realtime.windows import emit
from tests.contract import checked

from .cases import SPEAKING
from .evening import WHOLE_EVERY, Evening, Watched, judged, judged_lists, whole_of
from .journal import Seen
from .machine import Machine
from .played import House, Played, Presented, house
from .racks import Rack, be_well, racks, tell
from .running import Micboard

SPARED_S = 3  # the longest that a server is left alone here; a minute is too long for a test
LOST_AFTER = 3
LEAST_POLLS = 2
PATIENCE_S = 75.0  # the longest that a part of the evening may last


def spare_for_less(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(restraint, "REFUSED_FOR", timedelta(seconds=SPARED_S))
    patch.setattr(restraint, "OPEN_FOR", (timedelta(seconds=1), timedelta(seconds=SPARED_S)))


def play(data: Path) -> Evening:
    """Play the evening on an empty database whose commits are real, and return what was seen."""
    with ExitStack() as stack:
        stack.callback(transport.forget_connections)
        opened = stack.enter_context(house())
        standing = [
            (rack, stack.enter_context(_open(opened, rack.models, seed, data)))
            for seed, rack in enumerate(racks(), start=1)
        ]
        aside = stack.enter_context(_open(opened, [SPEAKING], 0, data))
        machine = stack.enter_context(Machine(aside.presented()))
        receivers = [watched for rack, played in standing for watched in _watched(rack, played, data)]
        _be_due(receivers)
        for watched in receivers:
            be_well(watched)
        emit()
        told = read_board()
        micboard = stack.enter_context(
            Micboard(
                {watched.id: (watched.played, watched.serial) for watched in receivers},
                {watched.server_id for watched in receivers},
            )
        )
        night = _Night(receivers, micboard, machine)
        began_well = _wait(lambda: all(night.is_well(each, 0) for each in receivers))

        struck_at = time.monotonic()
        for rack, played in standing:
            played.upset(rack.upsets(played.candidates()))
        for watched in receivers:
            tell(watched, 1)
        _be_whole_soon(receivers, 1)
        struck_by = time.monotonic()
        seen = _wait(lambda: all(night.has_been_struck_enough(each, struck_by) for each in receivers))

        healed_at = time.monotonic()
        for _, played in standing:
            played.upset({})
        for watched in receivers:
            tell(watched, 2)
        _be_whole_soon(receivers, 2)
        healed_by = time.monotonic()
        ended_well = _wait(lambda: all(night.is_well(each, healed_by) for each in receivers))
        stack.pop_all().close()
    _hear_the_end(told, micboard)
    return Evening(
        struck_at=struck_at,
        struck_by=struck_by,
        healed_at=healed_at,
        healed_by=healed_by,
        receivers=receivers,
        journal=micboard.journal,
        lists=micboard.lists,
        machine=machine,
        went_wrong=micboard.went_wrong,
        missing=Receiver.objects.filter(missing__gt=0).count(),
        told=told,
        kept=read_board(),
        is_whole=began_well and seen and ended_well,
    )


def _hear_the_end(told: Board, micboard: Micboard) -> None:
    for window in (*micboard.windows, *emit()):
        told.apply(checked(dict(window.frame)))


@dataclass(frozen=True, slots=True)
class _Night:
    """When enough was seen of a receiver."""

    receivers: Sequence[Watched]
    micboard: Micboard
    machine: Machine

    def is_well(self, watched: Watched, since: float) -> bool:
        polls = self._polls(watched, since)
        return bool(polls) and polls[-1].is_well and self._is_listed(watched, since, well=True)

    def has_been_struck_enough(self, watched: Watched, since: float) -> bool:
        polls = self._polls(watched, since)
        if not self._is_listed(watched, since) or len(polls) < LEAST_POLLS:
            return False
        if watched.is_lied_about and whole_of(polls) is None:
            return False
        if watched.expected.loses(watched.model):
            return len(polls) >= LOST_AFTER and (
                polls[-1].states == {State.OFFLINE} or not watched.is_lied_about
            )
        if watched.expected.heals or (watched.is_found_out_late and not watched.is_lied_about):
            return not (polls[-1].unlike or polls[-1].failures)
        return True

    def _polls(self, watched: Watched, since: float) -> list[Seen]:
        polls = [seen for seen in self.micboard.journal[watched.id] if seen.began >= since]
        return judged(watched, polls, self.machine)

    def _is_listed(self, watched: Watched, since: float, *, well: bool = False) -> bool:
        lists = [each for each in self.micboard.lists[watched.server_id] if each.began >= since]
        lists = judged_lists(watched, lists, self.machine)
        return bool(lists) and not (well and lists[-1].error)


@contextmanager
def _open(opened: House, models: Sequence[str], seed: int, data: Path) -> Iterator[Played]:
    played = opened(models, seed=seed, data=data)
    played.open()
    try:
        yield played
    finally:
        played.close()


def _watched(rack: Rack, played: Played, data: Path) -> Iterator[Watched]:
    server = _registered(played.presented(), data / "key-of-all")
    take(server)
    ids = dict(server.receivers.values_list("serial", "pk"))
    for candidate, (case, nth) in zip(played.candidates(), rack.places, strict=True):
        yield Watched(
            id=ids[candidate.serial],
            server_id=server.pk,
            case=case,
            nth=nth,
            model=candidate.model,
            played=played,
            serial=candidate.serial,
        )


def _registered(presented: Presented, key_file: Path) -> Server:
    key_file.write_text(presented.api_key + "\n")
    return Server.objects.create(
        name=presented.url,
        url=presented.url,
        key_reference=f"file:{key_file}",
        pins=[presented.fingerprint],
    )


def _be_due(receivers: Sequence[Watched]) -> None:
    for place, watched in enumerate(receivers):
        Receiver.objects.filter(pk=watched.id).update(interval_s=watched.interval_s)
        # Spread over the interval, as the polls of a fleet are.
        ago = timedelta(seconds=watched.interval_s * place / len(receivers))
        Claim.objects.filter(receiver=watched.id).update(slot_at=TransactionNow() - ago)


def _be_whole_soon(receivers: Sequence[Watched], nth: int) -> None:
    """Let the third poll from now ask for everything, where that is what finds out."""
    number = nth * WHOLE_EVERY - LOST_AFTER
    late = [watched.id for watched in receivers if watched.is_found_out_late]
    # A poll in flight brings nothing any more, and holds nobody up.
    Claim.objects.filter(receiver__in=late).update(claim_seq=number, started_seq=number, inflight_until=None)


def _wait(enough: Callable[[], bool]) -> bool:
    """Wait until enough was seen; what is missing after all that time is for the tests to say."""
    until = time.monotonic() + PATIENCE_S
    while not enough():
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)
    return True
