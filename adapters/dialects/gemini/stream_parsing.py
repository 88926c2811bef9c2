"""A streamed answer, read: every event is a piece of the answer in the shape of a whole one."""

from __future__ import annotations

import attrs

from ....messages.chat import Usage
from ....messages.content import (
    AudioBlock,
    ContentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from ....messages.errors import ProviderError, StreamBrokenError
from ..block_flow import BlockFlow
from ..flowing import FlowParser
from ..json_text import read_provider_object
from ..limits import MAX_EVENT_BYTES
from ..sse import SseDecoder, SseEvent
from .parts import SILENT_THOUGHT
from .response import AnswerIds, blocks_of, candidate_of, text_of
from .usage import parse_usage
from .words import NAME, stop_reason_of


class GenerateStreamParser(FlowParser[SseEvent]):
    """Turns the events of one streamed answer into chunks; each event's bytes ride on its first chunk, to be relayed as they are.

    There is no terminal frame: the event with the finish reason and the tokens is the last.
    """

    __slots__ = ("_ids", "_usage")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        """Begin an answer; an event may have `max_event_bytes` at most."""
        super().__init__(SseDecoder(max_event_bytes), BlockFlow(NAME))
        self._ids = AnswerIds()
        self._usage: Usage | None = None

    def close(self) -> None:
        """Say that no more bytes come.

        Raises:
            StreamBrokenError: No finish reason came.
        """
        if not self._flow.ended:
            raise StreamBrokenError("the stream ended without a finish reason")
        self._finished = True

    def _ends_with(self, event: SseEvent) -> bool:
        if not event.data:
            return False
        value = read_provider_object(event.data)
        candidate = candidate_of(value)
        flow = self._flow
        flow.raw = event.raw
        if not flow.started:
            flow.start(text_of(value, "responseId") or None, text_of(value, "modelVersion") or None)
        tokens = value.get("usageMetadata")
        if candidate is not None and not flow.ended:
            for block in blocks_of(candidate, self._ids):
                self._add(block)
        finish = candidate.get("finishReason") if candidate is not None and not flow.ended else None
        if finish:
            flow.close()
        if tokens is not None:
            self._count(parse_usage(tokens), is_last=bool(finish) or flow.ended)
        if finish:
            flow.end(stop_reason_of(finish, has_calls=flow.has_calls))
        self._carry()
        self._finished = flow.ended and tokens is not None
        return self._finished

    def _count(self, usage: Usage, *, is_last: bool) -> None:
        """Say the tokens of the first event, in case that no other comes, and of the last."""
        if is_last:
            self._flow.usage(usage)
        elif self._usage is None:
            self._flow.usage(attrs.evolve(usage, source="partial"))
        self._usage = usage

    def _carry(self) -> None:
        """Let an event that says what we have no name for (where a text was found) ride on the tokens so far."""
        if self._flow.raw:
            self._flow.usage(attrs.evolve(self._usage or Usage(), source="partial"))

    def _add(self, block: ContentBlock) -> None:
        flow = self._flow
        if isinstance(block, ThinkingBlock):
            self._think(block)
        elif isinstance(block, TextBlock):
            if block.text:
                flow.say("text", block.text)
        elif isinstance(block, ToolUseBlock):
            flow.grow_call(flow.open_call(block.id, block.name), block.arguments)
            flow.close()
        elif isinstance(block, (OpaqueBlock, ImageBlock, AudioBlock)):
            flow.whole(block, is_relayed=not flow.raw)
        else:
            raise ProviderError(f"a part of the provider's answer is a {block.type}, which no answer has")

    def _think(self, block: ThinkingBlock) -> None:
        flow = self._flow
        is_thought = bool(block.text) or SILENT_THOUGHT.keys() <= block.extra.keys()
        if block.text:
            flow.say("thinking", block.text)
        if block.signature is not None:
            if not is_thought:
                flow.pause()  # it signs what follows, and not the thought before it
            flow.sign(block.signature)
