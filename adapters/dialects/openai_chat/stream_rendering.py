"""A streamed answer, written for one client."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response, StopReason, Usage, new_id
from ....messages.content import Extra, OpaqueBlock, ThinkingBlock
from ....messages.errors import LegionError, ProviderError
from ..json_text import write_json
from ..protocol import EVENT_STREAM
from ..sse import DONE, data_event
from .calls import opaque_call
from .errors import render_error
from .media import render_media
from .message_parsing import REASONING
from .response import ID_PREFIX, wire_id
from .sealed_reasoning import DETAILS, detail_of, is_held
from .usage import render_usage
from .words import NAME, OBJECT, finish_reason_of

_SILENCE: Final = ThinkingBlock()


@attrs.define
class _Thought:
    """Reasoning while it grows.

    Attributes:
        said: Its text so far.
        held: What its maker has signed or encrypted of it.
    """

    said: list[str] = attrs.field(factory=list)
    held: ThinkingBlock = _SILENCE

    def block(self) -> ThinkingBlock:
        """Return what it has become."""
        return attrs.evolve(self.held, text=self.held.text + "".join(self.said))


class ChatStreamRenderer:
    """Writes chunks as `chat.completion.chunk` events; an event that came in this dialect goes out as it came."""

    framing = EVENT_STREAM

    __slots__ = ("_calls", "_ended", "_head", "_includes_usage", "_said", "_started", "_thoughts")

    def __init__(self, request: Request, created: int) -> None:
        """Begin an answer.

        Args:
            request: What is answered.
            created: Unix seconds.
        """
        self._includes_usage = bool(request.include_usage)
        self._calls: dict[int, int] = {}
        self._said: set[int] = set()
        self._thoughts: dict[int, _Thought] = {}
        self._started = False
        self._ended = False
        self._head = {
            "id": new_id(ID_PREFIX),
            "object": OBJECT,
            "created": created,
            "model": request.model or "",
        }

    def render(self, chunk: Chunk) -> bytes:
        """Return the event for one chunk; b"" when the dialect has none for it, or it went out with an earlier one."""
        raw = chunk.raw if chunk.raw_dialect == NAME else None
        # What is relayed must be known, too: later chunks of the same answer may have to be written here.
        self._note(chunk)
        return self._write(chunk) if raw is None else raw

    def end(self, response: Response) -> bytes:
        """Return the closing events of a stream that finished."""
        events = b""
        if not self._started:
            self._adopt(response.id, response.model, is_own=response.extra_dialect == NAME)
            events += self._choice({"role": "assistant", "content": ""})
        if not self._ended:
            events += self._finish(response.stop_reason)
        if self._includes_usage:
            events += self._usage(response.usage)
        return events + DONE

    def fail(self, error: LegionError) -> bytes:
        """Return the closing events of a stream that failed."""
        return data_event(render_error(error)) + DONE

    def _adopt(self, answer_id: str | None, model: str | None, *, is_own: bool) -> None:
        self._started = True
        if answer_id:
            self._head["id"] = wire_id(answer_id, is_own=is_own)
        if model:
            self._head["model"] = model

    def _note(self, chunk: Chunk) -> None:
        kind = chunk.kind
        if kind is ChunkKind.DELTA:
            if chunk.block_kind == "tool_use" and chunk.delta:
                self._said.add(chunk.block)
        elif kind is ChunkKind.BLOCK_START:
            if chunk.block_kind == "tool_use" or _kept_call(chunk) is not None:
                self._calls[chunk.block] = len(self._calls)
        elif kind is ChunkKind.START:
            self._adopt(chunk.id, chunk.model, is_own=chunk.raw_dialect == NAME)
        elif kind is ChunkKind.END:
            self._ended = True

    def _write(self, chunk: Chunk) -> bytes:
        kind, is_call = chunk.kind, chunk.block_kind == "tool_use"
        if chunk.block_kind == "thinking":
            return self._think(chunk)
        if kind is ChunkKind.DELTA and chunk.delta:
            return self._piece(chunk.block, chunk.delta) if is_call else self._choice({"content": chunk.delta})
        if kind is ChunkKind.BLOCK_START:
            return self._begin(chunk)
        # Clients parse the arguments they were sent as JSON, and "" is not JSON.
        if kind is ChunkKind.BLOCK_STOP and is_call and chunk.block not in self._said:
            return self._piece(chunk.block, "{}")
        if kind is ChunkKind.START:
            return self._choice({"role": "assistant", "content": ""})
        if kind is ChunkKind.END:
            return self._finish(chunk.stop_reason or StopReason.UNKNOWN)
        # The tokens are told at the end, and only to a client that asked for them.
        return b""

    def _begin(self, chunk: Chunk) -> bytes:
        if chunk.block_kind == "tool_use":
            return self._open(chunk)
        call = _kept_call(chunk)
        if call is not None:
            return self._call({"index": self._calls[chunk.block], **call})
        media = {} if chunk.content is None else render_media([chunk.content])
        return self._choice(media) if media else b""

    def _think(self, chunk: Chunk) -> bytes:
        """Show reasoning as it grows, and at its end what must come back to who made it."""
        if chunk.kind is ChunkKind.BLOCK_STOP:
            thought = self._thoughts.pop(chunk.block, _Thought())
            whole = chunk.content if isinstance(chunk.content, ThinkingBlock) else thought.block()
            return self._choice({DETAILS: [detail_of(whole, chunk.block)]}) if is_held(whole) else b""
        thought = self._thoughts.setdefault(chunk.block, _Thought())
        if isinstance(chunk.content, ThinkingBlock):
            thought.held = chunk.content
        if chunk.signature is not None:
            signature = (thought.held.signature or "") + chunk.signature
            thought.held = attrs.evolve(thought.held, signature=signature, origin=chunk.origin)
        if not chunk.delta:
            return b""
        thought.said.append(chunk.delta)
        return self._choice({REASONING: chunk.delta})

    def _open(self, chunk: Chunk) -> bytes:
        function = {"name": chunk.tool_name or "", "arguments": ""}
        call_id = chunk.tool_id or new_id("call_")
        return self._call({"index": self._calls[chunk.block], "id": call_id, "type": "function", "function": function})

    def _piece(self, block: int, arguments: str) -> bytes:
        return self._call({"index": self._calls.get(block, 0), "function": {"arguments": arguments}})

    def _finish(self, reason: StopReason) -> bytes:
        return self._choice({}, finish_reason_of(reason, has_calls=bool(self._calls)))

    def _call(self, piece: dict[str, Any]) -> bytes:
        return self._choice({"tool_calls": [piece]})

    def _choice(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        event: dict[str, Any] = {**self._head, "choices": [choice]}
        if self._includes_usage:
            event["usage"] = None
        return data_event(write_json(event, ProviderError))

    def _usage(self, usage: Usage) -> bytes:
        event = {**self._head, "choices": [], "usage": render_usage(usage)}
        return data_event(write_json(event, ProviderError))


def _kept_call(chunk: Chunk) -> Extra | None:
    """Return the call of a kind without a name of ours that a chunk holds, or None."""
    return opaque_call(chunk.content) if isinstance(chunk.content, OpaqueBlock) else None
