"""Whole answers, and what they have in common with the lines of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, Usage, new_id
from ....messages.content import Content, ContentBlock, ImageBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError
from ..classify import classify_value
from ..json_text import json_kind, read_provider_object, write_json
from ..usage_sum import count
from .message_parsing import picture_type
from .words import NAME, stop_reason_of

_KNOWN: Final = frozenset(
    {"model", "created_at", "message", "done", "done_reason", "prompt_eval_count", "eval_count", "error"}
)
_SECONDS: Final = len("2023-11-14T22:13:20")


def parse_response(body: bytes) -> Response:
    """Return the answer; durations go to `extra`.

    Raises:
        ProviderError: The body is not an answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    if answer.get("error"):
        raise classify_value(answer)
    content = _content(message_of(answer))
    message = ChatMessage(role="assistant", content=content)
    return Response(
        message=message,
        model=text_of(answer, "model"),
        created=_created(answer.get("created_at")),
        stop_reason=stop_reason_of(answer.get("done_reason"), has_calls=bool(message.tool_calls)),
        usage=usage_of(answer),
        extra={key: value for key, value in answer.items() if key not in _KNOWN},
        extra_dialect=NAME,
    )


def message_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message of an answer or a line.

    Raises:
        ProviderError: There is none.
    """
    message = answer.get("message")
    if not isinstance(message, dict):
        raise ProviderError(f"the message of the provider's answer is {json_kind(message)}, and not an object")
    return message


def calls_of(message: Mapping[str, Any]) -> list[ToolUseBlock]:
    """Return the tool calls of a message; newer servers give them ids, older ones leave that to us.

    Raises:
        ProviderError: One is no call.
    """
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise ProviderError(f"the tool calls of the provider's answer are {json_kind(calls)}, and not an array")
    return [_call(call) for call in calls]


def images_of(message: Mapping[str, Any]) -> list[ImageBlock]:
    """Return the pictures that a model made; their first bytes tell their type.

    Raises:
        ProviderError: They are no list of texts in base64.
    """
    images = message.get("images") or []
    if not isinstance(images, list) or not all(isinstance(each, str) for each in images):
        raise ProviderError("the images of the provider's answer are not texts in base64")
    return [ImageBlock(source="base64", data=each, media_type=picture_type(each) or "image/png") for each in images]


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """Return the tokens; a prompt that was cached whole has no count."""
    return Usage(uncached_input=count(answer, "prompt_eval_count"), visible_output=count(answer, "eval_count"))


def text_of(source: Mapping[str, Any], key: str) -> str:
    """Return a text field, "" where there is none."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def _content(message: Mapping[str, Any]) -> Content:
    text, thinking = text_of(message, "content"), text_of(message, "thinking")
    calls, images = calls_of(message), images_of(message)
    if not thinking and not calls and not images:
        return text
    blocks: list[ContentBlock] = []
    if thinking:
        blocks.append(ThinkingBlock(text=thinking))
    if text:
        blocks.append(TextBlock(text=text))
    return (*blocks, *images, *calls)


def _call(call: Any) -> ToolUseBlock:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise ProviderError("a tool call in the provider's answer names no function")
    arguments = function.get("arguments")
    written = arguments if isinstance(arguments, str) else write_json(arguments or {}, ProviderError).decode()
    return ToolUseBlock(
        id=text_of(call, "id") or new_id("call_"), name=text_of(function, "name"), arguments=written or "{}"
    )


def _created(value: Any) -> int:
    """Read RFC 3339; the fraction has up to nine digits and says nothing that is kept."""
    if not isinstance(value, str):
        return 0
    zone = value[_SECONDS:].lstrip(".0123456789") or "Z"
    try:
        return max(0, int(datetime.fromisoformat(value[:_SECONDS] + zone).timestamp()))
    except (ValueError, OverflowError):
        return 0
