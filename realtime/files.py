"""Static files, answered where a request comes in: each is one look into a dictionary, and a read.

Django's middleware takes each to a thread and back several times, in the process that carries the feeds: a wall that is
opened for the first time costs it twice as much that way.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from whitenoise.middleware import WhiteNoiseMiddleware

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_SNIFF = (b"x-content-type-options", b"nosniff")


class StaticFiles:
    """Stands before an ASGI application, which gets whatever is no file."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._files = WhiteNoiseMiddleware().files  # under the settings, and under their addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope["path"])
        try:
            answer = file and file.get_response(scope["method"], _as_wsgi(scope["headers"]))
        except FileNotFoundError:  # collected anew since this process began
            answer = None
        if answer is None:
            await self._application(scope, receive, send)
            return
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        await send({"type": "http.response.start", "status": answer.status, "headers": [*headers, NO_SNIFF]})
        await send({"type": "http.response.body", "body": body})


def _as_wsgi(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers under the names that WhiteNoise knows them by."""
    return {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
        for name, value in headers
    }
