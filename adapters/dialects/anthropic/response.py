"""Whole answers, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, new_id
from ....messages.content import ContentBlock, ImageBlock, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import InvalidRequestError, ProviderError
from ..classify import classify_value
from ..counts import counted
from ..extras import own
from ..json_text import json_kind, read_provider_object, write_json
from ..plain_ids import plain_id
from ..seal import sealed
from .block_rendering import image_block
from .blocks import parse_block
from .usage import parse_usage, render_usage
from .words import NAME, stop_reason_of, word_of

ID_PREFIX: Final = "msg_"

_KNOWN: Final = frozenset({"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"})


def parse_response(body: bytes) -> Response:
    """Return the answer; fields without a name of ours go to `extra`.

    Raises:
        ProviderError: The body is not an answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    if answer.get("type") == "error" or answer.get("error"):
        raise classify_value(answer)
    message = ChatMessage(role="assistant", content=blocks_of(answer.get("content")))
    return Response(
        message=message,
        id=text_of(answer, "id") or new_id(ID_PREFIX),
        model=text_of(answer, "model"),
        stop_reason=stop_reason_of(answer.get("stop_reason"), has_calls=bool(message.tool_calls)),
        stop_sequence=text_of(answer, "stop_sequence") or None,
        usage=parse_usage(answer.get("usage")),
        extra={key: value for key, value in answer.items() if key not in _KNOWN and value is not None},
        extra_dialect=NAME,
    )


def blocks_of(content: Any) -> tuple[ContentBlock, ...]:
    """Return the blocks of a provider's answer.

    Raises:
        ProviderError: They are malformed.
    """
    if not isinstance(content, list):
        raise ProviderError(f"the content of the provider's answer is {json_kind(content)}, and not an array")
    return tuple([block_of(block, f"content.{number}") for number, block in enumerate(content)])


def block_of(value: Any, where: str) -> ContentBlock:
    """Return one block of a provider's answer.

    Raises:
        ProviderError: It is malformed.
    """
    try:
        return parse_block(value, where)
    except InvalidRequestError as error:
        # The same shapes as a client's; only whose fault it is differs.
        raise ProviderError(f"the provider's answer is malformed: {error}") from error


def text_of(source: Mapping[str, Any], key: str) -> str:
    """Return a text field, "" where it is absent or something else."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


# -- Writing ----------------------------------------------------------------------------------------------------------


def parse_count_answer(body: bytes) -> int:
    """Return the number of tokens.

    Raises:
        ProviderError: The body is no count.
        UpstreamError: It is an error object under status 200.
    """
    return counted(body, "input_tokens")


def render_response(response: Response) -> bytes:
    """Return the whole answer as JSON bytes; official clients can read it, whoever gave it.

    Raises:
        ProviderError: It holds what JSON cannot say.
    """
    is_own = response.extra_dialect == NAME
    extra = response.extra if is_own else {}
    has_calls = bool(response.tool_calls)
    answer = {
        **extra,
        "id": wire_id(response.id),
        "type": "message",
        "role": "assistant",
        "model": response.model,
        "content": [
            wire for block in response.message.blocks if (wire := render_block(block, is_own=is_own)) is not None
        ],
        "stop_reason": word_of(response.stop_reason, has_calls=has_calls),
        "stop_sequence": response.stop_sequence,
        "usage": render_usage(response.usage),
    }
    return write_json(answer, ProviderError)


def wire_id(answer_id: str) -> str:
    """Return the id as this dialect's clients expect it."""
    return answer_id if answer_id.startswith(ID_PREFIX) else ID_PREFIX + answer_id.removeprefix("resp_")


def render_block(block: ContentBlock, *, is_own: bool) -> dict[str, Any] | None:
    """Return a block of an answer; None for one of a kind that only another dialect understands.

    Args:
        block: The block.
        is_own: Whether Anthropic made it: what another vendor signed or encrypted is sealed, so that it finds back to where it came from.
    """
    if isinstance(block, TextBlock):
        return {**own(block.extra, NAME), "type": "text", "text": block.text}
    if isinstance(block, ToolUseBlock):
        return {"type": "tool_use", "id": plain_id(block.id), "name": block.name, "input": _input(block)}
    if isinstance(block, ThinkingBlock):
        return _thinking(block, is_own=is_own)
    if isinstance(block, ImageBlock):
        # Anthropic's own models make none; this is how its clients write one.
        return image_block(block)
    return dict(block.raw) if isinstance(block, OpaqueBlock) and block.dialect == NAME else None


def _thinking(block: ThinkingBlock, *, is_own: bool) -> dict[str, Any]:
    if block.encrypted is not None and not block.text:
        return {"type": "redacted_thinking", "data": block.encrypted if is_own else sealed(block)}
    return {"type": "thinking", "thinking": block.text, "signature": signature_of(block, is_own=is_own)}


def signature_of(block: ThinkingBlock, *, is_own: bool) -> str:
    """Return what stands as the signature of readable reasoning; "" for none."""
    if is_own or (block.signature is None and block.encrypted is None):
        return block.signature or ""
    return sealed(block)


def _input(block: ToolUseBlock) -> Any:
    try:
        return block.input
    except InvalidRequestError as error:
        raise ProviderError(str(error)) from error
