"""The control endpoint: plain HTTP and JSON, so that a test in any language can direct the show."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from pollers.simulator.connections import HOST, Connection, Listener, Occupied, open_port
from pollers.simulator.http import Request, Response, serve
from pollers.simulator.stage import Stage
from pollers.simulator.values import Unknown, Unplayable

_STATUS = {
    Unknown: HTTPStatus.NOT_FOUND,
    Unplayable: HTTPStatus.BAD_REQUEST,
    Occupied: HTTPStatus.CONFLICT,
}


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
            status, answered = await self._direct(request.method, request.segments, _json(request))
        except (Unknown, Unplayable, Occupied) as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            return Response(status=status, body=orjson.dumps({"error": str(error)}))
        return Response(status=status, body=orjson.dumps(answered, option=orjson.OPT_NON_STR_KEYS))

    async def _direct(self, method: str, path: tuple[str, ...], body: Mapping[str, Any]) -> tuple[int, Any]:
        stage = self._stage
        match (method, *path):
            case "GET", "truth":
                return HTTPStatus.OK, stage.truth()
            case "GET", "truth", source_id:
                return HTTPStatus.OK, stage.truth(source_id).receivers[0]
            case "GET", "counts":
                return HTTPStatus.OK, stage.counts
            case "POST", "counts", "reset":
                stage.counts.reset()
                return HTTPStatus.OK, stage.counts
            case "POST", "show":
                stage.turn(**_only(body, "paused", "speed"))
                return HTTPStatus.OK, self._show()
            case "GET", "show":
                return HTTPStatus.OK, self._show()
            case "PATCH", "dialect":
                stage.speak(**body)
                return HTTPStatus.OK, stage.system_api.dialect
            case "GET", "dialect":
                return HTTPStatus.OK, stage.system_api.dialect
            case (("POST" | "PATCH" | "DELETE"), "receivers", *rest):
                return await self._direct_receiver(method, rest, body)
        raise Unknown(f"nothing answers {method} /{'/'.join(path)}")

    async def _direct_receiver(
        self, method: str, path: list[str], body: Mapping[str, Any]
    ) -> tuple[int, Any]:
        stage = self._stage
        match (method, *path):
            case ("POST",):
                source_id = await stage.add(**{"model": "", **_only(body, "model", "name")})
                return HTTPStatus.CREATED, stage.truth(source_id).receivers[0]
            case "PATCH", source_id:
                await stage.patch(source_id, body)
            case "DELETE", source_id:
                await stage.remove(source_id)
                return HTTPStatus.OK, {"removed": source_id}
            case "PATCH", source_id, "channels", number if number.isdecimal():
                stage.hold(source_id, int(number), body)
            case "POST", source_id, "channels", number, "release" if number.isdecimal():
                stage.release(source_id, int(number), _only(body, "fields").get("fields", ()))
            case _:
                raise Unknown(f"nothing answers {method} /{'/'.join(['receivers', *path])}")
        return HTTPStatus.OK, stage.truth(source_id).receivers[0]

    def _show(self) -> dict[str, Any]:
        clock = self._stage.clock
        return {"second": self._stage.moment().second, "paused": clock.paused, "speed": clock.speed}


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


def _only(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    if unknown := body.keys() - set(names):
        raise Unplayable(f"{min(unknown)} is not taken here; what is: {', '.join(names)}")
    return dict(body)
