"""Brings upsets upon a stage and takes them back: afterwards everything is as it was before."""

from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from pollers.simulator.connections import Occupied
from pollers.simulator.faults import SERVER
from pollers.simulator.upsets import (
    Changed,
    Distorted,
    Moved,
    Replaced,
    Spoken,
    Struck,
    Swapped,
    Upset,
    Upsets,
)
from pollers.simulator.values import Unknown, Unplayable

if TYPE_CHECKING:
    from pollers.simulator.stage import Stage

Undo = Callable[[], Awaitable[None]]


class Upheaval:
    """What is upset now. A receiver that somebody took away meanwhile is left alone."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage
        self._undo: dict[Hashable, Undo] = {}

    async def follow(self, wanted: Upsets) -> None:
        """End what is no longer wanted, the last first, and begin what is new."""
        for key in [key for key in reversed(self._undo) if key not in wanted]:
            with suppress(Unknown, Unplayable, Occupied):
                await self._undo.pop(key)()
        for key, upset in wanted.items():
            if key not in self._undo:
                with suppress(Unknown, Unplayable, Occupied):
                    self._undo[key] = await self._begin(upset)

    async def _begin(self, upset: Upset) -> Undo:
        match upset:
            case Struck():
                return await self._strike(upset)
            case Spoken():
                return self._speak(upset)
            case Distorted():
                return self._distort(upset)
            case Changed():
                return await self._change(upset)
            case Swapped():
                return await self._swap(upset)
            case Moved():
                return await self._move(upset)
            case Replaced():
                return await self._replace(upset)

    async def _strike(self, upset: Struck) -> Undo:
        stage = self._stage
        at = SERVER if upset.path is None else upset.path
        if upset.serial is not None:
            source_id = stage.rack.of_serial(upset.serial).source_id
            at = source_id if upset.path is None else f"/devices/{quote(source_id, safe='')}{upset.path}"
        before = stage.fault_at(at)
        await stage.strike(at, upset.fault)

        async def undo() -> None:
            if before is None:
                await stage.heal(at)
            else:
                await stage.strike(at, before)

        return undo

    def _speak(self, upset: Spoken) -> Undo:
        stage, before = self._stage, self._stage.system_api.dialect
        stage.speak(**upset.changes)

        async def undo() -> None:
            stage.speak(**{name: getattr(before, name) for name in upset.changes})

        return undo

    def _distort(self, upset: Distorted) -> Undo:
        stage, before = self._stage, self._stage.system_api.oddities
        changes = dict(upset.changes)
        if upset.about is not None and upset.serial is not None:
            changes[upset.about] = stage.rack.of_serial(upset.serial).source_id
        stage.distort_list(**changes)

        async def undo() -> None:
            stage.distort_list(**{name: getattr(before, name) for name in changes})

        return undo

    async def _change(self, upset: Changed) -> Undo:
        stage, rack = self._stage, self._stage.rack
        receiver = rack.of_serial(upset.serial)
        before = {name: getattr(receiver, name) for name in upset.changes}
        await stage.patch(receiver.source_id, upset.changes)

        async def undo() -> None:
            await stage.patch(rack.of_serial(upset.serial).source_id, before)

        return undo

    async def _swap(self, upset: Swapped) -> Undo:
        stage, rack = self._stage, self._stage.rack
        one, other = rack.of_serial(upset.serial), rack.of_serial(upset.other)
        await stage.swap(one.source_id, other.source_id, told=upset.told)

        async def undo() -> None:
            await stage.swap(one.source_id, other.source_id)

        return undo

    async def _move(self, upset: Moved) -> Undo:
        stage, receiver = self._stage, self._stage.rack.of_serial(upset.serial)
        before = receiver.address
        await stage.move(receiver.source_id)

        async def undo() -> None:
            await stage.move(receiver.source_id, address=before)

        return undo

    async def _replace(self, upset: Replaced) -> Undo:
        stage, receiver = self._stage, self._stage.rack.of_serial(upset.serial)
        before = receiver.source_id
        await stage.replace(before, upset.source_id)

        async def undo() -> None:
            await stage.replace(receiver.source_id, before)

        return undo
