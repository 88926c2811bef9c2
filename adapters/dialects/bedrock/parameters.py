"""Sampling, thinking and the shape of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, Thinking
from ....messages.errors import InvalidRequestError
from ..claude import NO_EFFORT, sampling, thinking_fields
from ..json_text import write_json
from ..rendering import Rendering
from .block_rendering import Writing
from .models import Model
from .words import NAME

_MORE: Final = "additionalModelRequestFields"

# Room for the answer beside the thinking.
_ROOM: Final = 8192
_EFFORTS: Final = frozenset({"low", "medium", "high"})


def add_parameters(body: dict[str, Any], request: Request, writing: Writing) -> None:
    """Write how the model shall sample and think, and the shape of the answer. What only some models take goes beside, in their makers' words."""
    model, rendering = writing.model, writing.rendering
    more = _thinking(request, writing)
    generation = request.generation
    if model.claude is not None:
        thinks = more.get("thinking", {}).get("type") in ("enabled", "adaptive")
        generation = sampling(generation, model.claude, rendering, thinks=thinks)
    config = _sampling(generation, more, rendering)
    if generation.top_k is not None:
        _add_top_k(more, generation.top_k, model, rendering)
    if config:
        body["inferenceConfig"] = config
    if more:
        body[_MORE] = more
    _add_format(body, request, rendering)


def _sampling(generation: Generation, more: Mapping[str, Any], rendering: Rendering) -> dict[str, Any]:
    temperature = generation.temperature
    if temperature is not None and temperature > 1:
        rendering.warn(f"temperature {temperature:g} was lowered to 1, the highest that {NAME} knows")
        temperature = 1
    for name in ("seed", "presence_penalty", "frequency_penalty"):
        if getattr(generation, name) is not None:
            rendering.warn(f"{name} was left out: {NAME} has no such parameter")
    config = {
        "maxTokens": _limit(generation.max_tokens, more),
        "temperature": temperature,
        "topP": generation.top_p,
        "stopSequences": list(generation.stop) or None,
    }
    return {name: value for name, value in config.items() if value is not None}


def _limit(wanted: int | None, more: Mapping[str, Any]) -> int | None:
    """Return the most tokens to write. The limit counts thinking too, and must be above its budget."""
    budget: int = more.get("thinking", {}).get("budget_tokens", 0)
    if not budget:
        return wanted
    return max(wanted or 0, budget + _ROOM)


def _add_top_k(more: dict[str, Any], top_k: int, model: Model, rendering: Rendering) -> None:
    if model.claude is not None:
        more["top_k"] = top_k
    elif model.is_nova:
        more["inferenceConfig"] = {"topK": top_k}
    else:
        rendering.warn("top_k was left out: this model has no such parameter")


def _thinking(request: Request, writing: Writing) -> dict[str, Any]:
    thinking, model, rendering = request.thinking, writing.model, writing.rendering
    if model.claude is not None:
        return thinking_fields(request, model.claude, rendering, writing.origin)
    if thinking is None:
        return {}
    is_off = thinking.mode == "off" or thinking.effort == NO_EFFORT
    if model.is_reasoning_nova:
        if is_off:
            return {"reasoningConfig": {"type": "disabled"}}
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _effort(thinking, rendering)}}
    if model.is_gpt and not is_off:
        return {"reasoning_effort": _effort(thinking, rendering)}
    if not is_off:
        rendering.warn("thinking was left out: how this model is told to think is not known")
    return {}


def _effort(thinking: Thinking, rendering: Rendering) -> str:
    if thinking.effort in _EFFORTS:
        return thinking.effort
    effort = "low" if thinking.effort == "minimal" else "high" if thinking.effort else "medium"
    if thinking.effort is not None or thinking.budget_tokens is not None:
        rendering.warn(f"{_said(thinking)} was put as the effort {effort}")
    return effort


def _said(thinking: Thinking) -> str:
    if thinking.effort is not None:
        return f"effort {thinking.effort!r}"
    return f"a budget of {thinking.budget_tokens} thinking tokens"


def _add_format(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return
    if wanted.type == "json_object" or wanted.schema is None:
        rendering.warn(f"json_object was left out: {NAME} shapes answers by a schema only")
        return
    schema = {"schema": write_json(wanted.schema, InvalidRequestError).decode(), "name": wanted.name}
    if wanted.description is not None:
        schema["description"] = wanted.description
    body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
