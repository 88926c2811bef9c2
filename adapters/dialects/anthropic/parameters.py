"""Sampling, output format, thinking: the request's parameters, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, ResponseFormat, Thinking
from ....messages.errors import InvalidRequestError
from .. import fields
from ..rendering import Rendering
from .words import NAME

GENERATION: Final = frozenset({"max_tokens", "temperature", "top_p", "top_k", "stop_sequences"})
_OUTPUT: Final = "output_config"

# Anthropic must be told a limit. This one is below what every model of the last years can write.
DEFAULT_MAX_TOKENS: Final = 8192
_LEAST_BUDGET: Final = 1024

# Where an effort of other dialects stands among budgets of thinking tokens, as gateways commonly translate it.
_BUDGETS: Final[Mapping[str, int]] = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768}
_NO_EFFORT: Final = "none"


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
    output = fields.optional_object(body, _OUTPUT) or {}
    effort = fields.text(output, "effort", _OUTPUT)
    if thinking is None or is_opaque_thinking(thinking):
        return None if effort is None else Thinking(mode="on", effort=effort)
    kind = fields.required_text(thinking, "type", "thinking")
    if kind == "disabled":
        return Thinking(mode="off", effort=effort)
    if kind == "adaptive":
        return Thinking(mode="adaptive", effort=effort)
    budget = thinking.get("budget_tokens")
    if type(budget) is not int or budget < _LEAST_BUDGET:
        where = "thinking.budget_tokens"
        raise InvalidRequestError(f"{where} must be an integer of at least {_LEAST_BUDGET}", param=where)
    return Thinking(mode="on", budget_tokens=budget, effort=effort)


def is_opaque_thinking(thinking: fields.JsonObject) -> bool:
    """Return whether the client asks for a kind of thinking that only this dialect knows ("between_tools")."""
    kind = thinking.get("type")
    return isinstance(kind, str) and kind not in ("enabled", "disabled", "adaptive")


def parse_response_format(body: fields.JsonObject) -> ResponseFormat | None:
    """Return the shape of the answer: `output_config.format`, or the older `output_format`."""
    output = fields.optional_object(body, _OUTPUT) or {}
    value, where = output.get("format"), f"{_OUTPUT}.format"
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


def add_generation(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write the sampling parameters; those that Anthropic lacks are left out with a warning."""
    generation = request.generation
    body["max_tokens"] = generation.max_tokens or DEFAULT_MAX_TOKENS
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


def add_thinking(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write how hard the model shall think, and leave room for the answer beside it."""
    thinking = request.thinking
    if thinking is None:
        return
    if rendering.is_own:
        _add_own_thinking(body, thinking, said_effort_alone=request.dialect == NAME)
    elif thinking.mode != "off" and thinking.effort != _NO_EFFORT:
        budget = thinking.budget_tokens or _BUDGETS.get(thinking.effort or "medium", _BUDGETS["medium"])
        body["thinking"] = {"type": "enabled", "budget_tokens": max(budget, _LEAST_BUDGET)}
        if thinking.budget_tokens is None:
            rendering.warn(f"effort {thinking.effort!r} was put as a budget of {budget} thinking tokens")
    budget = body.get("thinking", {}).get("budget_tokens", 0)
    if request.generation.max_tokens is None or not rendering.is_own:
        # The limit counts thinking too, and must be above the budget.
        body["max_tokens"] = max(body["max_tokens"], budget + DEFAULT_MAX_TOKENS if budget else 0)


def _add_own_thinking(body: dict[str, Any], thinking: Thinking, *, said_effort_alone: bool) -> None:
    """A client of this dialect that gave an effort and no budget may have said nothing of thinking; a host means it to be on."""
    if thinking.effort is not None:
        body.setdefault(_OUTPUT, {})["effort"] = thinking.effort
    if thinking.mode == "off":
        body["thinking"] = {"type": "disabled"}
    elif thinking.mode == "on" and thinking.budget_tokens is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": thinking.budget_tokens}
    elif thinking.mode == "adaptive" or thinking.effort is None or not said_effort_alone:
        body["thinking"] = {"type": "adaptive"}


def add_response_format(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write the shape of the answer."""
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return
    if wanted.type == "json_object" or wanted.schema is None:
        rendering.warn("json_object was left out: Anthropic shapes answers by a schema only")
        return
    body.setdefault(_OUTPUT, {})["format"] = {"type": "json_schema", "schema": wanted.schema}
