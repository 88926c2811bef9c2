"""A streamed answer, read."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ....messages.chat import BlockKind, Chunk, ChunkKind, Usage
from ....messages.content import TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError, StreamBrokenError
from ..classify import classify_value
from ..json_text import read_provider_object
from ..limits import MAX_EVENT_BYTES
from ..sse import SseDecoder, SseEvent
from .response import block_of, text_of
from .usage import parse_usage
from .words import NAME, stop_reason_of

_DELTAS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}


@attrs.define
class _Open:
    """A block that has not stopped.

    Attributes:
        block: Its key in the answer.
    """

    block: int
    kind: BlockKind
    said: bool = False


class MessagesStreamParser:
    """Turns the events of one streamed answer into chunks; each event's bytes ride on its first chunk, to be relayed as they are."""

    __slots__ = ("_chunks", "_ended", "_events", "_finished", "_has_calls", "_open", "_opened", "_raw", "_usage")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin an answer; an event may have `max_event_bytes` at most."""
        self._events = SseDecoder(max_event_bytes)
        self._chunks: list[Chunk] = []
        self._open: dict[int, _Open] = {}
        self._opened = 0
        self._usage: dict[str, Any] = {}
        self._raw: bytes | None = None
        self._has_calls = False
        self._ended = False
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the terminal frame, `message_stop`, has been read."""
        return self._finished

    def feed(self, data: bytes) -> list[Chunk]:
        """Return the chunks that `data` completes; what follows the terminal frame is ignored.

        Raises:
            UpstreamError: The provider sent an error as an event, or something unreadable.
        """
        if self._finished:
            return []
        for event in self._events.feed(data):
            if self._ends_with(event):
                break
        return self.take()

    def take(self) -> list[Chunk]:
        """Return the chunks that came before an error that `feed` has raised."""
        chunks, self._chunks = self._chunks, []
        return chunks

    def close(self) -> None:
        """Say that no more bytes come. Some imitations leave out `message_stop`; a stop reason is the end, too.

        Raises:
            StreamBrokenError: Neither came.
        """
        if not self._finished and not self._ended:
            raise StreamBrokenError("the stream ended without stop_reason and without message_stop")
        self._finished = True

    def _ends_with(self, event: SseEvent) -> bool:
        """Read one event, and return whether it was the last."""
        if event.data:
            self._event(event, read_provider_object(event.data))
        return self._finished

    def _event(self, event: SseEvent, value: dict[str, Any]) -> None:
        kind = value.get("type")
        if kind == "error" or event.name == b"error":
            raise classify_value(value)
        self._raw = event.raw
        if kind == "message_start":
            self._start(_object(value, "message"))
        elif kind == "content_block_start":
            self._open_block(value)
        elif kind == "content_block_delta":
            self._grow(value)
        elif kind == "content_block_stop":
            self._stop(value)
        elif kind == "message_delta":
            self._end(value)
        elif kind == "message_stop":
            self._finish()

    def _start(self, message: dict[str, Any]) -> None:
        self._usage = _object(message, "usage") if message.get("usage") is not None else {}
        answer_id, model = text_of(message, "id") or None, text_of(message, "model") or None
        self._say(ChunkKind.START, id=answer_id, model=model, usage=self._counted())

    def _open_block(self, value: dict[str, Any]) -> None:
        block = block_of(_object(value, "content_block"), "content_block")
        opened = _Open(self._opened, _kind_of(block))
        self._opened += 1
        self._open[_index(value)] = opened
        if isinstance(block, ToolUseBlock):
            self._has_calls = True
            self._say_of(opened, ChunkKind.BLOCK_START, tool_id=block.id, tool_name=block.name)
            return
        is_whole = opened.kind == "opaque" or getattr(block, "encrypted", None) is not None
        whole = block if is_whole else None
        self._say_of(opened, ChunkKind.BLOCK_START, content=whole)
        text = getattr(block, "text", "")
        if text and whole is None:
            self._say_of(opened, ChunkKind.DELTA, delta=text)

    def _grow(self, value: dict[str, Any]) -> None:
        opened = self._open.get(_index(value))
        if opened is None:
            raise ProviderError("a block of the provider's stream grows before it was opened")
        delta = _object(value, "delta")
        kind = text_of(delta, "type")
        if kind == "signature_delta":
            self._say_of(opened, ChunkKind.DELTA, signature=text_of(delta, "signature"))
        elif kind in _DELTAS and opened.kind != "opaque":
            piece = text_of(delta, _DELTAS[kind])
            opened.said |= bool(piece)
            self._say_of(opened, ChunkKind.DELTA, delta=piece)
        else:  # citations, and what is yet to come: only this dialect's clients can read them
            self._say_of(opened, ChunkKind.DELTA)

    def _stop(self, value: dict[str, Any]) -> None:
        opened = self._open.pop(_index(value), None)
        if opened is None:
            return
        if opened.kind == "tool_use" and not opened.said:
            # Anthropic says nothing of arguments that there are none of; others need {}.
            raw, self._raw = self._raw, b""
            self._say_of(opened, ChunkKind.DELTA, delta="{}")
            self._raw = raw
        self._say_of(opened, ChunkKind.BLOCK_STOP)

    def _end(self, value: dict[str, Any]) -> None:
        delta = _object(value, "delta")
        usage = value.get("usage")
        if isinstance(usage, dict):
            self._usage = {**self._usage, **{key: count for key, count in usage.items() if count is not None}}
        if delta.get("stop_reason") is None:
            self._say(ChunkKind.USAGE, usage=self._counted())
            return
        self._ended = True
        self._say(
            ChunkKind.END,
            usage=self._counted(),
            stop_reason=stop_reason_of(delta["stop_reason"], has_calls=self._has_calls),
            stop_sequence=text_of(delta, "stop_sequence") or None,
        )

    def _finish(self) -> None:
        if not self._ended:
            raise ProviderError("the provider's stream ended without saying why the model stopped")
        self._finished = True

    def _counted(self) -> Usage | None:
        return parse_usage(self._usage) if self._usage else None

    def _say_of(self, opened: _Open, kind: ChunkKind, **more: Any) -> None:
        self._say(kind, block=opened.block, block_kind=opened.kind, **more)

    def _say(self, kind: ChunkKind, **more: Any) -> None:
        self._chunks.append(Chunk(kind=kind, raw=self._raw, raw_dialect=NAME, **more))
        self._raw = b""


def _kind_of(block: object) -> BlockKind:
    if isinstance(block, ToolUseBlock):
        return "tool_use"
    if isinstance(block, ThinkingBlock):
        return "thinking"
    return "text" if isinstance(block, TextBlock) else "opaque"


def _object(source: dict[str, Any], key: str) -> dict[str, Any]:
    value = source.get(key)
    if not isinstance(value, dict):
        raise ProviderError(f"{key} of the provider's stream is not an object")
    return value


def _index(value: dict[str, Any]) -> int:
    index = value.get("index")
    if type(index) is not int:
        raise ProviderError("an event of the provider's stream names no block")
    return index
