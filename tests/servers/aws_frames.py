"""AWS's event stream, written: frames of headers and a payload between checksums."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame; all headers are texts."""
    written = b"".join([_header(name, value) for name, value in headers.items()])
    length = 12 + len(written) + len(payload) + 4
    prelude = struct.pack("!II", length, len(written))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + written + payload
    return body + struct.pack("!I", zlib.crc32(body))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(text)) + text


def event(kind: str, value: Any) -> bytes:
    """An event of a stream."""
    return frame(
        {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, json.dumps(value).encode()
    )


def exception(kind: str, message: str) -> bytes:
    """A failure, told as an event of a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())
