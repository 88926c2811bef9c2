"""Server-sent events: an incremental decoder, and the few lines that write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ...messages.errors import ProviderError
from .limits import MAX_EVENT_BYTES

DONE: Final = b"data: [DONE]\n\n"

_BOM: Final = b"\xef\xbb\xbf"
_FIELD_NAME: Final = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,63}")


# A named tuple and not an attrs class: one is made per event, and it is made in half the time.
class SseEvent(NamedTuple):
    """One event.

    Attributes:
        data: Its data lines, joined by line feeds.
        name: The event's name, or None.
        raw: The event as it was read, blank line included. CRLF and CR have become LF, which means the same.
    """

    data: bytes
    name: bytes | None
    raw: bytes


class SseDecoder:
    """Turns the bytes of an event stream into events, however they are cut.

    A read that holds whole events of one LF-ended `data: ` line each, as nearly all do, is split and sliced only.
    """

    __slots__ = ("_max_event_bytes", "_pending", "_seen", "_skip_line_feed")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Start a stream; an event may have `max_event_bytes` at most."""
        self._max_event_bytes = max_event_bytes
        self._pending = bytearray()
        self._skip_line_feed = False
        self._seen = False

    def feed(self, data: bytes) -> Iterator[SseEvent]:
        """Yield the events that `data` completes; an event that is incomplete when the bytes end is none.

        One by one, so that an error comes after the events before it, however the bytes were cut.

        Raises:
            ProviderError: An event is too large, or what follows the first event is no event stream.
        """
        if b"\r" in data or self._skip_line_feed:
            data = self._with_line_feeds(data)
        if self._pending:
            data = self._joined(data)
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        self._pending += rest
        for block in blocks:
            if block and (event := self._event(block)) is not None:
                yield event
        self._check_size(len(rest))

    def _with_line_feeds(self, data: bytes) -> bytes:
        if self._skip_line_feed and data:
            data = data.removeprefix(b"\n")
            self._skip_line_feed = False
        # A CR at the very end may be half of a CRLF; it ends its line now, and the LF that may follow is no other line.
        if data.endswith(b"\r"):
            self._skip_line_feed = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _joined(self, data: bytes) -> bytes:
        """Return everything pending with `data`, or b"" while no event is complete: every byte is looked at once only."""
        pending = self._pending
        seam = len(pending) - 1
        pending += data
        if pending.find(b"\n\n", seam) < 0:
            self._check_size(len(pending))
            return b""
        joined = bytes(pending)
        pending.clear()
        return joined

    def _check_size(self, size: int) -> None:
        if size > self._max_event_bytes:
            raise ProviderError(f"an event of the stream has more than the {self._max_event_bytes} bytes allowed")

    def _event(self, block: bytes) -> SseEvent | None:
        self._check_size(len(block))
        if block.startswith(b"data: ") and b"\n" not in block:
            self._seen = True
            return SseEvent(block[6:], None, block + b"\n\n")
        return self._slowly(block)

    def _slowly(self, block: bytes) -> SseEvent | None:
        if not self._seen:
            block = block.removeprefix(_BOM)
        block = block.lstrip(b"\n")
        lines: list[bytes] = []
        name = None
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                lines.append(value)
            elif field == b"event":
                name = value
            else:
                self._check_field(field, line)
        if not lines:
            return None
        self._seen = True
        return SseEvent(b"\n".join(lines), name, block + b"\n\n")

    def _check_field(self, field: bytes, line: bytes) -> None:
        """Comments and unknown fields are ignored, as the standard says. What is no field at all is a broken stream.

        Before the first event it may still turn out that the server does not stream; that is for the caller to see.
        """
        if self._seen and field and not _FIELD_NAME.fullmatch(field):
            raise ProviderError(f"not an event stream: {line[:100].decode('utf-8', 'replace')!r}")


def data_event(payload: bytes) -> bytes:
    """Return an event that holds `payload`, which has no line break."""
    return b"data: %b\n\n" % payload


def named_event(name: str, payload: bytes) -> bytes:
    """Return an event with a name."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), payload)


def comment(text: str = "") -> bytes:
    """Return a comment, which keeps a connection alive and means nothing; `text` has no line break."""
    return b": %b\n\n" % text.encode()
