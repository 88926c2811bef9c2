"""The turns of a conversation, written for a provider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from ....messages.chat import ChatMessage, Request
from ....messages.content import (
    Content,
    ContentBlock,
    ThinkingBlock,
    ToolResultBlock,
)
from ..conversation import blocks_of, split_system, turns
from ..extras import own
from ..rendering import MEDIA, Rendering
from .call_ids import is_made
from .generations import Generation
from .part_rendering import SIGNATURE, WirePart, render_part, render_parts
from .results import response_of
from .signatures import UNCHECKED
from .words import NAME

WireContent = dict[str, Any]


@attrs.frozen
class Writing:
    """What the functions that write one conversation share.

    Attributes:
        rendering: Takes the warnings.
        generation: What the model can.
        origin: Instance that will read it: signed reasoning goes back only there.
        names: Tool names by the ids of their calls.
        order: Places of the calls by their ids.
    """

    rendering: Rendering
    generation: Generation
    origin: str | None
    names: dict[str, str]
    order: dict[str, int]

    @classmethod
    def of(cls, request: Request, rendering: Rendering, generation: Generation, origin: str | None) -> Writing:
        """Begin to write the conversation of `request`."""
        calls = [call for message in request.messages for call in message.tool_calls]
        order = {call.id: number for number, call in enumerate(calls)}
        return cls(rendering, generation, origin, {call.id: call.name for call in calls}, order)


def render_conversation(request: Request, writing: Writing) -> tuple[WireContent | None, list[WireContent]]:
    """Return the system instruction and the contents. What a client of this dialect sent keeps its turns and their parts as they were.

    Raises:
        UnsupportedCapability: A block cannot be said in this dialect.
        InvalidRequestError: A tool call's arguments are no JSON object.
    """
    is_verbatim = request.dialect == NAME
    system, messages = (request.system, list(request.messages)) if is_verbatim else split_system(request)
    conversation = messages if is_verbatim else turns(messages)
    contents = [content for each in conversation if (content := _content(each, writing, is_verbatim=is_verbatim))]
    if writing.generation.wants_signatures:
        _mark_unsigned(contents)
    return _system(system, writing), contents


def _system(system: Content | None, writing: Writing) -> WireContent | None:
    if not system:
        return None
    return {"parts": render_parts(blocks_of(system), writing.rendering, _signature)}


def _content(message: ChatMessage, writing: Writing, *, is_verbatim: bool) -> WireContent | None:
    role = "model" if message.role == "assistant" else "user"
    parts = _parts(message.blocks, writing, is_verbatim=is_verbatim)
    if not parts and not is_verbatim:
        return None
    content = {"role": role, "parts": parts}
    return {**message.extra, **content} if is_verbatim else content


def _parts(blocks: Sequence[ContentBlock], writing: Writing, *, is_verbatim: bool) -> list[WirePart]:
    if not is_verbatim:
        results = sorted([each for each in blocks if isinstance(each, ToolResultBlock)], key=_place(writing))
        blocks = (*results, *[each for each in blocks if not isinstance(each, ToolResultBlock)])
    parts: list[WirePart] = []
    shown: list[ContentBlock] = []
    others: list[ContentBlock] = []
    for block in blocks:
        if isinstance(block, ToolResultBlock):
            parts += _said(others, writing)
            others.clear()
            parts.append(_result(block, writing, shown))
        elif not isinstance(block, ThinkingBlock) or writing.rendering.may_return(block, writing.origin):
            others.append(block)
    return [*parts, *_said([*shown, *others], writing)]


def _said(blocks: Iterable[ContentBlock], writing: Writing) -> list[WirePart]:
    return render_parts(blocks, writing.rendering, _signature)


def _place(writing: Writing) -> Any:
    """Calls without ids are told apart by the order of their results alone."""
    return lambda block: writing.order.get(block.tool_use_id, len(writing.order))


def _result(block: ToolResultBlock, writing: Writing, shown: list[ContentBlock]) -> WirePart:
    """Return the part of a result. Older models read no pictures in it: these are added to `shown`, to stand after the results."""
    rendering = writing.rendering
    name = block.name or writing.names.get(block.tool_use_id) or block.tool_use_id
    answer: dict[str, Any] = {} if is_made(block.tool_use_id) else {"id": block.tool_use_id}
    answer |= {"name": name, "response": response_of(block, is_own=rendering.is_own)}
    media = [each for each in blocks_of(block.content) if isinstance(each, MEDIA)]
    if media and (writing.generation.wants_signatures or rendering.dialect == NAME):
        answer["parts"] = [render_part(each, rendering) for each in media]
    else:
        shown += media
    part: WirePart = {"functionResponse": answer}
    if not rendering.is_own:
        return part
    extra = {key: value for key, value in own(block.extra, NAME).items() if key != "response"}
    nested = extra.pop("functionResponse", None)
    if isinstance(nested, dict):
        part["functionResponse"] = {**nested, **answer}
    return {**extra, **part}


def _mark_unsigned(contents: Iterable[WireContent]) -> None:
    """Say of steps that others made, or that lost their signature, that they need not be checked. Only the first call of a step is signed."""
    for content in contents:
        if content["role"] != "model":
            continue
        first = next((part for part in content["parts"] if "functionCall" in part), None)
        if first is not None:
            first.setdefault(SIGNATURE, UNCHECKED)


def _signature(block: ThinkingBlock) -> str | None:
    return block.signature
