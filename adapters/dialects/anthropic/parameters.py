"""Sampling, output format, thinking: the request's parameters, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, ResponseFormat, Thinking
from ....messages.errors import InvalidRequestError
from .. import fields
from ..claude import LEAST_BUDGET, OUTPUT, Claude, sampling, thinking_fields
from ..rendering import Rendering
from .words import NAME

GENERATION: Final = frozenset({"max_tokens", "temperature", "top_p", "top_k", "stop_sequences"})

# Anthropic must be told a limit. This one is below what every model of the last years can write.
DEFAULT_MAX_TOKENS: Final = 8192


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_generation(body: fields.JsonObject) -> Generation:
    """Return the sampling parameters.

    Raises:
        InvalidRequestError: One has the wrong type, is out of range, or `max_tokens` is missing; `param` names it.
    """
    max_tokens = fields.integer(body, "max_tokens", lowest=1)
    if max_tokens is None:
        raise fields.missing("max_tokens")
    return Generation(
        max_tokens=max_tokens,
        temperature=fields.number(body, "temperature", 0, 1),
        top_p=fields.number(body, "top_p", 0, 1),
        top_k=fields.integer(body, "top_k", lowest=0),
        stop=_stop(body),
    )


def _stop(body: fields.JsonObject) -> tuple[str, ...]:
    stop = body.get("stop_sequences")
    if stop is None:
        return ()
    for number, each in enumerate(fields.as_array(stop, "stop_sequences")):
        if not isinstance(each, str):
            fields.refuse(f"stop_sequences.{number}", "a string", each)
    return tuple(stop)


def parse_thinking(body: fields.JsonObject) -> Thinking | None:
    """Return whether and how hard the model shall think; a kind without a name of ours is left to `is_opaque_thinking`."""
    thinking = fields.optional_object(body, "thinking")
    output = fields.optional_object(body, OUTPUT) or {}
    effort = fields.text(output, "effort", OUTPUT)
    if thinking is None or is_opaque_thinking(thinking):
        return None if effort is None else Thinking(mode="on", effort=effort)
    kind = fields.required_text(thinking, "type", "thinking")
    if kind == "disabled":
        return Thinking(mode="off", effort=effort)
    if kind == "adaptive":
        return Thinking(mode="adaptive", effort=effort)
    budget = thinking.get("budget_tokens")
    if type(budget) is not int or budget < LEAST_BUDGET:
        where = "thinking.budget_tokens"
        raise InvalidRequestError(f"{where} must be an integer of at least {LEAST_BUDGET}", param=where)
    return Thinking(mode="on", budget_tokens=budget, effort=effort)


def is_opaque_thinking(thinking: fields.JsonObject) -> bool:
    """Return whether the client asks for a kind of thinking that only this dialect knows ("between_tools")."""
    kind = thinking.get("type")
    return isinstance(kind, str) and kind not in ("enabled", "disabled", "adaptive")


def parse_response_format(body: fields.JsonObject) -> ResponseFormat | None:
    """Return the shape of the answer: `output_config.format`, or the older `output_format`."""
    output = fields.optional_object(body, OUTPUT) or {}
    value, where = output.get("format"), f"{OUTPUT}.format"
    if value is None:
        value, where = body.get("output_format"), "output_format"
    if value is None:
        return None
    wanted = fields.as_object(value, where)
    kind = fields.required_text(wanted, "type", where)
    if kind != "json_schema":
        raise InvalidRequestError(f"{where}.type must be json_schema, not {kind[:50]!r}", param=f"{where}.type")
    schema = fields.optional_object(wanted, "schema", where)
    if schema is None:
        raise fields.missing(f"{where}.schema")
    return ResponseFormat(type="json_schema", schema=schema)


# -- Writing ----------------------------------------------------------------------------------------------------------


def add_generation(
    body: dict[str, Any], request: Request, claude: Claude, rendering: Rendering, origin: str | None
) -> None:
    """Write the sampling parameters, and how hard to think; what the model does not take is left out with a warning.

    Args:
        body: Where to.
        request: What the caller wants.
        claude: Who shall answer.
        rendering: Takes the warnings.
        origin: Instance that will read it.
    """
    is_own = request.dialect == NAME
    thinking = _own_thinking(request) if is_own else thinking_fields(request, claude, rendering, origin)
    generation = request.generation
    if request.dialect != NAME:
        thinks = thinking.get("thinking", {}).get("type") in ("enabled", "adaptive")
        generation = sampling(generation, claude, rendering, thinks=thinks)
    body.update(thinking)
    body["max_tokens"] = _limit(request, thinking)
    if generation.temperature is not None:
        body["temperature"] = min(generation.temperature, 1)
        if generation.temperature > 1:
            rendering.warn(f"temperature {generation.temperature:g} was lowered to 1, the highest that Anthropic knows")
    if generation.top_p is not None:
        body["top_p"] = generation.top_p
    if generation.top_k is not None:
        body["top_k"] = generation.top_k
    if generation.stop:
        body["stop_sequences"] = list(generation.stop)
    for name in ("seed", "presence_penalty", "frequency_penalty"):
        if getattr(generation, name) is not None:
            rendering.warn(f"{name} was left out: Anthropic has no such parameter")


def _limit(request: Request, thinking: Mapping[str, Any]) -> int:
    """Return the most tokens to write. The limit counts thinking too, so that room is left for the answer beside it."""
    wanted = request.generation.max_tokens
    budget: int = thinking.get("thinking", {}).get("budget_tokens", 0)
    if not budget or (wanted is not None and request.dialect == NAME):
        return wanted or DEFAULT_MAX_TOKENS
    return max(wanted or 0, budget + DEFAULT_MAX_TOKENS)


def _own_thinking(request: Request) -> dict[str, Any]:
    """A client of this dialect that gave an effort and no budget may have said nothing of thinking."""
    thinking = request.thinking
    if thinking is None:
        return {}
    said: dict[str, Any] = {} if thinking.effort is None else {OUTPUT: {"effort": thinking.effort}}
    if thinking.mode == "off":
        said["thinking"] = {"type": "disabled"}
    elif thinking.mode == "on" and thinking.budget_tokens is not None:
        said["thinking"] = {"type": "enabled", "budget_tokens": thinking.budget_tokens}
    elif thinking.mode == "adaptive":
        said["thinking"] = {"type": "adaptive"}
    return said


def add_response_format(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write the shape of the answer."""
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return
    if wanted.type == "json_object" or wanted.schema is None:
        rendering.warn("json_object was left out: Anthropic shapes answers by a schema only")
        return
    body.setdefault(OUTPUT, {})["format"] = {"type": "json_schema", "schema": wanted.schema}
