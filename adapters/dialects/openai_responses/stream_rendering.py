"""A streamed answer, written for one client: typed events, numbered in sequence."""

from __future__ import annotations

from typing import Any

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response, new_id
from ....messages.content import ContentBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import LegionError, ProviderError
from ..json_text import write_json
from ..openai_chat.errors import error_object
from ..protocol import EVENT_STREAM
from ..sse import named_event
from .ids import ResponseId
from .response import item_id, item_of, render_usage, response_object, text_part
from .stream_relay import EventRelay
from .words import NAME, ending

_DELTAS = {"text": "response.output_text.delta", "tool_use": "response.function_call_arguments.delta"}


@attrs.define
class _Item:
    """An output item while it grows.

    Attributes:
        index: Its place in the output.
    """

    id: str
    index: int
    kind: str
    call_id: str = ""
    name: str = ""
    text: list[str] = attrs.field(factory=list)
    signature: str | None = None
    origin: str | None = None
    whole: ThinkingBlock | None = None

    def block(self) -> ContentBlock:
        """Return what it has become."""
        text = "".join(self.text)
        if self.kind == "tool_use":
            return ToolUseBlock(id=self.call_id, name=self.name, arguments=text)
        if self.kind == "thinking":
            return self.whole or ThinkingBlock(text=text, signature=self.signature, origin=self.origin)
        return TextBlock(text=text)


class ResponsesStreamRenderer:
    """Writes chunks as the events of the responses API; events that came in this dialect go out as they came, but for ids and seals."""

    framing = EVENT_STREAM

    __slots__ = (
        "_created",
        "_final",
        "_head",
        "_id",
        "_is_silent",
        "_items",
        "_output",
        "_relay",
        "_request",
        "_sequence",
        "_started",
    )

    def __init__(self, request: Request, created: int) -> None:
        """Begin an answer; `created` is in Unix seconds."""
        self._request = request
        self._created = created
        self._id = ResponseId.of(request)
        self._final: dict[str, Any] = {}
        self._head: dict[str, Any] = {}
        self._items: dict[int, _Item] = {}
        self._output: list[dict[str, Any] | None] = []  # None while the item grows
        self._sequence = 0
        self._started = False
        self._relay: EventRelay | None = None
        self._is_silent = False

    def render(self, chunk: Chunk) -> bytes:
        """Return the events for one chunk; b"" when this dialect has none for it, or they went out with an earlier one."""
        raw = chunk.raw if chunk.raw_dialect == NAME else None
        if raw and chunk.kind is ChunkKind.START and not self._sequence:
            self._relay = EventRelay(self._request, self._id)
        if self._relay is None or raw is None:
            # What is written from here on has numbers of its own, and later events would not fit.
            self._relay = None
            return self._write(chunk)
        return self._pass_on(chunk, raw, self._relay)

    def _pass_on(self, chunk: Chunk, raw: bytes, relay: EventRelay) -> bytes:
        # What is relayed must be known, too: later chunks of the same answer may have to be written here.
        item = self._items.get(chunk.block)
        if chunk.kind is ChunkKind.DELTA and item is not None and chunk.signature is None:
            item.text.append(chunk.delta)
            passed = relay.passed(raw) if raw else b""
            self._sequence = relay.count
            return passed
        self._is_silent = True
        self._write(chunk)
        self._is_silent = False
        if isinstance(chunk.content, ThinkingBlock):
            relay.seal(chunk.content)
        passed = relay.passed(raw) if raw else b""
        self._sequence = relay.count
        self._head = relay.head or self._head
        return passed

    def _write(self, chunk: Chunk) -> bytes:
        if chunk.kind is ChunkKind.START:
            return self._start(chunk.id or new_id("resp_"), chunk.model or "")
        if chunk.kind is ChunkKind.BLOCK_START:
            return self._open(chunk)
        item = self._items.get(chunk.block)
        if item is None:
            return b""
        if chunk.kind is ChunkKind.DELTA:
            return self._grow(item, chunk)
        if chunk.kind is ChunkKind.BLOCK_STOP:
            del self._items[chunk.block]
            if isinstance(chunk.content, ThinkingBlock):
                item.whole = chunk.content
            return self._close(item)
        return b""

    def end(self, response: Response) -> bytes:
        """Return the closing events of a stream that finished."""
        if self._relay is not None and self._relay.final is not None:
            self._final = self._relay.final
            return b""
        events = b"" if self._started else self._start(response.id, response.model)
        for item in tuple(self._items.values()):
            events += self._close(item)
        self._items.clear()
        ended = ending(response.stop_reason)
        self._final = body = {
            **self._head,
            **ended,
            "output": self._done(),
            "usage": render_usage(response.usage),
        }
        return events + self._event(f"response.{ended['status']}", response=body)

    def fail(self, error: LegionError) -> bytes:
        """Return the closing events of a stream that failed."""
        said = error_object(error)["error"]
        code = said["code"] or "server_error"
        if not self._started:
            return self._event("error", code=code, message=said["message"], param=said["param"])
        for item in self._items.values():
            self._output[item.index] = item_of(item.block(), item.id, "incomplete")
        body = {**self._head, "status": "failed", "output": self._done()}
        body["error"] = {"code": code, "message": said["message"]}
        return self._event("response.failed", response=body)

    @property
    def answer(self) -> bytes:
        """The whole answer as JSON, once `end` has been called."""
        return write_json(self._final, ProviderError)

    def _done(self) -> list[dict[str, Any]]:
        return [item for item in self._output if item is not None]

    def _start(self, answer_id: str, model: str) -> bytes:
        self._started = True
        self._head = response_object(self._request, answer_id, model, self._created)
        return self._event("response.created", response=self._head) + self._event(
            "response.in_progress", response=self._head
        )

    def _open(self, chunk: Chunk) -> bytes:
        if chunk.content is not None:
            return self._whole(chunk.content)
        kind = chunk.block_kind or "text"
        item = _Item("", len(self._output), kind, chunk.tool_id or "", chunk.tool_name or "")
        self._output.append(None)
        item.id = item_id(item.block(), self._id, item.index)
        self._items[chunk.block] = item
        opening = item_of(item.block(), item.id, "in_progress")
        assert opening is not None
        if kind == "text":
            opening["content"] = []
        events = self._event("response.output_item.added", output_index=item.index, item=opening)
        if kind == "text":
            part = text_part(TextBlock(text=""))
            events += self._of(item, "response.content_part.added", content_index=0, part=part)
        elif kind == "thinking":
            part = {"type": "summary_text", "text": ""}
            events += self._of(item, "response.reasoning_summary_part.added", summary_index=0, part=part)
        return events

    def _whole(self, block: ContentBlock) -> bytes:
        """A block that does not grow; one that only another vendor's clients understand is left out."""
        index = len(self._output)
        item = item_of(block, item_id(block, self._id, index))
        if item is None:
            return b""
        self._output.append(item)
        return self._event("response.output_item.added", output_index=index, item=item) + self._event(
            "response.output_item.done", output_index=index, item=item
        )

    def _grow(self, item: _Item, chunk: Chunk) -> bytes:
        if chunk.signature is not None:
            item.signature = (item.signature or "") + chunk.signature
            item.origin = chunk.origin
        if not chunk.delta:
            return b""
        item.text.append(chunk.delta)
        if item.kind == "thinking":
            return self._of(item, "response.reasoning_summary_text.delta", summary_index=0, delta=chunk.delta)
        place = {"content_index": 0, "logprobs": []} if item.kind == "text" else {}
        return self._of(item, _DELTAS[item.kind], delta=chunk.delta, **place)

    def _close(self, item: _Item) -> bytes:
        block = item.block()
        done = item_of(block, item.id)
        assert done is not None
        self._output[item.index] = done
        return self._last_words(item, "".join(item.text)) + self._event(
            "response.output_item.done", output_index=item.index, item=done
        )

    def _last_words(self, item: _Item, text: str) -> bytes:
        if item.kind == "tool_use":
            return self._of(item, "response.function_call_arguments.done", arguments=text, name=item.name)
        if item.kind == "thinking":
            part = {"type": "summary_text", "text": text}
            return self._of(item, "response.reasoning_summary_text.done", summary_index=0, text=text) + self._of(
                item, "response.reasoning_summary_part.done", summary_index=0, part=part
            )
        done = self._of(item, "response.output_text.done", content_index=0, text=text, logprobs=[])
        return done + self._of(
            item, "response.content_part.done", content_index=0, part=text_part(TextBlock(text=text))
        )

    def _of(self, item: _Item, event: str, /, **fields: Any) -> bytes:
        return self._event(event, item_id=item.id, output_index=item.index, **fields)

    def _event(self, event: str, /, **fields: Any) -> bytes:
        if self._is_silent:
            return b""
        number, self._sequence = self._sequence, self._sequence + 1
        return named_event(event, write_json({"type": event, "sequence_number": number, **fields}, ProviderError))
