"""HTTPS to a server that may be hostile: one question, one answer, on time, in bounds, from the right machine."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from ssl import SSLCertVerificationError, SSLError, SSLSocket
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from pollers.shure import certificates
from pollers.shure.addresses import resolve
from pollers.shure.deadlines import Deadline
from pollers.shure.endpoints import Endpoint
from pollers.shure.errors import Malformed, Unanswered, Unreachable
from pollers.shure.exchange import READ, Exchange, current, underway

CONNECT = timedelta(seconds=3)
KEPT = 8  # open connections a server; what is asked beside those costs a handshake

_HEADERS_OF_ALL = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Micboard"}
_HEADERS = 64 * 1024  # what an answer may need beside its body
_CHUNK = 64 * 1024
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # seconds, seconds, probes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came, whatever its status. The body is empty unless the status is 200."""

    status: int
    etag: str | None
    retry_after: str | None
    date: str | None
    body: bytes


def get(endpoint: Endpoint, path: str, *, etag: str | None, limit: int, deadline: Deadline) -> Answer:
    """Ask for `path` below the base URL, on condition that it is no longer what `etag` names.

    Raises `Unreachable` when nothing whole came in time or another machine answered, `Malformed` when what
    came is no HTTP, is encoded, or has a body of more than `limit` bytes; the rest of it is not read.
    """
    headers = {} if etag is None else {"If-None-Match": etag}
    return _answered(endpoint, _Question("GET", path, headers), limit=limit, deadline=deadline)


def put(endpoint: Endpoint, path: str, body: bytes, *, deadline: Deadline) -> Answer:
    """Put JSON in the place of what `path` has. Raises what `get` raises; what is answered is not read."""
    question = _Question("PUT", path, {"Content-Type": "application/json"}, body)
    return _answered(endpoint, question, limit=0, deadline=deadline)


@dataclass(frozen=True, slots=True)
class _Question:
    """One request. It may be sent twice: neither method means more the second time."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


def _answered(endpoint: Endpoint, question: _Question, *, limit: int, deadline: Deadline) -> Answer:
    while True:
        exchange = Exchange(deadline=deadline, allowance=limit + _HEADERS)
        try:
            with underway(exchange):
                return _ask(endpoint, question, limit)
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
            failure = _failure(endpoint.authority, error)
        # A server closes what it kept open at the very moment of the next question, and a restarted one
        # knows nothing of it: that says nothing of the server. Each round uses up one such connection.
        if failure.reason != "dropped" or exchange.dialled or exchange.heard:
            raise failure


def presented_fingerprint(url: str, *, allow_loopback: bool, deadline: Deadline) -> str:
    """Return the fingerprint of the certificate that the server shows, for somebody to confirm.

    Nothing is sent to it and nothing of it is trusted. Raises `Unreachable`.
    """
    anybody = Endpoint(url=url, key="-", allow_loopback=allow_loopback)
    connection = _Connection(anybody.hostname, anybody.port, endpoint=anybody, trusting=True)
    try:
        with underway(Exchange(deadline=deadline, allowance=_HEADERS)):
            connection.connect()
            return connection.fingerprint()
    except (HTTPError, OSError) as error:
        failure = _failure(anybody.authority, error)
    finally:
        connection.close()
    raise failure


def _ask(endpoint: Endpoint, question: _Question, limit: int) -> Answer:
    prepared = _prepared(question.method, endpoint.base_url + question.path).copy()
    prepared.headers.update({"x-api-key": endpoint.key, **question.headers})
    if question.body is not None:
        prepared.prepare_body(question.body, files=None)
    response = _adapter(endpoint).send(
        prepared, stream=True, timeout=(CONNECT.total_seconds(), READ.total_seconds())
    )
    try:
        found = response.status_code == HTTPStatus.OK and question.method == "GET"
        return Answer(
            status=response.status_code,
            etag=response.headers.get("ETag"),
            retry_after=response.headers.get("Retry-After"),
            date=response.headers.get("Date"),
            body=_body(response, limit) if found else _dismissed(response),
        )
    finally:
        # A connection whose answer was read to its end is back in the pool by now; any other is closed.
        response.close()


def _body(response: requests.Response, limit: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise Malformed("The answer is encoded, though it was asked for as it is.", reason="encoded")
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > limit:
            raise Malformed(f"The answer is larger than {limit} bytes.", reason="oversized")
    return bytes(body)


def _dismissed(response: requests.Response) -> bytes:
    """Read what is left of a short answer that nobody needs, so that its connection can be used again."""
    response.raw.read(_CHUNK, decode_content=False)
    return b""


def _chunks(response: requests.Response) -> Iterator[bytes]:
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        yield chunk


# To prepare a request costs a poll as much as to record it, and a receiver's are the same each time.
@lru_cache(maxsize=16_384)
def _prepared(method: str, url: str) -> requests.PreparedRequest:
    """Return a request without key and condition, to be copied."""
    return requests.Request(method, url, headers=_HEADERS_OF_ALL).prepare()


# An adapter without a session around it: no proxy, .netrc or bundle of authorities from somebody's environment, no
# cookie that is sent back, and no redirect that is followed, because the key belongs to one server.
@lru_cache(maxsize=256)
def _adapter(endpoint: Endpoint) -> "_Adapter":
    return _Adapter(endpoint)


def forget_connections() -> None:
    """Let go of every connection that is kept open; they are closed with the last exchange that uses them."""
    _adapter.cache_clear()


def _failure(server: str, error: BaseException) -> Unanswered:
    """Return what an error of the layers below means. What they wrapped tells more than their wrapping."""
    causes = tuple(_causes(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(TimeoutError):
        return Unreachable("timeout", f"{server} did not answer in time: check that it runs and its network.")
    if among(ConnectionRefusedError):
        return Unreachable("refused", f"{server} refuses connections: check that the System API runs there.")
    if among(http.client.IncompleteRead):
        return Unreachable("truncated", f"{server} ended its answer before it was whole.")
    if among(ConnectionError, SSLError):
        return Unreachable("dropped", f"{server} closed the connection instead of answering.")
    if any(isinstance(cause, OSError) and cause.errno is not None for cause in causes):
        return Unreachable("unroutable", f"There is no way to {server}: check the address and the network.")
    return Malformed(f"{server} answers, but not in HTTP.", reason="no_http")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _Adapter(HTTPAdapter):
    """Hands every request to the one pool of its server, whose connections verify it themselves."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._pool = _Pool(endpoint.hostname, endpoint.port, maxsize=KEPT, endpoint=endpoint)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPSConnectionPool:
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        # requests would add its own bundle of authorities to those that the endpoint names.
        pass

    def close(self) -> None:
        self._pool.close()
        super().close()


class _Connection(HTTPSConnection):
    """Connects to an address that was checked, and is no connection before its certificate is, too."""

    def __init__(self, *args: Any, endpoint: Endpoint, trusting: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._endpoint = endpoint
        self._trusting = trusting

    @property
    def is_connected(self) -> bool:
        # Bytes that belong to no question would be taken for the answer to the next one.
        return super().is_connected and not self._tls().pending()

    def connect(self) -> None:
        current().dialled = True
        pins = self._endpoint.pins
        context = certificates.context(ca_file=self._endpoint.ca_file, pinned=bool(pins) or self._trusting)
        self.ssl_context = context
        self.cert_reqs = context.verify_mode
        try:
            super().connect()
        except SSLCertVerificationError as error:
            raise Unreachable(
                "untrusted",
                f"The certificate of {self._endpoint.authority} is not trusted ({error.verify_message}): "
                "confirm its fingerprint, or name the authority that issued it.",
            ) from None
        except SSLError as error:
            raise Unreachable(
                "tls", f"{self._endpoint.authority} speaks no TLS that can be used ({error.reason or error})."
            ) from None
        if pins and self.fingerprint() not in pins:
            self.close()
            raise Unreachable(
                "untrusted",
                f"{self._endpoint.authority} shows another certificate than the one that was confirmed: "
                "if it was replaced, confirm the new one; if not, another machine answers.",
            )
        self.is_verified = True

    def fingerprint(self) -> str:
        shown = self._tls().getpeercert(binary_form=True)
        return certificates.fingerprint(shown or b"")

    def _tls(self) -> SSLSocket:
        return cast("SSLSocket", self.sock)

    def _new_conn(self) -> socket.socket:
        deadline = current().deadline
        addresses = resolve(
            self.host, self.port, allow_loopback=self._endpoint.allow_loopback, deadline=deadline
        )
        time_to_connect = deadline.within(CONNECT)
        for tries_left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share = max(time_to_connect.remaining() / tries_left, 0.001)
            try:
                made = socket.create_connection((address, self.port), timeout=share)
            except OSError:
                if tries_left == 1:
                    raise
            else:
                _keep_alive(made)
                return made
        raise AssertionError("a name stands for an address, or it is unresolved")


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def _keep_alive(made: socket.socket) -> None:
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):  # not every system lets a socket choose
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
