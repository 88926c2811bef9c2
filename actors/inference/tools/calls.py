"""A model's calls and their results: every call has an id of its own, and gets exactly one result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from ....messages.chat import ChatMessage, Response
from ....messages.content import ContentBlock, TextBlock, ToolResultBlock, ToolUseBlock
from ....messages.errors import InvalidRequestError
from ....messages.ids import new_id
from ....messages.tools import ToolOutcome

_CUT: Final = "\n[cut here: {0} of {1} characters are shown]"


@attrs.frozen(kw_only=True)
class CallRecord:
    """A call that was answered by us, for the record; neither arguments nor result.

    Attributes:
        status: success or error.
        source: host or mcp; "" for a tool that does not exist, or a call that was not run.
    """

    id: str
    name: str
    status: str
    source: str
    duration_ms: float


def with_ids(response: Response) -> Response:
    """Return the answer with an id for every call: a missing one, and one that was used before, is replaced."""
    seen: set[str] = set()
    blocks: list[ContentBlock] = []
    for block in response.message.blocks:
        if isinstance(block, ToolUseBlock):
            if not block.id or block.id in seen:
                block = attrs.evolve(block, id=new_id("call_"))  # noqa: PLW2901 - the block as it goes on from here
            seen.add(block.id)
        blocks.append(block)
    if all(new is old for new, old in zip(blocks, response.message.blocks, strict=True)):
        return response
    return attrs.evolve(response, message=attrs.evolve(response.message, content=tuple(blocks)))


def arguments_of(call: ToolUseBlock) -> Mapping[str, Any] | ToolOutcome:
    """Return the call's arguments, or the outcome that tells the model what is wrong with them."""
    try:
        return call.input
    except InvalidRequestError as error:
        return ToolOutcome(content=f"the call was not made: {error.message}", is_error=True)


def signature_of(call: ToolUseBlock) -> tuple[str, str]:
    """Return what makes two calls the same: tool and arguments, however those are written."""
    try:
        return call.name, json.dumps(json.loads(call.arguments or "{}"), sort_keys=True)
    except (ValueError, RecursionError):
        return call.name, call.arguments


def result_message(calls: Sequence[ToolUseBlock], outcomes: Sequence[ToolOutcome], most_chars: int) -> ChatMessage:
    """Return the message that answers calls, in their order."""
    blocks = tuple(
        ToolResultBlock(tool_use_id=call.id, content=_shown(outcome, most_chars), is_error=outcome.is_error)
        for call, outcome in zip(calls, outcomes, strict=True)
    )
    return ChatMessage(role="tool", content=blocks)


def _shown(outcome: ToolOutcome, most: int) -> Any:
    if isinstance(outcome.content, str):
        return _cut(outcome.content, most)
    left = most
    shown: list[ContentBlock] = []
    for block in outcome.content:
        if isinstance(block, TextBlock):
            text = _cut(block.text, max(left, 0))
            left -= len(block.text)
            shown.append(block if text == block.text else attrs.evolve(block, text=text))
        else:
            shown.append(block)
    return tuple(shown)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + _CUT.format(most, len(text))
