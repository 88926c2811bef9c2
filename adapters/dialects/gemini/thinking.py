"""How hard the model shall think, both ways: a budget of tokens for Gemini 2.5, a level from Gemini 3 on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Request, Thinking
from .. import fields
from ..rendering import Rendering
from .generations import Generation
from .spelling import camelled
from .words import NAME

CONFIG: Final = "thinkingConfig"
_WHERE: Final = f"generationConfig.{CONFIG}"
_UNSPECIFIED: Final = "thinking_level_unspecified"

_BY_ITSELF: Final = -1
_NO_EFFORT: Final = "none"

# As Google's own endpoint for OpenAI's clients puts them; "pro" of 2.5 cannot do with less than 128.
_BUDGETS: Final[Mapping[str, int]] = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_LEAST: Final = 128
_MOST: Final = "high"
_LEVELS: Final = ((1024, "low"), (8192, "medium"))


def parse_thinking(config: fields.JsonObject) -> Thinking | None:
    """Return how hard to think.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    thinking = camelled(fields.optional_object(config, CONFIG, "generationConfig") or {})
    level = (fields.text(thinking, "thinkingLevel", _WHERE) or "").lower()
    budget = fields.integer(thinking, "thinkingBudget", _BY_ITSELF, _WHERE)
    if level and level != _UNSPECIFIED:
        return Thinking(effort=level)
    if budget is None:
        return None
    if budget == _BY_ITSELF:
        return Thinking(mode="adaptive")
    return Thinking(budget_tokens=budget) if budget else Thinking(mode="off")


def unnamed(config: fields.JsonObject) -> fields.JsonObject:
    """Return what else the client says of thinking: whether it wants to see it."""
    thinking = camelled(fields.optional_object(config, CONFIG, "generationConfig") or {})
    return fields.rest(thinking, {"thinkingLevel", "thinkingBudget"})


def add_thinking(config: dict[str, Any], request: Request, generation: Generation, rendering: Rendering) -> None:
    """Write how hard to think."""
    thinking = request.thinking
    if thinking is None:
        return
    wire = _own(thinking) if request.dialect == NAME else _translated(thinking, generation, rendering)
    if wire:
        config[CONFIG] = wire


def _own(thinking: Thinking) -> dict[str, Any]:
    if thinking.mode == "off":
        return {"thinkingBudget": 0}
    if thinking.effort is not None:
        return {"thinkingLevel": thinking.effort.upper()}
    return {"thinkingBudget": _BY_ITSELF if thinking.budget_tokens is None else thinking.budget_tokens}


def _translated(thinking: Thinking, generation: Generation, rendering: Rendering) -> dict[str, Any]:
    is_off = thinking.mode == "off" or thinking.effort == _NO_EFFORT
    if generation.never_thinks:
        if not is_off:
            rendering.warn("thinking was left out: this model does not think")
        return {}
    if is_off:
        return _least(generation, rendering)
    # Who asks for thinking in another dialect gets to see it there.
    return {"includeThoughts": True, **_amount(thinking, generation, rendering)}


def _least(generation: Generation, rendering: Rendering) -> dict[str, Any]:
    if generation.wants_signatures:
        rendering.warn("thinking cannot be switched off: the model was told to think as little as it can")
        return {"thinkingLevel": "LOW" if generation.is_pro else "MINIMAL"}
    if generation.is_pro:
        rendering.warn(f"thinking cannot be switched off: the model got the least budget, {_LEAST} tokens")
    return {"thinkingBudget": _LEAST if generation.is_pro else 0}


def _amount(thinking: Thinking, generation: Generation, rendering: Rendering) -> dict[str, Any]:
    budget, effort = thinking.budget_tokens, thinking.effort
    if generation.has_budgets or (effort is None and not generation.wants_signatures):
        return _budget(budget, effort, rendering)
    if effort is None and budget is None:
        return {}  # that is how it thinks unless it is told otherwise
    if effort is None:
        assert budget is not None
        effort = next((level for most, level in _LEVELS if budget <= most), _MOST)
        rendering.warn(f"a budget of {budget} thinking tokens was put as the level {effort}")
    elif effort not in _BUDGETS:
        rendering.warn(f"effort {effort!r} was put as the level {_MOST}")
        effort = _MOST
    return {"thinkingLevel": effort.upper()}


def _budget(budget: int | None, effort: str | None, rendering: Rendering) -> dict[str, Any]:
    if budget is not None or effort is None:
        return {"thinkingBudget": _BY_ITSELF if budget is None else budget}
    budget = _BUDGETS.get(effort, _BUDGETS[_MOST])
    rendering.warn(f"effort {effort!r} was put as a budget of {budget} thinking tokens")
    return {"thinkingBudget": budget}
