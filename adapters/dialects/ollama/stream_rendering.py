"""A streamed answer, written for one client: one JSON document a line."""

from __future__ import annotations

import time
from typing import Any, Final, Literal

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response
from ....messages.content import ImageBlock, ToolUseBlock
from ....messages.errors import LegionError, ProviderError
from ..json_text import write_json
from ..protocol import Framing
from .errors import render_error
from .response_rendering import closing, head, images_of, wire_call
from .words import NAME

# Nothing may be sent to show that the stream lives: to Ollama's own client a blank line is broken JSON.
LINES: Final = Framing(b"application/x-ndjson")

Shape = Literal["chat", "generate"]


class OllamaStreamRenderer:
    """Writes chunks as lines; a line that came from Ollama goes out to a chat as it came.

    A tool call goes out whole when it is complete: clients of this dialect know no fragments of arguments.
    """

    framing = LINES

    __slots__ = ("_calls", "_ended", "_model", "_relays", "_shape", "_told")

    def __init__(self, request: Request, shape: Shape) -> None:
        """Begin an answer in the shape of `/api/chat` or `/api/generate`."""
        self._shape = shape
        # Providers are asked for chats alone, so that lines of that shape alone come back.
        self._relays = shape == "chat"
        self._model = request.model or ""
        self._calls: dict[int, ToolUseBlock] = {}
        self._told = 0
        self._ended = False

    def render(self, chunk: Chunk) -> bytes:
        """Return the line for one chunk; b"" when there is none yet, or it went out with an earlier one."""
        raw = chunk.raw if self._relays and chunk.raw_dialect == NAME else None
        # What is relayed must be known, too: later chunks of the same answer may have to be written here.
        complete = self._noted(chunk, is_relayed=raw is not None)
        return self._write(chunk, complete) if raw is None else raw

    def end(self, response: Response) -> bytes:
        """Return the closing line of a stream that finished."""
        if self._ended:
            return b""
        self._model = self._model or response.model
        return self._line({"content": ""}, **closing(response))

    def fail(self, error: LegionError) -> bytes:
        """Return the closing line of a stream that failed."""
        return render_error(error) + b"\n"

    def _noted(self, chunk: Chunk, *, is_relayed: bool) -> ToolUseBlock | None:
        """Keep what later chunks need; returns the call that this one completes."""
        kind = chunk.kind
        if kind is ChunkKind.START:
            self._model = chunk.model or self._model
        elif kind is ChunkKind.END:
            self._ended = is_relayed
        elif chunk.block_kind == "tool_use":
            if kind is ChunkKind.BLOCK_START:
                self._calls[chunk.block] = ToolUseBlock(
                    id=chunk.tool_id or "", name=chunk.tool_name or "", arguments=""
                )
            elif kind is ChunkKind.DELTA and chunk.block in self._calls:
                call = self._calls[chunk.block]
                self._calls[chunk.block] = attrs.evolve(call, arguments=call.arguments + chunk.delta)
            elif kind is ChunkKind.BLOCK_STOP:
                self._told += 1
                return self._calls.pop(chunk.block, None)
        return None

    def _write(self, chunk: Chunk, complete: ToolUseBlock | None) -> bytes:
        if complete is not None:
            return self._line({"content": "", "tool_calls": [wire_call(complete, self._told - 1)]})
        if chunk.kind is ChunkKind.DELTA and chunk.delta and chunk.block_kind == "text":
            return self._line({"content": chunk.delta})
        if chunk.kind is ChunkKind.DELTA and chunk.delta and chunk.block_kind == "thinking":
            return self._line({"content": "", "thinking": chunk.delta})
        if isinstance(chunk.content, ImageBlock) and (images := images_of([chunk.content])):
            return self._line({"content": "", "images": images})
        return b""

    def _line(self, said: dict[str, Any], **more: Any) -> bytes:
        begun = head(self._model, time.time())
        if self._shape == "chat":
            line = {**begun, "message": {"role": "assistant", **said}, "done": False, **more}
        else:
            line = {**begun, "response": said.pop("content"), **said, "done": False, **more}
        return write_json(line, ProviderError) + b"\n"
