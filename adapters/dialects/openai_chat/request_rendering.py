"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from ....messages.chat import WRITTEN, Request
from ....messages.errors import InvalidRequestError
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .message_rendering import render_messages
from .parameters import MAX_TOKENS, REMEMBERED, add_generation, add_response_format, add_thinking
from .shared import add_shared
from .tools import add_tools
from .words import NAME, PATH

# Written by what they mean, and never by what stands in `extra`.
_OURS: Final = frozenset({"model", "messages", "stream", WRITTEN})
_GAPS: Final = Gaps(marks="has none", names=False, failures=True, details=False, titles=True, interjections=False)
# What a host marks goes along: some who imitate OpenAI know the marks.
_HOSTS_GAPS: Final = attrs.evolve(_GAPS, marks=None)
_TEMPLATE: Final = "chat_template_kwargs"


def render_request(
    request: Request, model: str, *, stream: bool, options: DialectOptions, max_tokens_field: str
) -> WireRequest:
    """Return the request as the provider reads it.

    Args:
        request: What the caller wants.
        model: The model that was chosen.
        stream: Whether the answer shall come as events; they always include usage.
        options: What the instance's settings add.
        max_tokens_field: Name of the limit of tokens, where the client did not choose one.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: The request cannot be written as JSON.
    """
    rendering = Rendering.of(request, NAME, is_imitation=max_tokens_field == MAX_TOKENS)
    note_losses(request, rendering, NAME, _HOSTS_GAPS if rendering.is_own else _GAPS)
    body: dict[str, Any] = {"model": model, "messages": render_messages(request, rendering)}
    add_tools(body, request, rendering)
    add_generation(body, request, rendering, max_tokens_field)
    add_response_format(body, request.response_format)
    add_thinking(body, request.thinking, options, rendering)
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    if not rendering.is_own:
        add_shared(body, request, rendering)
    elif request.extra:
        _add_extra(body, request)
    if request.metadata and request.dialect == NAME:
        body["metadata"] = request.metadata
    if options.extra_body:
        _merge(body, options.extra_body)
    if request.continues:
        _merge(body, options.continue_body)
    return WireRequest(path=PATH, body=write_json(body, InvalidRequestError), warnings=tuple(rendering.warnings))


def _add_extra(body: dict[str, Any], request: Request) -> None:
    said = _OURS if request.generation.max_tokens is None else _OURS | set(REMEMBERED[:2])
    extra = {key: value for key, value in request.extra.items() if key not in said and not _is_said(key, body)}
    _merge(body, extra)


def _is_said(key: str, body: Mapping[str, Any]) -> bool:
    """A choice without tools is refused, stream options without a stream too; top_k has been decided."""
    if key == "tool_choice":
        return "tools" not in body
    if key == "stream_options":
        return "stream" not in body
    return key == "top_k" and "top_k" in body


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        known = body.get(key)
        # What the client says about the template goes beside what the settings say; likewise for usage in streams.
        if key in (_TEMPLATE, "stream_options") and isinstance(known, dict) and isinstance(value, Mapping):
            body[key] = {**known, **value}
        else:
            body[key] = value
