"""A streamed answer, read: one JSON document a line."""

from __future__ import annotations

from typing import Any

from ....messages.errors import StreamBrokenError
from ..block_flow import BlockFlow
from ..classify import classify_value
from ..flowing import FlowParser
from ..json_text import read_provider_object
from ..limits import MAX_EVENT_BYTES
from ..ndjson import NdjsonDecoder
from .response import calls_of, images_of, message_of, text_of, usage_of
from .words import NAME, stop_reason_of


class OllamaStreamParser(FlowParser[bytes]):
    """Turns the lines of one streamed answer into chunks; each line's bytes ride on its first chunk. Tool calls come whole, each in one line."""

    __slots__ = ()

    def __init__(self, max_line_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin an answer; a line may have `max_line_bytes` at most."""
        super().__init__(NdjsonDecoder(max_line_bytes), BlockFlow(NAME))

    def close(self) -> None:
        """Say that no more bytes come.

        Raises:
            StreamBrokenError: The terminal line never came.
        """
        if not self._finished:
            raise StreamBrokenError("the stream ended without its last line (done: true)")

    def _ends_with(self, event: bytes) -> bool:
        line = read_provider_object(event)
        if line.get("error"):
            raise classify_value(line)
        flow = self._flow
        flow.raw = event + b"\n"
        if not flow.started:
            flow.start(None, text_of(line, "model") or None)
        done = line.get("done") is True
        if not done or line.get("message") is not None:
            self._grow(message_of(line))
        if done:
            self._finish(line)
        return done

    def _grow(self, message: dict[str, Any]) -> None:
        flow = self._flow
        thinking, text = text_of(message, "thinking"), text_of(message, "content")
        if thinking:
            flow.say("thinking", thinking)
        if text:
            flow.say("text", text)
        for image in images_of(message):
            flow.whole(image, is_relayed=False)
        for call in calls_of(message):
            flow.grow_call(flow.open_call(call.id, call.name), call.arguments)
            flow.close()

    def _finish(self, line: dict[str, Any]) -> None:
        flow = self._flow
        flow.close()
        flow.usage(usage_of(line))
        flow.end(stop_reason_of(line.get("done_reason"), has_calls=flow.has_calls))
        self._finished = True
