"""Whole answers: the response object with its output items."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Request, Response, Usage, new_id
from ....messages.content import ContentBlock, ImageBlock, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError
from ..extras import own
from ..json_text import write_json
from ..openai_chat.parts import is_refusal
from .ids import PREVIOUS, STORE, ResponseId
from .input_parsing import PHASE, SAID_BESIDE
from .reasoning import reasoning_item
from .words import NAME, PICTURE, ending

# What the answer repeats of the request where the client said it, and what OpenAI says where it did not.
_ECHOED: Final = {
    "background": False,
    "max_tool_calls": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    PREVIOUS: None,
    STORE: True,
    "top_logprobs": 0,
    "truncation": "disabled",
    "user": None,
}


_ID_PREFIXES: Final[Mapping[type, str]] = {ThinkingBlock: "rs_", ToolUseBlock: "fc_", ImageBlock: "ig_"}


def render_response(response: Response, request: Request | None = None) -> bytes:
    """Return the whole answer as JSON bytes; official clients can read it, whoever gave it.

    Raises:
        ProviderError: It holds what JSON cannot say.
    """
    known = None if request is None else ResponseId.of(request)
    answer = {
        **response_object(request, response.id, response.model, response.created),
        **(response.extra if response.extra_dialect == NAME else {}),
        **ending(response.stop_reason, says_why=any(is_refusal(block) for block in response.message.blocks)),
        "output": output_of(response.message.blocks, known),
        "usage": render_usage(response.usage),
    }
    return write_json(answer, ProviderError)


def response_object(request: Request | None, answer_id: str, model: str, created: int) -> dict[str, Any]:
    """Return the response object as it is while nothing has been said; `request` is what it repeats."""
    asked = request or Request(messages=())
    generation, wanted = asked.generation, asked.tool_choice
    known = None if request is None else ResponseId.of(request)
    return {
        "id": wire_id(answer_id) if known is None else str(known),
        "object": "response",
        "created_at": created or int(time.time()),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": asked.system,
        "max_output_tokens": generation.max_tokens,
        "model": model or asked.model or "",
        "output": [],
        "parallel_tool_calls": wanted is None or wanted.parallel is not False,
        "reasoning": {"effort": asked.thinking.effort if asked.thinking else None, "summary": None},
        "temperature": 1.0 if generation.temperature is None else generation.temperature,
        "text": {"format": _format(asked)},
        "tool_choice": _tool_choice(asked),
        "tools": [_tool(tool) for tool in asked.tools or ()],
        "top_p": 1.0 if generation.top_p is None else generation.top_p,
        "usage": None,
        "metadata": dict(asked.metadata),
        **{key: asked.extra.get(key, usual) for key, usual in _ECHOED.items()},
    }


def output_of(blocks: tuple[ContentBlock, ...], answer: ResponseId | None) -> list[dict[str, Any]]:
    """Return the items of an answer; blocks that only another vendor's clients understand are left out."""
    items: list[dict[str, Any]] = []
    for block in blocks:
        item = item_of(block, item_id(block, answer, len(items)))
        if item is not None:
            items.append(item)
    return items


def item_id(block: ContentBlock, answer: ResponseId | None, index: int) -> str:
    """Return an id for the item that a block becomes, at its place in the output of an answer."""
    kind = _ID_PREFIXES.get(type(block), "msg_")
    return new_id(kind) if answer is None else answer.item(kind, index)


def item_of(block: ContentBlock, id: str, status: str = "completed") -> dict[str, Any] | None:  # noqa: A002 - its name in the dialect
    """Return the output item that a block becomes, or None."""
    if isinstance(block, ThinkingBlock):
        return reasoning_item(block, id)
    if isinstance(block, ToolUseBlock):
        return {
            "id": id,
            "type": "function_call",
            "status": status,
            "call_id": block.id,
            "name": block.name,
            "arguments": block.arguments,
            **own(block.extra, NAME),
        }
    if isinstance(block, ImageBlock) and block.source == "base64":
        return {"id": id, "status": "completed", **own(block.extra, NAME), "type": PICTURE, "result": block.data}
    if isinstance(block, OpaqueBlock) and block.dialect == NAME:
        return dict(block.raw)
    if not isinstance(block, TextBlock):
        return None
    message = {"id": id, "type": "message", "status": status, "role": "assistant", "content": [text_part(block)]}
    phase = own(block.extra, NAME).get(PHASE)
    return message if phase is None else {**message, PHASE: phase}


def text_part(block: TextBlock) -> dict[str, Any]:
    """Return the part that holds a text, or a refusal in the model's own words."""
    if is_refusal(block):
        return {"type": "refusal", "refusal": block.text}
    beside = own(block.extra, NAME)
    return {"type": "output_text", "text": block.text, **{key: beside.get(key, []) for key in SAID_BESIDE}}


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect puts them."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total_tokens,
    }


def wire_id(answer_id: str) -> str:
    """Return the id as this dialect's clients expect it."""
    return answer_id if answer_id.startswith("resp_") else f"resp_{answer_id}"


def _format(request: Request) -> dict[str, Any]:
    wanted = request.response_format
    if wanted is None or wanted.type != "json_schema":
        return {"type": "text" if wanted is None else wanted.type}
    return {
        "type": "json_schema",
        "name": wanted.name,
        "schema": wanted.schema or {},
        "strict": wanted.strict,
        "description": wanted.description,
    }


def _tool_choice(request: Request) -> Any:
    choice = request.tool_choice
    if choice is None:
        return "auto"
    return {"type": "function", "name": choice.name} if choice.mode == "tool" else choice.mode


def _tool(tool: Any) -> dict[str, Any]:
    if tool.opaque is not None:
        return dict(tool.opaque)
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters or None,
        "strict": tool.strict,
    }
