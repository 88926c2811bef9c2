"""What Claude takes, whoever serves it: how hard to think has been told in three ways since 3.7, and sampling is no longer told at all.

Up to 4.5 thinking has a budget of tokens. From 4.6 on it is "adaptive", with an effort; from 4.7 on budgets are refused, and so are
temperature, top_p and top_k; from 5.5 on it cannot be switched off. While it thinks with a budget, a model takes no temperature but 1, no
top_k, and no tool choice that forces a call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from ...messages.chat import ChatMessage, Generation, Request, Thinking
from ...messages.content import ThinkingBlock, ToolResultBlock
from .rendering import Rendering

LEAST_BUDGET: Final = 1024
NO_EFFORT: Final = "none"
OUTPUT: Final = "output_config"

# "claude-sonnet-4-6", "claude-opus-4-20250514" (a date is no version), "claude-3-7-sonnet-20250219", "us.anthropic.claude-haiku-4-5-20251001-v1:0"
_NEW: Final = re.compile(r"claude-[a-z]+-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_OLD: Final = re.compile(r"claude-(\d)(?:-(\d))?-[a-z]+")
_ADAPTIVE: Final = (4, 6)
_UNBUDGETED: Final = (4, 7)
_ALWAYS: Final = (5, 5)

# Where an effort of other dialects stands among budgets of thinking tokens, as gateways commonly translate it, and the other way round.
_BUDGETS: Final[Mapping[str, int]] = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768}
_EFFORTS: Final = ((1024, "low"), (8192, "medium"))
_MOST: Final = "high"
_LEAST: Final = "low"
_KNOWN: Final = frozenset({"low", "medium", "high", "xhigh", "max"})


@attrs.frozen
class Claude:
    """A model of Anthropic's as its name describes it.

    Attributes:
        version: (4, 6) for "claude-sonnet-4-6"; None for a name that tells none, which is taken for one of the older.
    """

    version: tuple[int, int] | None

    @property
    def is_adaptive(self) -> bool:
        """Whether it is told an effort, and not a budget."""
        return self.version is not None and self.version >= _ADAPTIVE

    @property
    def takes_budgets(self) -> bool:
        """Whether it takes a budget, and sampling parameters."""
        return self.version is None or self.version < _UNBUDGETED

    @property
    def always_thinks(self) -> bool:
        """Whether it cannot be told not to think."""
        return self.version is not None and self.version >= _ALWAYS


def claude_of(model: str) -> Claude:
    """Return what the name of a model says."""
    found = _NEW.search(model) or _OLD.search(model)
    return Claude(None if found is None else (int(found[1]), int(found[2] or 0)))


def thinking_fields(request: Request, claude: Claude, rendering: Rendering, origin: str | None) -> dict[str, Any]:
    """Return `thinking` and `output_config` for what a caller of another dialect, or a host, wants; {} for nothing.

    Args:
        request: What the caller wants.
        claude: Who shall think.
        rendering: Takes the warnings.
        origin: Instance that will read it.
    """
    thinking = request.thinking
    if thinking is None:
        return {}
    if thinking.mode == "off" or thinking.effort == NO_EFFORT:
        return _off(claude, rendering)
    if claude.is_adaptive and (thinking.budget_tokens is None or not claude.takes_budgets):
        return _adaptive(thinking, rendering)
    if request.tool_choice is not None and request.tool_choice.mode in ("required", "tool") and request.tools:
        rendering.warn("thinking was left out: while it thinks, the model cannot be made to call a tool")
        return {}
    if _has_lost_its_thread(request, rendering, origin):
        rendering.warn("thinking was left out: what the model thought before it called its tools did not come back")
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": _budget(thinking, rendering)}}


def _has_lost_its_thread(request: Request, rendering: Rendering, origin: str | None) -> bool:
    """Return whether a turn goes on after tool calls whose reasoning is missing: with a budget that is refused.

    Clients of dialects without signatures cannot send it back.
    """
    last = next((message for message in reversed(request.messages) if message.role == "assistant"), None)
    if last is None or not last.tool_calls or not _answers_calls(request.messages[-1]):
        return False
    return not any(
        isinstance(block, ThinkingBlock)
        and (block.signature is not None or block.encrypted is not None)
        and rendering.is_from(block, origin)
        for block in last.blocks
    )


def _answers_calls(message: ChatMessage) -> bool:
    return any(isinstance(block, ToolResultBlock) for block in message.blocks)


def _off(claude: Claude, rendering: Rendering) -> dict[str, Any]:
    if not claude.always_thinks:
        return {"thinking": {"type": "disabled"}} if claude.is_adaptive else {}
    rendering.warn(f"thinking cannot be switched off: the model was told the effort {_LEAST}")
    return {OUTPUT: {"effort": _LEAST}}


def _adaptive(thinking: Thinking, rendering: Rendering) -> dict[str, Any]:
    effort, budget = thinking.effort, thinking.budget_tokens
    if effort is None and budget is not None:
        effort = next((word for most, word in _EFFORTS if budget <= most), _MOST)
        rendering.warn(f"a budget of {budget} thinking tokens was put as the effort {effort}")
    elif effort is not None and effort not in _KNOWN:
        rendering.warn(f"effort {effort!r} was put as {_LEAST}")
        effort = _LEAST
    fields: dict[str, Any] = {"thinking": {"type": "adaptive"}}
    return fields if effort is None else {**fields, OUTPUT: {"effort": effort}}


def _budget(thinking: Thinking, rendering: Rendering) -> int:
    if thinking.budget_tokens is not None:
        return max(thinking.budget_tokens, LEAST_BUDGET)
    budget = _BUDGETS.get(thinking.effort or "medium", _BUDGETS["high"])
    if thinking.effort is not None:
        rendering.warn(f"effort {thinking.effort!r} was put as a budget of {budget} thinking tokens")
    elif thinking.mode == "adaptive":
        rendering.warn(f"thinking as the model sees fit was put as a budget of {budget} tokens")
    return budget


def sampling(generation: Generation, claude: Claude, rendering: Rendering, *, thinks: bool) -> Generation:
    """Return the sampling parameters that the model takes; the others are left out with a warning.

    Args:
        generation: What the caller wants.
        claude: Who shall answer.
        rendering: Takes the warnings.
        thinks: Whether it was told to think.
    """
    refused = ["temperature", "top_p", "top_k"] if not claude.takes_budgets else []
    if thinks and not refused:
        refused = ["top_k"] if generation.temperature in (None, 1) else ["temperature", "top_k"]
    said = [name for name in refused if getattr(generation, name) is not None]
    for name in said:
        why = "while it thinks, the model takes none" if claude.takes_budgets else "this model takes none"
        rendering.warn(f"{name} was left out: {why}")
    nothing: dict[str, Any] = dict.fromkeys(said)
    return attrs.evolve(generation, **nothing) if said else generation
