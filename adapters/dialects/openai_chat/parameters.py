"""Sampling, output format, thinking: the request's parameters, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from ....messages.chat import WRITTEN, Generation, Request, ResponseFormat, Thinking
from ....messages.errors import InvalidRequestError
from .. import fields
from ..protocol import DialectOptions
from ..rendering import Rendering

MAX_TOKENS: Final = "max_tokens"
MAX_COMPLETION_TOKENS: Final = "max_completion_tokens"

# Parameters that have a name of ours, and of which it is remembered how the client wrote them (`WRITTEN`).
REMEMBERED: Final = (MAX_COMPLETION_TOKENS, MAX_TOKENS, "top_k")

GENERATION: Final = frozenset(
    {
        "temperature",
        "top_p",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        *REMEMBERED,
    }
)

_NO_GENERATION: Final = Generation()
_FORMATS: Final[Mapping[str, Literal["text", "json_object", "json_schema"]]] = {
    "text": "text",
    "json_object": "json_object",
    "json_schema": "json_schema",
}
_NO_EFFORT: Final = "none"

# Where a budget of thinking tokens stands among the efforts, as gateways commonly translate it.
_EFFORTS: Final = ((1024, "low"), (8192, "medium"))
_MOST_EFFORT: Final = "high"
# The word of each for as hard as can be.
_ANTHROPICS_MOST: Final = "max"
_OPENAIS_MOST: Final = "xhigh"


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_generation(body: fields.JsonObject) -> Generation:
    """Return the sampling parameters.

    Raises:
        InvalidRequestError: One has the wrong type or is out of range; `param` names it.
    """
    if GENERATION.isdisjoint(body):
        return _NO_GENERATION
    return Generation(
        temperature=fields.number(body, "temperature", 0, 2),
        top_p=fields.number(body, "top_p", 0, 1),
        top_k=fields.integer(body, "top_k"),
        max_tokens=_max_tokens(body),
        stop=_stop(body),
        seed=fields.integer(body, "seed"),
        presence_penalty=fields.number(body, "presence_penalty", -2, 2),
        frequency_penalty=fields.number(body, "frequency_penalty", -2, 2),
    )


def _max_tokens(body: fields.JsonObject) -> int | None:
    old = fields.integer(body, MAX_TOKENS, lowest=1)
    new = fields.integer(body, MAX_COMPLETION_TOKENS, lowest=1)
    return old if new is None else new


def _stop(body: fields.JsonObject) -> tuple[str, ...]:
    stop = body.get("stop")
    if stop is None:
        return ()
    if isinstance(stop, str):
        return (stop,)
    if not isinstance(stop, (list, tuple)):
        fields.refuse("stop", "a string or an array of strings", stop)
    for number, each in enumerate(stop):
        if not isinstance(each, str):
            fields.refuse(f"stop.{number}", "a string", each)
    return tuple(stop)


def parse_response_format(body: fields.JsonObject) -> ResponseFormat | None:
    """Return the shape of the answer; a kind without a name of ours is left to `is_opaque_format`."""
    value = fields.optional_object(body, "response_format")
    if value is None or is_opaque_format(value):
        return None
    kind = _FORMATS.get(fields.required_text(value, "type", "response_format"))
    assert kind is not None
    if kind != "json_schema":
        return ResponseFormat(type=kind)
    inner = "response_format.json_schema"
    if value.get("json_schema") is None:
        raise fields.missing(inner)
    schema = fields.as_object(value["json_schema"], inner)
    return ResponseFormat(
        type=kind,
        name=fields.text(schema, "name", inner) or "response",
        schema=fields.optional_object(schema, "schema", inner),
        strict=fields.boolean(schema, "strict", inner),
        description=fields.text(schema, "description", inner),
    )


def is_opaque_format(value: Any) -> bool:
    """Return whether an output format is of a kind that only some servers understand (grammar, structural_tag)."""
    return isinstance(value, Mapping) and isinstance(value.get("type"), str) and value["type"] not in _FORMATS


def parse_thinking(body: fields.JsonObject) -> Thinking | None:
    """Return how hard the model shall think."""
    effort = fields.text(body, "reasoning_effort")
    if not effort:
        return None
    return Thinking(mode="off" if effort == _NO_EFFORT else "on", effort=effort)


# -- Writing ----------------------------------------------------------------------------------------------------------


def add_generation(body: dict[str, Any], request: Request, rendering: Rendering, max_tokens_field: str) -> None:
    """Write the sampling parameters, the limit of tokens under the name that the client used."""
    generation = request.generation
    if generation.max_tokens is not None:
        remembered = written(request, rendering)
        field = next((name for name in REMEMBERED[:2] if name in remembered), max_tokens_field)
        body[field] = generation.max_tokens
    if generation.temperature is not None:
        body["temperature"] = generation.temperature
    if generation.top_p is not None:
        body["top_p"] = generation.top_p
    if generation.top_k is not None:
        _add_top_k(body, request, rendering)
    if generation.stop:
        body["stop"] = list(generation.stop)
    if generation.seed is not None:
        body["seed"] = generation.seed
    if generation.presence_penalty is not None:
        body["presence_penalty"] = generation.presence_penalty
    if generation.frequency_penalty is not None:
        body["frequency_penalty"] = generation.frequency_penalty


def written(request: Request, rendering: Rendering) -> Mapping[str, Any]:
    """Return the remembered parameters as a client of this dialect wrote them."""
    remembered: Mapping[str, Any] = request.extra.get(WRITTEN, {}) if rendering.is_own else {}
    return remembered


def _add_top_k(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    if rendering.is_imitation or "top_k" in written(request, rendering):
        body["top_k"] = request.generation.top_k
    else:
        rendering.warn("top_k was left out: OpenAI has no such parameter")


def add_response_format(body: dict[str, Any], response_format: ResponseFormat | None) -> None:
    """Write the shape of the answer."""
    if response_format is None:
        return
    wire: dict[str, Any] = {"type": response_format.type}
    if response_format.type == "json_schema":
        schema = {
            "name": response_format.name,
            "description": response_format.description,
            "schema": response_format.schema,
            "strict": response_format.strict,
        }
        wire["json_schema"] = {key: value for key, value in schema.items() if value is not None}
    body["response_format"] = wire


def add_thinking(
    body: dict[str, Any], thinking: Thinking | None, options: DialectOptions, rendering: Rendering
) -> None:
    """Write how hard the model shall think.

    Args:
        body: Where to.
        thinking: What the caller wants.
        options: Say whether the server's chat template has a switch for it.
        rendering: Takes the warnings.
    """
    switch = options.enable_thinking
    if switch is not None:
        wanted = switch if thinking is None else thinking.mode != "off"
        body["chat_template_kwargs"] = {"enable_thinking": wanted}
    effort = None if thinking is None else effort_of(thinking, rendering, has_switch=switch is not None)
    if effort is not None:
        body["reasoning_effort"] = effort


def effort_of(thinking: Thinking, rendering: Rendering, *, has_switch: bool = False) -> str | None:
    """Return how hard the model shall think, or None to leave it to the model.

    Args:
        thinking: What the caller wants.
        rendering: Takes the warnings.
        has_switch: Whether it is switched off by other means.
    """
    budget = thinking.budget_tokens
    if thinking.effort == _ANTHROPICS_MOST and not rendering.is_own:
        rendering.warn(f"effort {thinking.effort!r} was put as {_OPENAIS_MOST}")
        return _OPENAIS_MOST
    if thinking.effort is not None:
        return thinking.effort
    if thinking.mode == "off":
        if not has_switch:
            rendering.warn("thinking was not switched off: that takes an effort (none, minimal) which the model knows")
        return None
    if budget is None:
        if thinking.mode == "on" and not has_switch:
            rendering.warn(
                "whether it thinks was left to the model: here that is told by an effort, and none was named"
            )
        return None
    rendering.warn(f"a budget of {budget} thinking tokens was put as an effort")
    return next((effort for most, effort in _EFFORTS if budget <= most), _MOST_EFFORT)


def refuse_legacy(body: fields.JsonObject) -> None:
    """Refuse what was dropped from the API, and more answers than one.

    Raises:
        InvalidRequestError: The request holds such a parameter.
    """
    for old, new in (("functions", "tools"), ("function_call", "tool_choice")):
        if body.get(old) is not None:
            raise InvalidRequestError(f"{old} is no longer supported: use {new}", param=old)
    answers = fields.integer(body, "n", lowest=1)
    if answers is not None and answers != 1:
        raise InvalidRequestError(f"n must be 1, not {answers}: one request gives one answer", param="n")
