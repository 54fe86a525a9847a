"""A WebSocket client that costs little: it looks at how a frame begins, notes when it was whole, and keeps nothing.

A thousand of them, with a window of 64 KB a second each, take a fraction of one core.
"""

import asyncio
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY = "bWljYm9hcmQtYmVuY2hlcw=="
BUFFER = 2**18
_BEGINNING = 1024  # bytes of a frame that are kept: its type and seq stand there, compressed or not
_LOOKED_AT = 600
_WHOLE = 2**62
_OPCODE, _COMPRESSED = 0x0F, 0x40
_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_PONG, _MASKED = b"\x8a", 0x80
_HEADER_OF = {126: 4, 127: 10}  # by the short length; else 2

_TYPE = re.compile(rb'^\{"type": ?"(\w+)"')
_SEQ = re.compile(rb'"seq": ?(\d+)')


@dataclass(slots=True)
class Ledger:
    """What the clients of one process heard together. `clients`, `seqs` and `ats` have an entry for each update."""

    clients: "array[int]" = field(default_factory=lambda: array("I"))
    seqs: "array[int]" = field(default_factory=lambda: array("Q"))
    ats: "array[float]" = field(default_factory=lambda: array("d"))  # monotonic, as all instants here
    served_ats: list[float] = field(default_factory=list)
    bytes: int = 0
    compressed: int = 0  # clients whose server agreed to compress
    refused: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)  # of those that were served; by code


def request(port: int, path: str, headers: Mapping[str, str]) -> bytes:
    """Return what a client opens its connection with."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **headers,
    }
    head = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    return "\r\n".join([*head, "", ""]).encode()


class Client(asyncio.BufferedProtocol):
    """`served` is done once the first frame, the snapshot, was whole, or it was refused."""

    _buffer = memoryview(bytearray(BUFFER))  # of all: it is read before the loop turns to another

    def __init__(self, number: int, asks: bytes, ledger: Ledger) -> None:
        self.loop = asyncio.get_running_loop()
        self.served: asyncio.Future[None] = self.loop.create_future()
        self._number = number
        self._asks = asks
        self._ledger = ledger
        self._answer: bytearray | None = bytearray()
        self._header = bytearray()
        self._begins = bytearray()
        self._left = 0
        self._kept = _BEGINNING
        self._inflate: zlib._Decompress | None = None
        self._code = "lost"
        self._transport: asyncio.Transport

    def leave(self) -> None:
        self._code = ""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._asks)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.served.done():
            self._refused(self._code)
        elif self._code:
            self._ledger.closed[self._code] += 1

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._ledger.bytes += nbytes
        came = self._buffer[:nbytes]
        if self._answer is not None:
            came = self._handshake(came)
        while came:
            came = self._payload(came) if self._left else self._begin(came)

    def _handshake(self, came: memoryview) -> memoryview:
        """Take the server's answer in, and return what came behind it."""
        answer = self._answer
        assert answer is not None
        before = len(answer)
        answer += came
        end = answer.find(b"\r\n\r\n")
        if end < 0:
            return came[:0]
        self._answer = None
        head = bytes(answer[:end]).lower()
        if not head.startswith(b"http/1.1 101"):
            self._code = head[9:12].decode()
            self._transport.abort()
            return came[:0]
        if b"permessage-deflate" in head:
            self._ledger.compressed += 1
            if b"server_no_context_takeover" not in head:
                self._kept, self._inflate = _WHOLE, zlib.decompressobj(-15)
        return came[end + 4 - before :]

    def _begin(self, came: memoryview) -> memoryview:
        """Take a frame's header in, and return what came behind it."""
        header = self._header
        short = header[1] if len(header) > 1 else 0
        taken = max(2, _HEADER_OF.get(short, 2)) - len(header)
        header += came[:taken]
        if len(header) < 2 or len(header) < _HEADER_OF.get(header[1], 2):
            return came[taken:]
        self._left = int.from_bytes(header[2:]) if len(header) > 2 else header[1]
        if not self._left:
            self._whole()
        return came[taken:]

    def _payload(self, came: memoryview) -> memoryview:
        taken = min(self._left, len(came))
        if (room := self._kept - len(self._begins)) > 0:
            self._begins += came[: min(taken, room)]
        self._left -= taken
        if not self._left:
            self._whole()
        return came[taken:]

    def _whole(self) -> None:
        """A frame is whole: answer a ping, note an update."""
        at = self.loop.time()
        first, begins = self._header[0], bytes(self._begins)
        self._header.clear()
        self._begins.clear()
        opcode = first & _OPCODE
        if opcode == _TEXT:
            self._text(self._inflated(begins) if first & _COMPRESSED else begins, at)
        elif opcode == _CLOSE:
            self._code = str(int.from_bytes(begins[:2]))
        elif opcode == _PING:  # a client has to mask what it says; this mask changes nothing
            self._transport.write(_PONG + bytes([_MASKED | len(begins)]) + bytes(4) + begins)

    def _inflated(self, payload: bytes) -> bytes:
        """Return how a compressed text begins. Where each depends on those before, all have to be inflated."""
        if self._inflate is None:
            return zlib.decompressobj(-15).decompress(payload, _LOOKED_AT)
        return self._inflate.decompress(payload + b"\0\0\xff\xff")

    def _text(self, text: bytes, at: float) -> None:
        kind = _TYPE.match(text)
        word = kind[1] if kind else b""
        if word == b"error" and not self.served.done():
            self._refused(text.decode(errors="replace"))
        elif word == b"initial_data":
            if not self.served.done():
                self.served.set_result(None)
                self._ledger.served_ats.append(at)
        elif word in {b"batch_update", b"device_update", b""}:  # the guide's own updates have no type
            seq = _SEQ.search(text)
            self._ledger.clients.append(self._number)
            self._ledger.seqs.append(int(seq[1]) if seq else 0)
            self._ledger.ats.append(at)

    def _refused(self, why: str) -> None:
        self._ledger.refused[why] += 1
        self.served.set_result(None)
