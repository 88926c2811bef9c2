"""A request, written for a provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Request
from ....messages.content import text_of
from ....messages.errors import InvalidRequestError
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..openai_chat.shared import SHARED, VERBOSITY
from ..openai_chat.words import NAME as CHAT
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .ids import PREVIOUS, STORE
from .item_rendering import render_input
from .parameters import add_format, add_reasoning, add_sampling, add_tools
from .words import COUNT_PATH, NAME, PATH

_GAPS: Final = Gaps(marks="caches by itself", failures=True, details=False, titles=True, interjections=False)

_ENCRYPTED: Final = "reasoning.encrypted_content"
# Those that reason, and are not tuned for chats; the others refuse to be asked for what they have encrypted.
_REASONS: Final = re.compile(r"(?:^|[/.])(?:o\d|gpt-[5-9]|gpt-oss|codex)(?!.*-chat)")

# Answers are kept here, and what is sent on is the whole conversation.
_OURS: Final = frozenset({PREVIOUS, STORE, "background"})
# Objects and lists of which the settings, or a client, say a part.
_JOINED: Final = frozenset({"text", "reasoning"})
_COUNTED: Final = frozenset({"model", "input", "instructions", "tools", "tool_choice", "reasoning", "text"})


def render_request(
    request: Request, model: str, *, stream: bool, options: DialectOptions, is_imitation: bool = False
) -> WireRequest:
    """Return the request as the provider reads it.

    Args:
        request: What the caller wants.
        model: The model that was chosen.
        stream: Whether the answer shall come as events.
        options: What the instance's settings add.
        is_imitation: Whether the server only imitates OpenAI.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: The request cannot be written as JSON.
    """
    body, rendering = _body(request, model, options, is_imitation=is_imitation)
    if stream:
        body["stream"] = True
    else:
        body.pop("stream_options", None)
    return WireRequest(path=PATH, body=write_json(body, InvalidRequestError), warnings=tuple(rendering.warnings))


def render_count_call(request: Request, model: str, options: DialectOptions) -> WireRequest:
    """Return the question how long the prompt is.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
    """
    body, rendering = _body(request, model, options)
    counted = {key: value for key, value in body.items() if key in _COUNTED}
    return WireRequest(path=COUNT_PATH, body=write_json(counted), warnings=tuple(rendering.warnings))


def _body(
    request: Request, model: str, options: DialectOptions, *, is_imitation: bool = False
) -> tuple[dict[str, Any], Rendering]:
    rendering = Rendering.of(request, NAME, is_imitation=is_imitation)
    note_losses(request, rendering, NAME, _GAPS)
    body: dict[str, Any] = {
        "model": model,
        "input": render_input(request, rendering, options.origin),
        # Nobody could find there what is kept there: clients know ids of ours.
        STORE: False,
    }
    if request.system:
        body["instructions"] = text_of(request.system)
    add_tools(body, request, rendering)
    add_sampling(body, request, rendering)
    add_format(body, request)
    add_reasoning(body, request, rendering)
    if request.metadata and request.dialect == NAME:
        body["metadata"] = request.metadata
    if request.thinking is not None or _REASONS.search(model):
        body["include"] = [_ENCRYPTED]
    if request.extra:
        _add_extra(body, request, rendering)
    _merge(body, options.extra_body)
    return body, rendering


def _add_extra(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    if not rendering.is_own:
        _add_shared(body, request, rendering)
        return
    said = {key: value for key, value in request.extra.items() if key not in _OURS}
    if "tools" not in body:
        said.pop("tool_choice", None)
    _merge(body, said)


def _add_shared(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write what a client of OpenAI's other dialect says and this one has a place for; of the rest it is noted that it was left out."""
    rest = dict(request.extra)
    if request.dialect == CHAT:
        body.update({key: rest.pop(key) for key in request.extra if key in SHARED})
        if VERBOSITY in rest:
            _merge(body, {"text": {**body.get("text", {}), VERBOSITY: rest.pop(VERBOSITY)}})
    rendering.leave_out(rest, NAME)


def _merge(body: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        known = body.get(key)
        if key in _JOINED and isinstance(known, dict) and isinstance(value, Mapping):
            body[key] = {**known, **value}
        elif key == "include" and isinstance(known, list) and isinstance(value, list):
            body[key] = list(dict.fromkeys([*known, *value]))
        else:
            body[key] = value
