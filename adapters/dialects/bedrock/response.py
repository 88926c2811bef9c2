"""Whole answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, new_id
from ....messages.content import ContentBlock, ImageBlock, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError
from ..counts import counted
from ..json_text import json_kind, read_provider_object, write_json
from .usage import parse_usage
from .words import NAME, stop_reason_of

_KNOWN: Final = frozenset({"output", "stopReason", "usage"})
_SERVER_SIDE: Final = "server_tool_use"


def parse_response(body: bytes) -> Response:
    """Return the answer; fields without a name of ours (metrics, trace) go to `extra`.

    Raises:
        ProviderError: The body is not an answer.
    """
    answer = read_provider_object(body)
    output = answer.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        raise ProviderError(f"the content of the provider's answer is {json_kind(content)}, and not an array")
    said = ChatMessage(role="assistant", content=tuple([block_of(block) for block in content]))
    return Response(
        message=said,
        stop_reason=stop_reason_of(answer.get("stopReason"), has_calls=bool(said.tool_calls)),
        usage=parse_usage(answer.get("usage")),
        extra={key: value for key, value in answer.items() if key not in _KNOWN and value is not None},
        extra_dialect=NAME,
    )


def parse_count_answer(body: bytes) -> int:
    """Return the number of tokens.

    Raises:
        ProviderError: The body is no count.
        UpstreamError: It is an error object under status 200.
    """
    return counted(body, "inputTokens")


def block_of(value: Any) -> ContentBlock:
    """Return one block of an answer; a kind without a name of ours is kept as it is.

    Raises:
        ProviderError: It is malformed.
    """
    if not isinstance(value, dict):
        raise ProviderError("a block of the provider's answer is not an object")
    if isinstance(value.get("text"), str):
        return TextBlock(text=value["text"])
    call, reasoning = value.get("toolUse"), value.get("reasoningContent")
    if isinstance(call, dict) and call.get("type") != _SERVER_SIDE:
        return _call(call)
    if isinstance(reasoning, dict):
        return _thinking(reasoning)
    cited, image = value.get("citationsContent"), value.get("image")
    if isinstance(cited, dict):
        return TextBlock(text=_cited(cited), extra={"citationsContent": cited})
    if isinstance(image, dict) and (data := text_of(image.get("source"), "bytes")):
        return ImageBlock(source="base64", data=data, media_type=f"image/{text_of(image, 'format') or 'png'}")
    return OpaqueBlock(dialect=NAME, raw=value)


def _call(call: Mapping[str, Any]) -> ToolUseBlock:
    arguments = call.get("input")
    return ToolUseBlock(
        id=text_of(call, "toolUseId") or new_id("call_"),
        name=text_of(call, "name"),
        arguments=write_json({} if arguments is None else arguments, ProviderError).decode(),
    )


def _thinking(reasoning: Mapping[str, Any]) -> ThinkingBlock:
    hidden = text_of(reasoning, "redactedContent")
    if hidden:
        return ThinkingBlock(encrypted=hidden)
    said = reasoning.get("reasoningText")
    return ThinkingBlock(text=text_of(said, "text"), signature=text_of(said, "signature") or None)


def _cited(cited: Mapping[str, Any]) -> str:
    parts = cited.get("content")
    return "".join([text_of(part, "text") for part in parts]) if isinstance(parts, list) else ""


def text_of(source: Any, key: str) -> str:
    """Return a text field, "" where there is none."""
    value = source.get(key) if isinstance(source, dict) else None
    return value if isinstance(value, str) else ""
