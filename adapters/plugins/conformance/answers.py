"""What a gateway relies on in answers and in the chunks of streamed ones."""

from __future__ import annotations

from typing import Any

import attrs

from ....messages.chat import BlockKind, Chunk, ChunkKind, Response, StopReason, Usage
from ....messages.content import ThinkingBlock
from .subject import expect


def check_answer(response: Any, origin: str) -> None:
    """Check a whole answer.

    Args:
        response: What was returned.
        origin: Name of the instance that gave it.

    Raises:
        NotConforming: Something about it is wrong.
    """
    expect(f"an answer is a Response, not a {type(response).__name__}", unless=isinstance(response, Response))
    message, usage = response.message, response.usage
    expect(f"the role of an answer is 'assistant', not {message.role!r}", unless=message.role == "assistant")
    expect("an answer says something: text, or a call of a tool", unless=bool(response.text or response.tool_calls))
    expect("an answer says which model gave it", unless=bool(response.model))
    expect(
        "an answer says why the model stopped, and not StopReason.UNKNOWN",
        unless=response.stop_reason is not StopReason.UNKNOWN,
    )
    expect(
        "a turn with calls of tools ends as StopReason.TOOL_USE, or because it was cut",
        unless=not response.tool_calls or response.stop_reason is not StopReason.END_TURN,
    )
    expect(f"no count of tokens is negative: {usage}", unless=_is_counted(usage))
    for call in response.tool_calls:
        expect(f"a call of a tool has an id and a name: {call}", unless=bool(call.id and call.name))
        _ = call.input  # raises where the arguments are no JSON object
    for block in message.blocks:
        if isinstance(block, ThinkingBlock) and (block.signature is not None or block.encrypted is not None):
            expect(
                f"signed or encrypted reasoning has the origin {origin!r} (context.name), not {block.origin!r}",
                unless=block.origin == origin,
            )


def _is_counted(usage: Usage) -> bool:
    return min(usage.uncached_input, usage.cache_read, usage.cache_write, usage.visible_output, usage.reasoning) >= 0


@attrs.define
class StreamRules:
    """Follows the chunks of one answer; implements `ChunkSink`.

    Attributes:
        chunks: Those that came.
        text: The visible text so far.
    """

    chunks: list[Chunk] = attrs.field(factory=list)
    text: str = ""
    _open: dict[int, BlockKind | None] = attrs.field(factory=dict)
    _seen: set[int] = attrs.field(factory=set)
    _ended: Chunk | None = None

    async def send(self, chunk: Chunk, /) -> None:
        """Take one chunk.

        Raises:
            NotConforming: It comes out of turn.
        """
        expect(f"a chunk is a Chunk, not a {type(chunk).__name__}", unless=isinstance(chunk, Chunk))
        is_late = self._ended is not None and chunk.kind is not ChunkKind.USAGE
        expect("nothing but the tokens (USAGE) follows the END of a stream", unless=not is_late)
        match chunk.kind:
            case ChunkKind.START:
                expect("START is the first chunk of a stream, and comes once", unless=not self.chunks)
            case ChunkKind.BLOCK_START:
                self._opened(chunk)
            case ChunkKind.DELTA | ChunkKind.BLOCK_STOP:
                self._grown(chunk)
            case ChunkKind.END:
                expect(f"every block is closed before the END; open are {sorted(self._open)}", unless=not self._open)
                self._ended = chunk
        self.chunks.append(chunk)
        self.text += chunk.text

    def check_end(self, response: Response) -> None:
        """Check that the answer which the stream returned is the one that it said.

        Raises:
            NotConforming: It is not.
        """
        ended = self._ended
        expect("a stream sends START, blocks and END", unless=ended is not None and len(self.chunks) > 1)
        assert ended is not None
        expect(
            f"the text of the answer is what the chunks said: {response.text!r}, not {self.text!r}",
            unless=response.text == self.text,
        )
        expect(
            f"END says why the model stopped, as the answer does: {ended.stop_reason} and {response.stop_reason}",
            unless=ended.stop_reason == response.stop_reason,
        )

    def _opened(self, chunk: Chunk) -> None:
        number, kind = chunk.block, chunk.block_kind
        expect("every BLOCK_START says its block_kind", unless=kind is not None)
        expect(f"the key of a block is used once in an answer: {number}", unless=number not in self._seen)
        is_named = kind != "tool_use" or bool(chunk.tool_id and chunk.tool_name)
        expect("the BLOCK_START of a call says tool_id and tool_name", unless=is_named)
        self._seen.add(number)
        self._open[number] = kind

    def _grown(self, chunk: Chunk) -> None:
        number = chunk.block
        expect(f"{chunk.kind.value} is about an open block, which {number} is not", unless=number in self._open)
        expect(
            f"{chunk.kind.value} has the block_kind of its block: {chunk.block_kind} and {self._open.get(number)}",
            unless=self._open[number] == chunk.block_kind,
        )
        if chunk.kind is ChunkKind.BLOCK_STOP:
            del self._open[number]
