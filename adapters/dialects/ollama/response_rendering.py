"""A whole answer, written for a client, and what the lines of a stream share with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ....messages.chat import Request, Response
from ....messages.content import ContentBlock, ImageBlock, ToolUseBlock
from ....messages.errors import InvalidRequestError, ProviderError
from ..json_text import write_json
from ..moments import rfc3339
from .words import DONE_REASONS, NAME

WireMessage = dict[str, Any]


def render_chat(response: Response) -> bytes:
    """Return the answer as `/api/chat` gives it.

    Raises:
        ProviderError: JSON cannot say it, or a tool call's arguments are no JSON object.
    """
    return _rendered(response, {"message": {"role": "assistant", **_said(response)}})


def render_generate(response: Response) -> bytes:
    """Return the answer as `/api/generate` gives it.

    Raises:
        ProviderError: As for `render_chat`.
    """
    message = _said(response)
    return _rendered(response, {"response": message.pop("content"), **message})


def render_loaded(request: Request, empty: Mapping[str, Any]) -> bytes:
    """Return the answer to a request without a prompt: nothing was generated, and nothing was done."""
    reason = "unload" if request.extra.get("keep_alive") in (0, "0", "0s", "0m", "0h") else "load"
    return write_json({**head(request.model or "", time.time()), **empty, "done": True, "done_reason": reason})


def head(model: str, at: float) -> dict[str, Any]:
    """Return what every answer and every line begins with; `at` is in Unix seconds."""
    return {"model": model, "created_at": rfc3339(at)}


def closing(response: Response) -> dict[str, Any]:
    """Return what the end of an answer says: why it ended, and the counts.

    Who reads the durations divides by them, for tokens a second: what Ollama itself did not measure is, as seen from here, all generation.
    """
    took = 0 if response.routing is None else int(response.routing.latency_ms * 1_000_000)
    counted = {
        "total_duration": took,
        "load_duration": 0,
        "prompt_eval_count": response.usage.input_tokens,
        "prompt_eval_duration": 0,
        "eval_count": response.usage.output_tokens,
        "eval_duration": took,
    }
    own = response.extra if response.extra_dialect == NAME else {}
    return {"done": True, "done_reason": DONE_REASONS[response.stop_reason], **counted, **own}


def wire_call(call: ToolUseBlock, index: int) -> dict[str, Any]:
    """Return a tool call.

    Args:
        call: The call.
        index: Its place among those of the turn.

    Raises:
        ProviderError: Its arguments are no JSON object.
    """
    try:
        arguments = call.input
    except InvalidRequestError as error:
        raise ProviderError(str(error)) from error
    return {"id": call.id, "function": {"index": index, "name": call.name, "arguments": arguments}}


def images_of(blocks: Iterable[ContentBlock]) -> list[str]:
    """Return the pictures that a model made."""
    return [block.data for block in blocks if isinstance(block, ImageBlock) and block.source == "base64"]


def _rendered(response: Response, said: Mapping[str, Any]) -> bytes:
    return write_json({**head(response.model, response.created), **said, **closing(response)}, ProviderError)


def _said(response: Response) -> WireMessage:
    message: WireMessage = {"content": response.text}
    if thinking := response.message.thinking:
        message["thinking"] = thinking
    if images := images_of(response.message.blocks):
        message["images"] = images
    if calls := response.tool_calls:
        message["tool_calls"] = [wire_call(call, index) for index, call in enumerate(calls)]
    return message
