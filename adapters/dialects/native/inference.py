"""/api/llm/inference: a conversation in, an answer or named events out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from ....messages.chat import Chunk, ChunkKind, Request, Response
from ....messages.content import ToolUseBlock
from ....messages.errors import InvalidRequestError, LegionError
from ..json_text import write_json
from ..protocol import EVENT_STREAM
from ..unsaid import unsaid
from .errors import NAME, NativeErrors, enveloped, error_fields
from .request import parse_inference

# Where a request remembers that its client wants to see the reasoning; it is nothing of a provider's.
_SHOWS_THINKING: Final = "include_thinking"


class NativeInference(NativeErrors):
    """What clients of the native API speak."""

    def parse_request(self, body: bytes) -> Request:
        """Return what the client wants.

        Raises:
            InvalidRequestError: The body is malformed; `param` names the field.
        """
        request, shows_thinking = parse_inference(body)
        if not shows_thinking:
            return request
        return attrs.evolve(request, metadata={**request.metadata, _SHOWS_THINKING: True})

    def render_response(self, response: Response, request: Request | None = None) -> bytes:
        """Return the whole answer."""
        shows_thinking = request is not None and bool(request.metadata.get(_SHOWS_THINKING))
        return enveloped(answer_fields(response, request, shows_thinking=shows_thinking))

    def stream_renderer(self, request: Request) -> NativeStream:
        """Return a fresh renderer for one streamed answer."""
        return NativeStream(request, shows_thinking=bool(request.metadata.get(_SHOWS_THINKING)))


def answer_fields(response: Response, request: Request | None, *, shows_thinking: bool = False) -> dict[str, Any]:
    """Return an answer as plain data."""
    answer: dict[str, Any] = {
        "request_id": response.request_id or (request.id if request is not None else ""),
        "content": response.text,
        "tool_calls": [_call_fields(call) for call in response.tool_calls],
        "stop_reason": str(response.stop_reason),
        "model": response.routing.model if response.routing is not None else response.model,
        "input_tokens": response.usage.input_tokens,
        "output_tokens": response.usage.output_tokens,
        "conversation_id": response.conversation_id or (request.conversation_id if request is not None else None),
    }
    if shows_thinking and response.message.thinking:
        answer["thinking"] = response.message.thinking
    if warnings := [*response.warnings, *unsaid(response.message, NAME)]:
        answer["warnings"] = warnings
    return answer


def _call_fields(call: ToolUseBlock) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "arguments": _arguments(call)}


def _arguments(call: ToolUseBlock) -> Any:
    """Return the arguments as an object; what the model wrote instead of one is shown as it is."""
    try:
        return call.input
    except InvalidRequestError:
        return call.arguments


class NativeStream:
    """Turns chunks into named events: text-delta, thinking-delta, tool-call, and at the end done or error."""

    framing = EVENT_STREAM

    def __init__(self, request: Request, *, shows_thinking: bool) -> None:
        self._request = request
        self._shows_thinking = shows_thinking
        self._calls: dict[int, tuple[str, str, list[str]]] = {}

    def render(self, chunk: Chunk) -> bytes:
        """Return the event for one chunk; b"" where it says nothing to the client."""
        if chunk.kind is ChunkKind.DELTA:
            return self._grown(chunk)
        if chunk.block_kind != "tool_use":
            return b""
        if chunk.kind is ChunkKind.BLOCK_START:
            self._calls[chunk.block] = (chunk.tool_id or "", chunk.tool_name or "", [])
        elif chunk.kind is ChunkKind.BLOCK_STOP and chunk.block in self._calls:
            return self._called(*self._calls.pop(chunk.block))
        return b""

    def _grown(self, chunk: Chunk) -> bytes:
        if chunk.block_kind == "text":
            return event("text-delta", {"delta": chunk.delta}) if chunk.delta else b""
        if chunk.block_kind == "tool_use" and chunk.block in self._calls:
            self._calls[chunk.block][2].append(chunk.delta)
        elif chunk.block_kind == "thinking" and self._shows_thinking and chunk.delta:
            return event("thinking-delta", {"delta": chunk.delta})
        return b""

    def _called(self, call_id: str, name: str, pieces: list[str]) -> bytes:
        call = ToolUseBlock(id=call_id, name=name, arguments="".join(pieces) or "{}")
        told = {"toolCallId": call_id, "toolName": name, "args": _arguments(call), "timestamp": _now()}
        return event("tool-call", told)

    def end(self, response: Response) -> bytes:
        """Return the closing events of a stream that finished."""
        enrichments = sendable(response.enrichments)
        shown = event("enrichment", enrichments) if enrichments else b""
        answer = answer_fields(response, self._request, shows_thinking=self._shows_thinking)
        return shown + event("done", answer)

    def fail(self, error: LegionError) -> bytes:
        """Return the closing event of a stream that failed."""
        return event("error", {**error_fields(error), "code": "stream_error", "reason": error_fields(error)["code"]})


def sendable(enrichments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be said in JSON of what the steps have found out; values of the steps' own types are not for clients."""
    shown: dict[str, Any] = {}
    for key, value in enrichments.items():
        try:
            write_json(value)
        except InvalidRequestError:
            continue
        shown[key] = value
    return shown


def event(name: str, data: Any) -> bytes:
    """Return one server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), write_json(data))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
