"""Whole answers, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, StopReason, new_id
from ....messages.content import Content, ContentBlock, Extra, OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from ....messages.errors import ProviderError
from ..classify import classify_value
from ..extras import own
from ..json_text import json_kind, read_provider_object, write_json
from .calls import opaque_call, parse_provider_call, render_call
from .media import IMAGES, parse_images, render_media
from .message_parsing import NEW_FIELD_MARK, REASONING, REASONING_NEW
from .message_rendering import visible_text
from .parts import REFUSAL_MARK
from .sealed_reasoning import DETAILS, details_of
from .usage import parse_usage, render_usage
from .words import NAME, finish_reason_of, stop_reason_of

ID_PREFIX: Final = "chatcmpl-"

_KNOWN: Final = frozenset({"id", "object", "created", "model", "choices", "usage", "error"})
_KNOWN_CHOICE: Final = frozenset({"index", "message", "finish_reason", "logprobs"})
_KNOWN_MESSAGE: Final = frozenset({"role", "content", "refusal", "tool_calls", IMAGES, REASONING, REASONING_NEW})

# Year 9999, in Unix seconds.
_LAST_MOMENT: Final = 253_402_300_799


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_response(body: bytes) -> Response:
    """Return the answer.

    What has no name of ours goes to `extra`: fields of the top as they are, log probabilities as "logprobs", other
    fields of the choice under "choice".

    Raises:
        ProviderError: The body is not an answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    if is_error(answer):
        raise classify_value(answer)
    choice = _first_choice(answer)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ProviderError(f"the message of the provider's answer is {json_kind(message)}, and not an object")
    content = _content(message)
    parsed = ChatMessage(role="assistant", content=content, extra=_rest(message, _KNOWN_MESSAGE))
    met = stop_sequence_of(choice)
    return Response(
        message=parsed,
        id=_text(answer.get("id")) or new_id(ID_PREFIX),
        model=_text(answer.get("model")),
        created=_moment(answer.get("created")),
        stop_reason=stop_reason_of(
            choice.get("finish_reason"),
            has_calls=bool(parsed.tool_calls),
            refused=bool(message.get("refusal")),
            stop_sequence=met,
        ),
        stop_sequence=met,
        usage=parse_usage(answer.get("usage")),
        logprobs=_logprobs(choice.get("logprobs")),
        extra=_extra(answer, choice),
        extra_dialect=NAME,
    )


def is_error(answer: Mapping[str, Any]) -> bool:
    """Return whether an object is an error; vLLM had the second form for years."""
    return bool(answer.get("error")) or answer.get("object") == "error"


def stop_sequence_of(choice: Mapping[str, Any]) -> str | None:
    """Return the stop sequence that was met; vLLM tells it as `stop_reason`."""
    met = choice.get("stop_reason")
    return met if isinstance(met, str) and met and choice.get("finish_reason") == "stop" else None


def content_text(content: Any) -> str:
    """Return visible text; Mistral sends it in parts, beside its thinking."""
    return content if isinstance(content, str) else _parts_text(content, "text")


def reasoning_text(source: Mapping[str, Any]) -> tuple[str, bool]:
    """Return reasoning, and whether it came under the newer name; Mistral's is a part of the content."""
    old = _text(source.get(REASONING))
    if old:
        return old, False
    new = _text(source.get(REASONING_NEW))
    return (new, True) if new else (_parts_text(source.get("content"), "thinking"), False)


def _parts_text(content: Any, kind: str) -> str:
    """Return the text of all parts of a kind; thinking is made of parts again."""
    if not isinstance(content, list):
        return ""
    inner = [part.get(kind) for part in content if isinstance(part, dict) and part.get("type") == kind]
    return "".join([text if isinstance(text, str) else _parts_text(text, "text") for text in inner])


def _first_choice(answer: Mapping[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ProviderError("the provider's answer has no choices")
    return choices[0]


def _content(message: Mapping[str, Any]) -> Content:
    text = content_text(message.get("content"))
    blocks: list[ContentBlock] = []
    reasoning, is_new = reasoning_text(message)
    if reasoning:
        blocks.append(ThinkingBlock(text=reasoning, extra=NEW_FIELD_MARK if is_new else {}))
    refusal, calls = _text(message.get("refusal")), message.get("tool_calls") or ()
    images = parse_images(message.get(IMAGES))
    if not blocks and not refusal and not calls and not images:
        return text
    if text:
        blocks.append(TextBlock(text=text))
    if refusal:
        blocks.append(TextBlock(text=refusal, extra=REFUSAL_MARK))
    blocks += images
    if not isinstance(calls, (list, tuple)):
        raise ProviderError(f"the tool calls of the provider's answer are {json_kind(calls)}, and not an array")
    blocks += [parse_provider_call(call) for call in calls]
    return tuple(blocks)


def _extra(answer: Mapping[str, Any], choice: Mapping[str, Any]) -> Extra:
    extra = dict(_rest(answer, _KNOWN))
    if choice.get("logprobs") is not None:
        extra["logprobs"] = choice["logprobs"]
    more = dict(_rest(choice, _KNOWN_CHOICE))
    if stop_sequence_of(choice) is not None:
        del more["stop_reason"]
    if more:
        extra["choice"] = more
    return extra


def _logprobs(stated: Any) -> tuple[float, ...]:
    tokens = stated.get("content") if isinstance(stated, dict) else None
    if not isinstance(tokens, list):
        return ()
    values = [token.get("logprob") for token in tokens if isinstance(token, dict)]
    return tuple([float(value) for value in values if isinstance(value, (int, float))])


def _rest(source: Mapping[str, Any], known: frozenset[str]) -> Extra:
    """What is null says nothing: vendors write it for every field they might have filled."""
    return {key: value for key, value in source.items() if key not in known and value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> int:
    return int(value) if type(value) in (int, float) and 0 <= value <= _LAST_MOMENT else 0


# -- Writing ----------------------------------------------------------------------------------------------------------


def render_response(response: Response) -> bytes:
    """Return the whole answer as JSON bytes; official clients can read it, whoever gave it.

    Raises:
        ProviderError: It holds what JSON cannot say.
    """
    is_own = response.extra_dialect == NAME
    extra = response.extra if is_own else {}
    message = _render_message(response.message, is_own=is_own)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": extra.get("logprobs"),
        "finish_reason": _finish_reason(response, message),
    }
    if response.stop_sequence is not None:
        choice["stop_reason"] = response.stop_sequence
    if isinstance(extra.get("choice"), Mapping):
        choice = {**extra["choice"], **choice}
    answer = {
        "id": wire_id(response.id, is_own=is_own),
        "object": "chat.completion",
        "created": response.created,
        "model": response.model,
        "choices": [choice],
        "usage": render_usage(response.usage),
    }
    if extra:
        more = {key: value for key, value in extra.items() if key not in answer and key not in ("logprobs", "choice")}
        answer.update(more)
    return write_json(answer, ProviderError)


def wire_id(answer_id: str, *, is_own: bool) -> str:
    """Return the id as this dialect's clients expect it; an id of this dialect stays what it is."""
    if is_own or answer_id.startswith(ID_PREFIX):
        return answer_id
    return ID_PREFIX + answer_id.removeprefix("resp_")


def _finish_reason(response: Response, message: Mapping[str, Any]) -> str:
    if message["refusal"] is not None and response.stop_reason is StopReason.REFUSAL:
        # A refusal in words is an ordinary end to OpenAI; "content_filter" means that words were taken away.
        return "stop"
    return finish_reason_of(response.stop_reason, has_calls="tool_calls" in message)


def _render_message(message: ChatMessage, *, is_own: bool) -> dict[str, Any]:
    blocks = message.blocks
    calls = _render_calls(blocks, is_own=is_own)
    text, refusal = visible_text(blocks, refusal=False), visible_text(blocks, refusal=True)
    wire: dict[str, Any] = {
        "role": "assistant",
        "content": None if not text and (calls or refusal) else text,
        "refusal": refusal or None,
        **render_media(blocks),
    }
    reasoning = [block for block in blocks if isinstance(block, ThinkingBlock) and block.text]
    if reasoning:
        is_new = is_own and reasoning[0].extra.get("field") == REASONING_NEW
        wire[REASONING_NEW if is_new else REASONING] = "".join([block.text for block in reasoning])
    if details := details_of(blocks):
        wire[DETAILS] = details
    if calls:
        wire["tool_calls"] = calls
    return {**own(message.extra, NAME), **wire} if is_own and message.extra else wire


def _render_calls(blocks: tuple[ContentBlock, ...], *, is_own: bool) -> list[Any]:
    calls: list[Any] = []
    for block in blocks:
        if isinstance(block, ToolUseBlock):
            calls.append(render_call(block, is_own=is_own))
        elif isinstance(block, OpaqueBlock) and (call := opaque_call(block)) is not None:
            calls.append(call)
    return calls
