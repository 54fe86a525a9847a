"""HTTP/1.1 as far as a System API server needs it: kept-alive connections, one request after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

import orjson

from pollers.simulator.connections import Connection, Delivery

BODY_LIMIT = 1024 * 1024

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: `segments` are the decoded parts of the path, header names are in lower case."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, and how it is delivered where that is not at once."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery | None = None

    @classmethod
    def problem(
        cls, status: int, *, title: str = "", detail: str = "", headers: Mapping[str, str] | None = None
    ) -> Self:
        """Return an error with a body of the captured shape."""
        body = {
            "type": "",
            "title": title or _PHRASES.get(status, ""),
            "status": status,
            "detail": detail,
            "instance": "",
            "traceId": str(uuid4()),
        }
        return cls(status=status, body=orjson.dumps(body), headers=headers or {})


Answer = Callable[[Request], Awaitable[Response]]


class BadRequest(ValueError):
    """What came is no request that this reader understands; the connection ends after the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def serve(connection: Connection, answer: Answer) -> None:
    """Answer the requests of one connection until either side has had enough."""
    while True:
        try:
            request = await _read(connection.reader)
        except BadRequest as error:
            await connection.send(_encoded(Response(status=error.status), keep_alive=False))
            return
        if request is None:
            return
        keep_alive = request.headers.get("connection", "").lower() != "close"
        response = await answer(request)
        await connection.send(_encoded(response, keep_alive=keep_alive), response.delivery)
        if not keep_alive:
            return


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request, or None when the other side closed between two of them."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    request_line, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(HTTPStatus.BAD_REQUEST)
        headers[name.strip().lower()] = value.strip()
    try:
        method, target, _version = request_line.split(" ")
    except ValueError:
        raise BadRequest(HTTPStatus.BAD_REQUEST) from None
    path, _, query = target.partition("?")
    return Request(
        method=method,
        segments=tuple(unquote(segment) for segment in path.split("/") if segment),
        query=dict(parse_qsl(query)) if query else {},
        headers=headers,
        body=await _body(reader, headers),
    )


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise BadRequest(HTTPStatus.LENGTH_REQUIRED)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest(HTTPStatus.BAD_REQUEST)
    if int(length) > BODY_LIMIT:
        raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return await reader.readexactly(int(length)) if int(length) else b""


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


def _encoded(response: Response, *, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.etag is not None:
        lines.append(f"ETag: {response.etag}")
    if response.body:
        lines.append(f"Content-Type: {response.content_type}")
    if response.status not in _BODILESS:
        lines.append(f"Content-Length: {len(response.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
