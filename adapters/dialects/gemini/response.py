"""Whole answers, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ....messages.chat import ChatMessage, Response, new_id
from ....messages.content import ContentBlock, OpaqueBlock, ToolResultBlock
from ....messages.errors import ContentRefusedError, InvalidRequestError, ProviderError
from ..call_ids import CallIds
from ..classify import classify_value
from ..counts import counted
from ..json_text import json_kind, read_provider_object, write_json
from ..rendering import Rendering
from .call_ids import MARK, made_id
from .part_rendering import WirePart, render_parts
from .parts import parse_parts
from .signatures import signature_of
from .usage import parse_usage, render_usage
from .words import NAME, WORDS, stop_reason_of

_KNOWN: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "createTime", "error"})
_KNOWN_CANDIDATE: Final = frozenset({"content", "finishReason", "index"})
_CANDIDATE: Final = "candidate"


class AnswerIds(CallIds):
    """Ids of the calls in an answer: those without one get a new one."""

    def __init__(self) -> None:
        super().__init__(MARK)

    def call(self, call_id: str | None, name: str) -> str:
        """Return the id of a call."""
        return super().call(call_id or made_id(), name)


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_count_answer(body: bytes) -> int:
    """Return the number of tokens.

    Raises:
        ProviderError: The body is no count.
        UpstreamError: It is an error object under status 200.
    """
    return counted(body, "totalTokens")


def parse_response(body: bytes) -> Response:
    """Return the answer; what has no name of ours goes to `extra`, that of the candidate under "candidate".

    Raises:
        ContentRefusedError: The prompt was blocked.
        ProviderError: The body is not an answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    candidate = candidate_of(answer)
    if candidate is None:
        raise ProviderError("the provider's answer has no candidates")
    message = ChatMessage(role="assistant", content=blocks_of(candidate, AnswerIds()))
    extra = {key: value for key, value in answer.items() if key not in _KNOWN and value is not None}
    more = {key: value for key, value in candidate.items() if key not in _KNOWN_CANDIDATE and value is not None}
    return Response(
        message=message,
        id=text_of(answer, "responseId") or new_id("resp_"),
        model=text_of(answer, "modelVersion"),
        created=_created(answer.get("createTime")),
        stop_reason=stop_reason_of(candidate.get("finishReason"), has_calls=bool(message.tool_calls)),
        usage=parse_usage(answer.get("usageMetadata")),
        extra={**extra, _CANDIDATE: more} if more else extra,
        extra_dialect=NAME,
    )


def candidate_of(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the first candidate, or None where there is none.

    Raises:
        ContentRefusedError: The prompt was blocked.
        ProviderError: It is malformed.
        UpstreamError: It is an error.
    """
    if answer.get("error"):
        raise classify_value(answer)
    candidates = answer.get("candidates")
    if not candidates:
        _check_prompt(answer.get("promptFeedback"))
        return None
    if not isinstance(candidates, list) or not isinstance(candidates[0], dict):
        raise ProviderError(f"the candidates of the provider's answer are {json_kind(candidates)}, and not objects")
    return candidates[0]


def _check_prompt(feedback: Any) -> None:
    if isinstance(feedback, dict) and isinstance(reason := feedback.get("blockReason"), str):
        raise ContentRefusedError(f"the prompt was blocked: {reason[:100]}", status=200)


def blocks_of(candidate: Mapping[str, Any], ids: CallIds) -> tuple[ContentBlock, ...]:
    """Return the blocks of a candidate. A filter takes content away as a whole, so there may be none.

    Raises:
        ProviderError: They are malformed.
    """
    content = candidate.get("content")
    if content is None:
        return ()
    if not isinstance(content, dict):
        raise ProviderError(f"the content of the provider's answer is {json_kind(content)}, and not an object")
    parts = content.get("parts")
    try:
        return () if parts is None else parse_parts(parts, "parts", ids)
    except InvalidRequestError as error:
        # The same shapes as a client's; only whose fault it is differs.
        raise ProviderError(f"the provider's answer is malformed: {error}") from error


def text_of(source: Mapping[str, Any], key: str) -> str:
    """Return a text field, "" where it is absent or something else."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def _created(value: Any) -> int:
    try:
        return max(0, int(datetime.fromisoformat(value).timestamp())) if isinstance(value, str) else 0
    except (ValueError, OverflowError):
        return 0


# -- Writing ----------------------------------------------------------------------------------------------------------


def render_response(response: Response) -> bytes:
    """Return the whole answer as JSON bytes; official clients can read it, whoever gave it.

    Raises:
        ProviderError: It holds what JSON cannot say.
    """
    is_own = response.extra_dialect == NAME
    extra = dict(response.extra) if is_own else {}
    more = extra.pop(_CANDIDATE, {})
    candidate = {
        **more,
        "content": {"role": "model", "parts": answer_parts(response.message.blocks, is_own=is_own)},
        "finishReason": WORDS[response.stop_reason],
        "index": 0,
    }
    answer = {**extra, "candidates": [candidate], "usageMetadata": render_usage(response.usage)}
    answer |= {"modelVersion": response.model, "responseId": response.id}
    return write_json(answer, ProviderError)


def answer_parts(blocks: tuple[ContentBlock, ...], *, is_own: bool) -> list[WirePart]:
    """Return the parts of an answer; blocks that only another vendor's clients understand are left out.

    Args:
        blocks: Whole blocks.
        is_own: Whether Google made them: what others signed is sealed, so that it finds back to where it came from.

    Raises:
        ProviderError: A tool call's arguments are no JSON object.
    """
    rendering = Rendering(is_own=is_own, is_imitation=False, dialect=NAME)
    said = [block for block in blocks if not isinstance(block, ToolResultBlock) and _is_known(block)]
    try:
        return render_parts(said, rendering, lambda block: signature_of(block, is_own=is_own))
    except InvalidRequestError as error:
        raise ProviderError(str(error)) from error


def _is_known(block: ContentBlock) -> bool:
    return not isinstance(block, OpaqueBlock) or block.dialect == NAME
