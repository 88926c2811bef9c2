"""A provider's whole answer, read; and what the events of a stream have in common with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, Usage, new_id
from ....messages.content import ContentBlock
from ....messages.errors import InvalidRequestError, ProviderError
from ..catalogue_fields import moment
from ..classify import classify_value
from ..counts import counted
from ..json_text import json_kind, read_provider_object
from ..openai_chat.parts import is_refusal
from ..usage_sum import count, reconciled
from .ids import PREVIOUS, STORE
from .input_parsing import parse_turn_item
from .words import NAME, stop_reason_of

_ENDED: Final = frozenset({"completed", "incomplete"})
# Said by what they mean, or about what the client asked of us and not of the provider.
_KNOWN: Final = frozenset(
    {
        "id",
        "object",
        "created_at",
        "status",
        "error",
        "incomplete_details",
        "model",
        "output",
        "output_text",
        "usage",
        "metadata",
        "background",
        PREVIOUS,
        STORE,
    }
)


def parse_response(body: bytes) -> Response:
    """Return the answer; fields of the response object without a name of ours go to `extra`.

    Raises:
        ProviderError: The body is not an answer, or one that has not ended.
        UpstreamError: It says that it failed.
    """
    answer = read_provider_object(body)
    refuse_failed(answer)
    if answer.get("status") not in _ENDED:
        raise ProviderError(f"the provider's answer has the status {answer.get('status')!r}, and not completed")
    output = answer.get("output")
    if not isinstance(output, list):
        raise ProviderError(f"the output of the provider's answer is {json_kind(output)}, and not an array")
    message = ChatMessage(role="assistant", content=tuple([block for item in output for block in blocks_of(item)]))
    return Response(
        message=message,
        id=text_of(answer, "id") or new_id("resp_"),
        model=text_of(answer, "model"),
        created=moment(answer.get("created_at")),
        stop_reason=stop_reason_of(
            answer, has_calls=bool(message.tool_calls), refused=any(is_refusal(each) for each in message.blocks)
        ),
        usage=parse_usage(answer.get("usage")),
        extra={key: value for key, value in answer.items() if key not in _KNOWN},
        extra_dialect=NAME,
    )


def parse_count_answer(body: bytes) -> int:
    """Return the number of tokens.

    Raises:
        ProviderError: The body is no count.
        UpstreamError: It is an error object under status 200.
    """
    return counted(body, "input_tokens")


def refuse_failed(answer: Mapping[str, Any]) -> None:
    """Raise what an answer says of its failure.

    Raises:
        UpstreamError: It failed, or was cancelled.
    """
    if answer.get("error"):
        raise classify_value({"error": answer["error"]})
    if answer.get("status") in ("failed", "cancelled"):
        raise ProviderError(f"the provider's answer has the status {answer['status']}, and does not say why")


def blocks_of(item: Any) -> list[ContentBlock]:
    """Return what an item of the output says; one of a kind without a name here is kept as it is.

    Raises:
        ProviderError: It is malformed.
    """
    if not isinstance(item, dict):
        raise ProviderError(f"an item of the provider's output is {json_kind(item)}, and not an object")
    try:
        return parse_turn_item(item, "output")
    except InvalidRequestError as error:
        raise ProviderError(f"the provider's answer is malformed: {error}") from error


def parse_usage(value: Any) -> Usage:
    """Return the counts in buckets that do not overlap; parts larger than the whole are clamped."""
    if not isinstance(value, dict):
        return Usage(source="partial")
    read, written = value.get("input_tokens_details"), value.get("output_tokens_details")
    whole, said = count(value, "input_tokens"), count(value, "output_tokens")
    cached = min(count(read, "cached_tokens"), whole)
    stored = min(count(read, "cache_write_tokens"), whole - cached)
    reasoning = min(count(written, "reasoning_tokens"), said)
    usage = Usage(
        uncached_input=whole - cached - stored,
        cache_read=cached,
        cache_write=stored,
        visible_output=said - reasoning,
        reasoning=reasoning,
    )
    return reconciled(usage, count(value, "total_tokens") or None)


def text_of(source: Mapping[str, Any], key: str) -> str:
    """Return a text field, "" where there is none."""
    value = source.get(key)
    return value if isinstance(value, str) else ""
