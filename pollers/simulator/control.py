"""The control endpoint: plain HTTP and JSON, so that a test in any language can direct the show."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from core.domain.reading import DeviceState
from pollers.simulator.connections import HOST, Connection, Listener, Occupied, open_port
from pollers.simulator.faults import SERVER, fault_of
from pollers.simulator.http import Request, Response, serve
from pollers.simulator.scenarios import scenario_of
from pollers.simulator.stage import Stage
from pollers.simulator.values import Unknown, Unplayable, expect

Body = Mapping[str, Any]
Verb = Callable[..., Awaitable[Any]]

_STATUS = {
    Unknown: HTTPStatus.NOT_FOUND,
    Unplayable: HTTPStatus.BAD_REQUEST,
    Occupied: HTTPStatus.CONFLICT,
}


class Created:
    """An answer that is 201."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


class Control:
    """Directs one stage; the package's docstring lists what it takes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._listener = Listener(self._converse)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.port}"

    async def open(self, port: int) -> None:
        await open_port(self._listener, port, "--control-port")

    async def close(self) -> None:
        await self._listener.close()

    async def _converse(self, connection: Connection) -> None:
        await serve(connection, self._answer)

    async def _answer(self, request: Request) -> Response:
        try:
            verb, named = _verb(request.method, request.segments)
            answer = await verb(self, _json(request), *named)
            status = HTTPStatus.CREATED if isinstance(answer, Created) else HTTPStatus.OK
        except (Unknown, Unplayable, Occupied) as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            answer = {"error": str(error)}
        told = answer.answer if isinstance(answer, Created) else answer
        # A reading's capabilities are a set.
        return Response(
            status=status, body=orjson.dumps(told, default=sorted, option=orjson.OPT_NON_STR_KEYS)
        )

    # The whole --------------------------------------------------------------------------------------------

    async def truth(self, _body: Body) -> Any:
        return self._stage.truth()

    async def truth_of(self, _body: Body, source_id: str) -> Any:
        return self._stage.truth(source_id).receivers[0]

    async def counts(self, _body: Body) -> Any:
        return await self._stage.tally()

    async def reset_counts(self, _body: Body) -> Any:
        self._stage.counts.reset()
        return self._stage.counts.told()

    async def show(self, _body: Body) -> Any:
        clock = self._stage.clock
        return {
            "second": self._stage.moment().second,
            "paused": clock.paused,
            "speed": clock.speed,
            "scenario": self._stage.rack.scenario.name,
        }

    async def turn(self, body: Body) -> Any:
        turned = _only(body, "paused", "speed", "skip", "scenario")
        if "scenario" in turned:
            turned["scenario"] = scenario_of(turned["scenario"])
        await self._stage.turn(**turned)
        return await self.show({})

    # The server -------------------------------------------------------------------------------------------

    async def dialect(self, _body: Body) -> Any:
        return self._stage.system_api.dialect

    async def speak(self, body: Body) -> Any:
        self._stage.speak(**body)
        return self._stage.system_api.dialect

    async def oddities(self, _body: Body) -> Any:
        return self._stage.system_api.oddities

    async def distort_list(self, body: Body) -> Any:
        self._stage.distort_list(**body)
        return self._stage.system_api.oddities

    async def faults(self, _body: Body) -> Any:
        return self._stage.faults.told()

    async def strike(self, body: Body) -> Any:
        settings = dict(body)
        at, kind = settings.pop("at", SERVER), settings.pop("kind", None)
        await self._stage.strike(_text("at", at), fault_of(kind, settings))
        return self._stage.faults.told()

    async def heal(self, body: Body) -> Any:
        at = _only(body, "at").get("at")
        await self._stage.heal(None if at is None else _text("at", at))
        return self._stage.faults.told()

    # Receivers --------------------------------------------------------------------------------------------

    async def add(self, body: Body) -> Any:
        settings = {"model": "", **_only(body, "model", "name", "source_id", "state")}
        for name in ("model", "name", "source_id"):
            if settings.get(name) is not None:
                _text(name, settings[name])
        state = settings.get("state", DeviceState.ONLINE)
        expect(state in set(DeviceState), f"state is one of {', '.join(DeviceState)}")
        return Created(await self.truth_of({}, await self._stage.add(**settings)))

    async def patch(self, body: Body, source_id: str) -> Any:
        await self._stage.patch(source_id, body)
        return await self.truth_of({}, source_id)

    async def remove(self, _body: Body, source_id: str) -> Any:
        await self._stage.remove(source_id)
        return {"removed": source_id}

    async def move(self, body: Body, source_id: str) -> Any:
        await self._stage.move(source_id, told=_told(_only(body, "told")))
        return await self.truth_of({}, source_id)

    async def swap(self, body: Body, source_id: str) -> Any:
        other = _text("with", _only(body, "with", "told").get("with"))
        await self._stage.swap(source_id, other, told=_told(body))
        return await self.truth_of({}, source_id)

    async def replace(self, body: Body, source_id: str) -> Any:
        new_id = _only(body, "source_id").get("source_id")
        replaced = await self._stage.replace(
            source_id, None if new_id is None else _text("source_id", new_id)
        )
        return Created(await self.truth_of({}, replaced))

    async def hold(self, body: Body, source_id: str, number: str) -> Any:
        self._stage.hold(source_id, _number(number), body)
        return await self.truth_of({}, source_id)

    async def release(self, body: Body, source_id: str, number: str) -> Any:
        names = _only(body, "fields").get("fields", [])
        expect(
            isinstance(names, list) and all(isinstance(name, str) for name in names),
            "fields is a list of words",
        )
        self._stage.release(source_id, _number(number), names)
        return await self.truth_of({}, source_id)


# {} stands for a name of any kind, which the verb gets behind the body.
_VERBS: Mapping[tuple[str, str], Verb] = {
    ("GET", "truth"): Control.truth,
    ("GET", "truth/{}"): Control.truth_of,
    ("GET", "counts"): Control.counts,
    ("POST", "counts/reset"): Control.reset_counts,
    ("GET", "show"): Control.show,
    ("POST", "show"): Control.turn,
    ("GET", "dialect"): Control.dialect,
    ("PATCH", "dialect"): Control.speak,
    ("GET", "list"): Control.oddities,
    ("PATCH", "list"): Control.distort_list,
    ("GET", "faults"): Control.faults,
    ("PUT", "faults"): Control.strike,
    ("DELETE", "faults"): Control.heal,
    ("POST", "receivers"): Control.add,
    ("PATCH", "receivers/{}"): Control.patch,
    ("DELETE", "receivers/{}"): Control.remove,
    ("POST", "receivers/{}/move"): Control.move,
    ("POST", "receivers/{}/swap"): Control.swap,
    ("POST", "receivers/{}/replace"): Control.replace,
    ("PATCH", "receivers/{}/channels/{}"): Control.hold,
    ("POST", "receivers/{}/channels/{}/release"): Control.release,
}


def _verb(method: str, path: Sequence[str]) -> tuple[Verb, list[str]]:
    """Return what this asks for, and the names in its path. Raises `Unknown`."""
    for (verb_method, pattern), verb in _VERBS.items():
        parts = pattern.split("/")
        fits = len(parts) == len(path) and all(
            part in {"{}", segment} for part, segment in zip(parts, path, strict=True)
        )
        if method == verb_method and fits:
            return verb, [segment for part, segment in zip(parts, path, strict=True) if part == "{}"]
    raise Unknown(f"nothing answers {method} /{'/'.join(path)}")


def _json(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Unplayable(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Unplayable("the body is a JSON object")
    return body


def _only(body: Body, *names: str) -> dict[str, Any]:
    if unknown := body.keys() - set(names):
        raise Unplayable(f"{min(unknown)} is not taken here; what is: {', '.join(names)}")
    return dict(body)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Unplayable(f"{name} is text")
    return value


def _told(body: Body) -> bool:
    told = body.get("told", True)
    if not isinstance(told, bool):
        raise Unplayable("told is true or false")
    return told


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Unknown(f"{text} is no channel")
    return int(text)
