"""A streamed answer, read: typed events about items that open, grow and are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import attrs

from ....messages.chat import Chunk
from ....messages.content import AudioBlock, ImageBlock, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError, StreamBrokenError
from ..block_flow import BlockFlow
from ..classify import classify_value
from ..json_text import read_provider_object
from ..limits import MAX_EVENT_BYTES
from ..openai_chat.parts import is_refusal
from ..sse import SseDecoder, SseEvent
from .response_parsing import blocks_of, parse_usage, refuse_failed, text_of
from .words import NAME, stop_reason_of

_BETWEEN_SUMMARIES: Final = "\n\n"


@attrs.define
class _Item:
    """An item while it grows.

    Attributes:
        call: Block of a tool call, or None.
        said: Whether anything of it has been said.
    """

    call: int | None = None
    said: bool = False


class ResponsesStreamParser:
    """Turns the events of one streamed answer into chunks.

    The bytes of events ride on chunks, to be relayed; those of events that say nothing here wait for the next chunk. They do not where the
    provider does not number its events, as those who imitate OpenAI may.
    """

    __slots__ = ("_events", "_finished", "_flow", "_is_relayed", "_items", "_refused")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin an answer; an event may have `max_event_bytes` at most."""
        self._events = SseDecoder(max_event_bytes)
        self._flow = BlockFlow(NAME)
        self._items: dict[int, _Item] = {}
        self._is_relayed = True
        self._refused = False
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the terminal event has been read: the answer is completed, or incomplete."""
        return self._finished

    def feed(self, data: bytes) -> list[Chunk]:
        """Return the chunks that `data` completes; what follows the terminal event is ignored.

        Raises:
            UpstreamError: The provider sent an error as an event, or something unreadable.
        """
        if self._finished:
            return []
        for event in self._events.feed(data):
            if event.data and self._ends_with(event):
                break
        return self._flow.take()

    def take(self) -> list[Chunk]:
        """Return the chunks that came before an error that `feed` has raised."""
        return self._flow.take()

    def close(self) -> None:
        """Say that no more bytes come.

        Raises:
            StreamBrokenError: The terminal event never came.
        """
        if not self._finished:
            raise StreamBrokenError("the stream ended without response.completed")

    def _ends_with(self, event: SseEvent) -> bool:
        """Read one event, and return whether it was the last."""
        value = read_provider_object(event.data)
        kind = value.get("type")
        if kind == "error" or event.name == b"error" or value.get("error"):
            raise classify_value(value)
        self._keep(event, value)
        handler = self._HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is not None:
            handler(self, value)
        return self._finished

    def _keep(self, event: SseEvent, value: Mapping[str, Any]) -> None:
        """Keep the bytes until a chunk takes them along."""
        flow = self._flow
        self._is_relayed = self._is_relayed and type(value.get("sequence_number")) is int
        flow.raw = (flow.raw or b"") + event.raw if self._is_relayed else None

    # -- events

    def _begun(self, value: Mapping[str, Any]) -> None:
        answer = _answer(value)
        refuse_failed(answer)
        if not self._flow.started:
            self._flow.start(text_of(answer, "id") or None, text_of(answer, "model") or None)

    def _added(self, value: Mapping[str, Any]) -> None:
        item = _Item()
        self._items[_index(value)] = item
        self._flow.pause()
        added = value.get("item")
        if isinstance(added, dict) and added.get("type") == "function_call":
            item.call = self._flow.open_call(text_of(added, "call_id") or None, text_of(added, "name"))

    def _text(self, value: Mapping[str, Any]) -> None:
        self._say("text", value)

    def _refusal(self, value: Mapping[str, Any]) -> None:
        self._refused = True
        self._say("text", value)

    def _thought(self, value: Mapping[str, Any]) -> None:
        self._say("thinking", value)

    def _next_summary(self, value: Mapping[str, Any]) -> None:
        if value.get("summary_index"):
            self._flow.say("thinking", _BETWEEN_SUMMARIES)

    def _say(self, kind: Any, value: Mapping[str, Any]) -> None:
        self._item(value).said = True
        self._flow.say(kind, text_of(value, "delta"))

    def _arguments(self, value: Mapping[str, Any]) -> None:
        item = self._item(value)
        if item.call is not None and text_of(value, "delta"):
            item.said = True
            self._flow.grow_call(item.call, text_of(value, "delta"))

    def _done(self, value: Mapping[str, Any]) -> None:
        item = self._items.pop(_index(value), None) or _Item()
        for block in blocks_of(value.get("item")):
            if isinstance(block, ToolUseBlock):
                self._call_done(item, block)
            elif isinstance(block, ThinkingBlock):
                self._thought_done(item, block)
            elif isinstance(block, TextBlock):
                self._text_done(item, block)
            elif isinstance(block, (OpaqueBlock, ImageBlock, AudioBlock)):
                self._flow.whole(block, is_relayed=self._flow.raw == b"")
        self._flow.pause()

    def _call_done(self, item: _Item, call: ToolUseBlock) -> None:
        block = self._flow.open_call(call.id, call.name) if item.call is None else item.call
        if not item.said:
            self._flow.grow_call(block, call.arguments)
        self._flow.close_call(block)

    def _thought_done(self, item: _Item, thought: ThinkingBlock) -> None:
        if thought.encrypted is not None:
            self._flow.conclude(thought)
        elif not item.said and thought.text:
            self._flow.say("thinking", thought.text)

    def _text_done(self, item: _Item, text: TextBlock) -> None:
        self._refused = self._refused or is_refusal(text)
        if not item.said and text.text:
            self._flow.say("text", text.text)

    def _ended(self, value: Mapping[str, Any]) -> None:
        answer, flow = _answer(value), self._flow
        refuse_failed(answer)
        flow.close()
        flow.usage(parse_usage(answer.get("usage")))
        flow.end(stop_reason_of(answer, has_calls=flow.has_calls, refused=self._refused))
        self._finished = True

    def _failed(self, value: Mapping[str, Any]) -> None:
        refuse_failed(_answer(value))
        raise ProviderError("the provider's answer failed, and does not say why")

    def _item(self, value: Mapping[str, Any]) -> _Item:
        return self._items.setdefault(_index(value), _Item())

    _HANDLERS: ClassVar[Mapping[str, Callable[[Any, Mapping[str, Any]], None]]] = {
        "response.created": _begun,
        "response.queued": _begun,
        "response.in_progress": _begun,
        "response.output_item.added": _added,
        "response.output_text.delta": _text,
        "response.refusal.delta": _refusal,
        "response.reasoning_summary_part.added": _next_summary,
        "response.reasoning_summary_text.delta": _thought,
        "response.reasoning_text.delta": _thought,
        "response.function_call_arguments.delta": _arguments,
        "response.output_item.done": _done,
        "response.completed": _ended,
        "response.incomplete": _ended,
        "response.failed": _failed,
        "response.cancelled": _failed,
    }


def _answer(value: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = value.get("response")
    if not isinstance(answer, dict):
        raise ProviderError("an event of the provider's stream holds no response")
    return answer


def _index(value: Mapping[str, Any]) -> int:
    index = value.get("output_index")
    return index if type(index) is int else 0
