"""A request, written for a provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Request
from ....messages.errors import InvalidRequestError
from ..conversation import split_system, turns
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .block_rendering import WireBlock, Writing, render_blocks, says_something
from .models import Model
from .parameters import add_parameters
from .tools import add_tools
from .words import NAME, call_path, count_path

_GAPS: Final = Gaps()
_DOCUMENT: Final = "(document)"
# What of a request becomes tokens.
_COUNTED: Final = frozenset({"messages", "system", "toolConfig", "additionalModelRequestFields"})
# Where the profile of a model begins with the part of the world in which it runs.
_REGION: Final = re.compile(r"^(us|us-gov|eu|apac|jp|au|global)\.")
# Objects that hold what we write, and what a host or the settings add.
_SHARED: Final = frozenset({"additionalModelRequestFields", "inferenceConfig", "outputConfig"})


def render_request(request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
    """Return the request as the provider reads it.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: A tool call's arguments are no JSON object, or the request cannot be written as JSON.
    """
    body, rendering = _body(request, model, options)
    return WireRequest(
        path=call_path(model, stream=stream),
        body=write_json(body, InvalidRequestError),
        warnings=tuple(rendering.warnings),
    )


def render_count_call(request: Request, model: str, options: DialectOptions) -> WireRequest:
    """Return the question how long the prompt is. Models are counted for, and no profiles through which they are called.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: As for `render_request`.
    """
    body, rendering = _body(request, model, options)
    counted = {key: value for key, value in body.items() if key in _COUNTED}
    return WireRequest(
        path=count_path(_REGION.sub("", model)),
        body=write_json({"input": {"converse": counted}}, InvalidRequestError),
        warnings=tuple(rendering.warnings),
    )


def _body(request: Request, model: str, options: DialectOptions) -> tuple[dict[str, Any], Rendering]:
    rendering = Rendering.of(request, NAME)
    writing = Writing(rendering, Model(model), options.origin)
    note_losses(request, rendering, NAME, _GAPS)
    system, messages = split_system(request)
    body: dict[str, Any] = {"messages": _conversation(messages, writing)}
    prompt = render_blocks(system, writing) if system else []
    if says_something(prompt):
        body["system"] = prompt
    add_tools(body, request, writing)
    add_parameters(body, request, writing)
    if rendering.is_own:
        _merge(body, request.extra)
    else:
        rendering.leave_out(request.extra, NAME)
    _merge(body, options.extra_body)
    return body, rendering


def _conversation(messages: list[ChatMessage], writing: Writing) -> list[dict[str, Any]]:
    """Return the turns, the user's and the model's in alternation: a turn that says nothing, which is refused, leaves its neighbours as one."""
    wire: list[dict[str, Any]] = []
    for turn in turns(messages):
        said = writing.rendering.said(turn.content, NAME) if turn.role == "assistant" else turn.content
        content: list[WireBlock] = render_blocks(said, writing)
        if not says_something(content):
            continue
        if any("document" in block for block in content) and not any("text" in block for block in content):
            writing.rendering.warn(f"a text was put before a document: {NAME} takes none without")
            content.insert(0, {"text": _DOCUMENT})
        if wire and wire[-1]["role"] == turn.role:
            wire[-1]["content"] += content
        else:
            wire.append({"role": turn.role, "content": content})
    return wire


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        known = body.get(key)
        is_both = key in _SHARED and isinstance(known, dict) and isinstance(value, Mapping)
        body[key] = {**known, **value} if is_both else value  # type: ignore[dict-item]  # known is a dict there
