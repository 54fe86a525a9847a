"""Frames as bytes: built once, compressed once, and the same bytes for every socket. Pure.

A WebSocket frame from a server carries no mask, so nothing in it belongs to one connection. Neither does its compressed
form, because the server agrees on permessage-deflate only without context takeover: each message is complete in itself.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

WINDOW_BITS = 15  # a client that wants a smaller window is served uncompressed
LEAST_COMPRESSED = 128  # bytes; below, deflate gains nothing

_LAST_TEXT = 0x81  # FIN and the opcode of text
_COMPRESSED = 0x40  # RSV1
_FLUSHED = b"\x00\x00\xff\xff"  # ends a flushed block; RFC 7692 has it left out
_SHORT, _MIDDLE = 125, 0xFFFF


class Frame:
    """One text message for any number of sockets."""

    __slots__ = ("_deflated", "_plain", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._plain: bytes | None = None
        self._deflated: bytes | None = None

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Frame":
        return cls(orjson.dumps(message).decode())

    @property
    def texts(self) -> list[str]:
        return [self.text]

    def wire(self, *, deflated: bool) -> bytes:
        """Return the bytes that go to a socket that did, or did not, agree on compression."""
        if self._plain is None:
            payload = self.text.encode()
            self._plain = _framed(_LAST_TEXT, payload)
        if not deflated or len(self.text) < LEAST_COMPRESSED:
            return self._plain
        if self._deflated is None:
            self._deflated = _framed(_LAST_TEXT | _COMPRESSED, _deflate(self.text.encode()))
        return self._deflated


class Burst:
    """Several messages that go out together, in one write a socket."""

    __slots__ = ("_frames", "_wire")

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = list(frames)
        self._wire: dict[bool, bytes] = {}

    @property
    def texts(self) -> list[str]:
        return [frame.text for frame in self._frames]

    def wire(self, *, deflated: bool) -> bytes:
        if deflated not in self._wire:
            self._wire[deflated] = b"".join(frame.wire(deflated=deflated) for frame in self._frames)
        return self._wire[deflated]


Message = Frame | Burst


def _framed(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length <= _SHORT:
        return bytes((first, length)) + payload
    if length <= _MIDDLE:
        return bytes((first, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload


def _deflate(payload: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-WINDOW_BITS)
    return (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_FLUSHED)
