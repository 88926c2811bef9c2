"""JSON documents, one a line: an incremental decoder."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.errors import ProviderError
from .limits import MAX_EVENT_BYTES


class NdjsonDecoder:
    """Turns bytes into lines, however they are cut. Blank lines are skipped."""

    __slots__ = ("_max_line_bytes", "_pending")

    def __init__(self, max_line_bytes: int = MAX_EVENT_BYTES) -> None:
        """Start a stream; a line may have `max_line_bytes` at most."""
        self._max_line_bytes = max_line_bytes
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that `data` completes, without their ends.

        One by one, so that an error comes after the lines before it, however the bytes were cut.

        Raises:
            ProviderError: A line is too long.
        """
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._pending:
            lines[0] = bytes(self._pending) + lines[0]
            self._pending.clear()
        self._pending += rest
        for line in lines:
            self._check_size(len(line))
            if stripped := line.strip():
                yield stripped
        self._check_size(len(self._pending))

    def _check_size(self, size: int) -> None:
        if size > self._max_line_bytes:
            raise ProviderError(f"a line of the stream has more than the {self._max_line_bytes} bytes allowed")
