"""A streamed answer, written for one client: as events, or as the elements of one JSON array."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response, StopReason, Usage
from ....messages.content import ContentBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import LegionError, ProviderError
from ..json_text import write_json
from ..protocol import Framing
from ..sse import data_event
from .errors import error_object
from .part_rendering import SIGNATURE, WirePart
from .response import answer_parts
from .signatures import signature_of
from .usage import render_usage
from .words import NAME, WORDS

# Google's own client takes a comment for a piece of JSON; a blank line means nothing to anybody.
EVENTS: Final = Framing(b"text/event-stream; charset=utf-8", b"\n")
ARRAY: Final = Framing(b"application/json; charset=utf-8", b"\n")

_UNSIGNED: Final = ThinkingBlock()


@attrs.define
class _Block:
    """A block that is open.

    Attributes:
        said: Arguments of a call so far, or whether anything was said (of a thought).
        signed: Signature and origin of a thought so far.
    """

    tool_id: str = ""
    tool_name: str = ""
    said: list[str] = attrs.field(factory=list)
    signed: ThinkingBlock = _UNSIGNED
    is_own: bool = False


class GenerateStreamRenderer:
    """Writes chunks as pieces of the answer; an event that came in this dialect goes out as it came.

    A tool call goes out whole when it is complete: clients of this dialect know no fragments of arguments.
    """

    __slots__ = ("_blocks", "_ended", "_head", "_parts_sent", "_pending", "_reason", "_usage", "framing")

    def __init__(self, request: Request, framing: Framing) -> None:
        """Begin an answer, as EVENTS or as an ARRAY."""
        self.framing = framing
        self._blocks: dict[int, _Block] = {}
        self._head: dict[str, Any] = {"modelVersion": request.model or ""}
        self._pending: str | None = None
        self._reason: StopReason | None = None
        self._usage: Usage | None = None
        self._parts_sent = 0
        self._ended = False

    def render(self, chunk: Chunk) -> bytes:
        """Return the piece for one chunk; b"" when there is none yet, or it went out with an earlier one."""
        raw = chunk.raw if chunk.raw_dialect == NAME else None
        # What is relayed must be known, too: later chunks of the same answer may have to be written here.
        self._note(chunk, is_relayed=raw is not None)
        if raw is None:
            return self._write(chunk)
        return self._framed(_data_of(raw), raw) if raw else b""

    def end(self, response: Response) -> bytes:
        """Return the closing piece of a stream that finished."""
        if self._ended:
            return self._closed()
        self._head.setdefault("responseId", response.id)
        self._head["modelVersion"] = self._head["modelVersion"] or response.model
        parts = [{"text": "", SIGNATURE: self._pending}] if self._pending is not None else []
        usage = response.usage if self._usage is None else self._usage
        reason = WORDS[self._reason or response.stop_reason]
        return self._piece(parts, finishReason=reason, usageMetadata=render_usage(usage)) + self._closed()

    def fail(self, error: LegionError) -> bytes:
        """Return the closing piece of a stream that failed."""
        said = write_json(error_object(error))
        return self._framed(said, data_event(said)) + self._closed()

    def _note(self, chunk: Chunk, *, is_relayed: bool) -> None:
        kind = chunk.kind
        if chunk.usage is not None:
            self._usage = chunk.usage
        if kind is ChunkKind.BLOCK_START:
            self._blocks[chunk.block] = _Block(chunk.tool_id or "", chunk.tool_name or "")
        elif kind is ChunkKind.START:
            self._head |= {"responseId": chunk.id} if chunk.id else {}
            self._head |= {"modelVersion": chunk.model} if chunk.model else {}
        elif kind is ChunkKind.END:
            self._reason = chunk.stop_reason
            self._ended = is_relayed

    def _write(self, chunk: Chunk) -> bytes:
        block = self._blocks.get(chunk.block)
        if block is None:
            return b""
        if chunk.kind is ChunkKind.DELTA:
            return self._grow(block, chunk)
        if chunk.kind is ChunkKind.BLOCK_START and chunk.content is not None:
            return self._whole(chunk.content, is_own=chunk.raw_dialect == NAME)
        return self._stop(block, chunk) if chunk.kind is ChunkKind.BLOCK_STOP else b""

    def _grow(self, block: _Block, chunk: Chunk) -> bytes:
        if chunk.signature is not None:
            signature = (block.signed.signature or "") + chunk.signature
            block.signed = attrs.evolve(block.signed, signature=signature, origin=chunk.origin)
            block.is_own = chunk.raw_dialect == NAME
        if not chunk.delta:
            return b""
        block.said.append(chunk.delta if chunk.block_kind == "tool_use" else "")
        if chunk.block_kind == "tool_use":
            return b""
        is_thought = chunk.block_kind == "thinking"
        return self._part({"text": chunk.delta, "thought": True} if is_thought else {"text": chunk.delta})

    def _stop(self, block: _Block, chunk: Chunk) -> bytes:
        del self._blocks[chunk.block]
        if chunk.block_kind == "tool_use":
            call = ToolUseBlock(id=block.tool_id, name=block.tool_name, arguments="".join(block.said))
            return b"".join([self._part(part) for part in answer_parts((call,), is_own=False)])
        signed = chunk.content if isinstance(chunk.content, ThinkingBlock) else block.signed
        signature = signature_of(signed, is_own=block.is_own)
        if signature is None:
            return b""
        if block.said:
            return self._piece([{"text": "", "thought": True, SIGNATURE: signature}])
        self._pending = signature
        return b""

    def _whole(self, content: ContentBlock, *, is_own: bool) -> bytes:
        if isinstance(content, ThinkingBlock):
            self._pending = signature_of(content, is_own=is_own)
            return b""
        return b"".join([self._part(part) for part in answer_parts((content,), is_own=is_own)])

    def _part(self, part: WirePart) -> bytes:
        if self._pending is not None and not part.get("thought"):
            part[SIGNATURE] = self._pending
            self._pending = None
        return self._piece([part])

    def _piece(self, parts: list[WirePart], **more: Any) -> bytes:
        finish = {"finishReason": more.pop("finishReason")} if "finishReason" in more else {}
        candidate = {"content": {"role": "model", "parts": parts}, **finish, "index": 0}
        said = write_json({"candidates": [candidate], **more, **self._head}, ProviderError)
        return self._framed(said, data_event(said))

    def _framed(self, element: bytes, event: bytes) -> bytes:
        self._parts_sent += 1
        if self.framing is EVENTS:
            return event
        return (b"[" if self._parts_sent == 1 else b",\n") + element

    def _closed(self) -> bytes:
        if self.framing is EVENTS:
            return b""
        return b"]\n" if self._parts_sent else b"[]\n"


def _data_of(raw: bytes) -> bytes:
    """Return the JSON of an event."""
    return b"\n".join([line[5:].lstrip() for line in raw.split(b"\n") if line.startswith(b"data:")])
