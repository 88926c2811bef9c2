"""A streamed answer, written for one client: its blocks one after the other, numbered without a gap."""

from __future__ import annotations

import collections
from typing import Any

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response, StopReason, Usage, new_id
from ....messages.content import ThinkingBlock
from ....messages.errors import LegionError, ProviderError
from ..json_text import write_json
from ..plain_ids import plain_id
from ..protocol import EVENT_STREAM
from ..sse import named_event
from .errors import error_object
from .response import ID_PREFIX, render_block, signature_of, wire_id
from .usage import render_usage
from .words import NAME, word_of

_NO_USAGE = Usage()
_UNSIGNED = ThinkingBlock()


@attrs.define
class _Block:
    """A block of the answer that waits for its turn.

    Attributes:
        chunks: What it has said and the client has not heard.
        stopped: Whether its stop is among them.
    """

    chunks: list[Chunk] = attrs.field(factory=list)
    stopped: bool = False


class MessagesStreamRenderer:
    """Writes chunks as Anthropic's events; an event that came in this dialect goes out as it came.

    Clients of this dialect know one open block at a time, so what a second one says meanwhile waits until the first has stopped.
    """

    framing = EVENT_STREAM

    __slots__ = (
        "_ended",
        "_has_calls",
        "_head",
        "_index",
        "_is_own",
        "_relays",
        "_signed",
        "_started",
        "_usage",
        "_waiting",
    )

    def __init__(self, request: Request) -> None:
        self._waiting: collections.OrderedDict[int, _Block] = collections.OrderedDict()
        self._index = -1
        self._started = False
        self._ended = False
        self._has_calls = False
        self._relays: bool | None = None
        self._usage = _NO_USAGE
        self._signed = _UNSIGNED
        self._is_own = False
        self._head: dict[str, Any] = {"id": new_id(ID_PREFIX), "model": request.model or ""}

    def render(self, chunk: Chunk) -> bytes:
        """Return the events for one chunk; b"" when there are none yet, or they went out with an earlier one."""
        if self._relays is None:
            self._relays = chunk.raw_dialect == NAME and chunk.raw is not None
        self._note(chunk)
        if self._relays:
            return chunk.raw or b""
        return self._write(chunk)

    def end(self, response: Response) -> bytes:
        """Return the closing events of a stream that finished."""
        if self._relays:
            # All but the last frame was relayed; it carries no chunk of its own.
            return _event("message_stop", {})
        events = b"" if self._started else self._start(response.id, response.model, response.usage)
        if not self._ended:
            self._usage = response.usage
            events += self._finish(response.stop_reason, response.stop_sequence)
        return events + _event("message_stop", {})

    def fail(self, error: LegionError) -> bytes:
        """Return the closing event of a stream that failed."""
        return named_event("error", write_json(error_object(error)))

    def _note(self, chunk: Chunk) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.kind is ChunkKind.BLOCK_START and chunk.block_kind == "tool_use":
            self._has_calls = True
        elif chunk.kind is ChunkKind.END:
            self._ended = True

    def _write(self, chunk: Chunk) -> bytes:
        kind = chunk.kind
        if kind is ChunkKind.START:
            return self._start(chunk.id, chunk.model, chunk.usage or _NO_USAGE)
        if kind is ChunkKind.END:
            # Its tokens may come after it (OpenAI's do), and Anthropic says both in one event: `end` writes it.
            self._ended = False
            return self._rest()
        if kind is ChunkKind.USAGE:
            return b""
        return self._queue(chunk)

    def _queue(self, chunk: Chunk) -> bytes:
        block = self._waiting.get(chunk.block)
        if block is None:
            block = self._waiting[chunk.block] = _Block()
        block.chunks.append(chunk)
        block.stopped |= chunk.kind is ChunkKind.BLOCK_STOP
        return self._released()

    def _released(self) -> bytes:
        """Return what may be said: all of the first block, and of the next once that has stopped."""
        events = b""
        while self._waiting:
            key, block = next(iter(self._waiting.items()))
            for chunk in block.chunks:
                events += self._say(chunk)
            block.chunks.clear()
            if not block.stopped:
                break
            del self._waiting[key]
        return events

    def _rest(self) -> bytes:
        """Return what blocks still had to say, closing those that never were."""
        for key, block in self._waiting.items():
            if not block.stopped:
                block.chunks.append(Chunk(kind=ChunkKind.BLOCK_STOP, block=key))
                block.stopped = True
        return self._released()

    def _say(self, chunk: Chunk) -> bytes:
        if chunk.kind is ChunkKind.BLOCK_START:
            return self._open(chunk)
        if chunk.kind is ChunkKind.BLOCK_STOP:
            return self._signature(chunk) + _event("content_block_stop", {"index": self._index})
        if chunk.signature is not None:
            self._signed = attrs.evolve(
                self._signed, signature=(self._signed.signature or "") + chunk.signature, origin=chunk.origin
            )
            self._is_own = chunk.raw_dialect == NAME
        return self._delta(chunk) if chunk.delta else b""

    def _signature(self, stop: Chunk) -> bytes:
        """Return the signature of the block that stops, whole: what another vendor signed is sealed."""
        signed, self._signed = self._signed, _UNSIGNED
        if isinstance(stop.content, ThinkingBlock):
            signed, self._is_own = stop.content, False
        signature = signature_of(signed, is_own=self._is_own)
        return self._grow({"type": "signature_delta", "signature": signature}) if signature else b""

    def _open(self, chunk: Chunk) -> bytes:
        self._index += 1
        return _event("content_block_start", {"index": self._index, "content_block": _opening(chunk)})

    def _delta(self, chunk: Chunk) -> bytes:
        if chunk.block_kind == "tool_use":
            return self._grow({"type": "input_json_delta", "partial_json": chunk.delta})
        if chunk.block_kind == "thinking":
            return self._grow({"type": "thinking_delta", "thinking": chunk.delta})
        return self._grow({"type": "text_delta", "text": chunk.delta})

    def _grow(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._index, "delta": delta})

    def _start(self, answer_id: str | None, model: str | None, usage: Usage) -> bytes:
        self._started = True
        if answer_id:
            self._head["id"] = wire_id(answer_id)
        if model:
            self._head["model"] = model
        message = {
            **self._head,
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": render_usage(usage),
        }
        return _event("message_start", {"message": message})

    def _finish(self, reason: StopReason, stop_sequence: str | None) -> bytes:
        delta = {"stop_reason": word_of(reason, has_calls=self._has_calls), "stop_sequence": stop_sequence}
        return self._rest() + _event("message_delta", {"delta": delta, "usage": render_usage(self._usage)})


def _opening(chunk: Chunk) -> dict[str, Any]:
    if chunk.content is not None:
        known = render_block(chunk.content, is_own=chunk.raw_dialect == NAME)
        # A block that only another vendor's clients understand keeps its number, and says nothing.
        return {"type": "text", "text": ""} if known is None else known
    if chunk.block_kind == "tool_use":
        call_id = plain_id(chunk.tool_id) if chunk.tool_id else new_id("toolu_")
        return {"type": "tool_use", "id": call_id, "name": chunk.tool_name or "", "input": {}}
    if chunk.block_kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "text", "text": ""}


def _event(name: str, fields: dict[str, Any]) -> bytes:
    return named_event(name, write_json({"type": name, **fields}, ProviderError))
