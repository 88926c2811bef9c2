"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import WRITTEN, Request
from ....messages.errors import InvalidRequestError
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .contents import Writing, render_conversation
from .generations import generation_of
from .parameters import CONFIG, generation_config
from .thinking import CONFIG as THINKING
from .thinking import add_thinking
from .tools import CONFIG as TOOL_CONFIG
from .tools import add_tools
from .words import NAME, call_path, count_path, resource_of

_GAPS: Final = Gaps(marks="caches by itself", strictness=True, descriptions=True)
_OURS: Final = frozenset({"contents", "model", CONFIG, WRITTEN})


def render_request(request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
    """Return the request as the provider reads it.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: A tool call's arguments are no JSON object, or the request cannot be written as JSON.
    """
    body, warnings = _body(request, model, options)
    path = call_path(model, stream=stream)
    return WireRequest(path=path, body=write_json(body, InvalidRequestError), warnings=warnings)


def render_count_call(request: Request, model: str, options: DialectOptions) -> WireRequest:
    """Return the question how long a prompt is: the whole request, for its tools and instructions count.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: As for `render_request`.
    """
    body, warnings = _body(request, model, options)
    counted = {"generateContentRequest": {"model": resource_of(model), **body}}
    return WireRequest(path=count_path(model), body=write_json(counted, InvalidRequestError), warnings=warnings)


def _body(request: Request, model: str, options: DialectOptions) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the body of a request, and what could not be carried."""
    rendering = Rendering.of(request, NAME)
    note_losses(request, rendering, NAME, _GAPS)
    generation = generation_of(model)
    writing = Writing.of(request, rendering, generation, options.origin)
    system, contents = render_conversation(request, writing)
    body: dict[str, Any] = {"contents": contents}
    if system is not None:
        body["systemInstruction"] = system
    add_tools(body, request, rendering)
    written = request.extra.get(WRITTEN, {}) if rendering.is_own else {}
    config = generation_config(request, written)
    add_thinking(config, request, generation, rendering)
    if written.get(THINKING):
        config[THINKING] = {**written[THINKING], **config.get(THINKING, {})}
    if config:
        body[CONFIG] = config
    _add_extra(body, request, rendering)
    _merge(body, options.extra_body)
    return body, tuple(rendering.warnings)


def _add_extra(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    if not rendering.is_own:
        rendering.leave_out(request.extra, NAME)
        return
    rest = request.extra.get(CONFIG)
    if isinstance(rest, Mapping):
        body[CONFIG] = {**rest, **body.get(CONFIG, {})}
    for key, value in request.extra.items():
        # What the client says of the choice among tools is more than we know of it; without tools there is none.
        if key not in _OURS and (key != TOOL_CONFIG or "tools" in body):
            body[key] = value


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    """What the settings say is laid over; parameters of sampling one by one."""
    for key, value in more.items():
        known = body.get(key)
        is_both = key == CONFIG and isinstance(known, dict) and isinstance(value, Mapping)
        body[key] = {**known, **value} if is_both else value  # type: ignore[dict-item]  # known is a dict there
