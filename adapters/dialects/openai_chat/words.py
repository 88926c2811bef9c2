"""The dialect's own words: its name, its roles, why a model stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import StopReason

NAME: Final = "openai.chat"
PATH: Final = "/chat/completions"
MODELS_PATH: Final = "/models"
OBJECT: Final = "chat.completion.chunk"

AUTO: Final = "auto"

STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "stop": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "tool_calls": StopReason.TOOL_USE,
    "function_call": StopReason.TOOL_USE,
    "content_filter": StopReason.REFUSAL,
}

# OpenAI has no word for "I do not know": its clients know five words, and "stop" promises least.
FINISH_REASONS: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "stop",
    StopReason.MAX_TOKENS: "length",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.TOOL_USE: "tool_calls",
    StopReason.REFUSAL: "content_filter",
    StopReason.PAUSE: "stop",
    StopReason.UNKNOWN: "stop",
}


def stop_reason_of(finish_reason: Any, *, has_calls: bool, refused: bool, stop_sequence: str | None) -> StopReason:
    """Return why the model stopped.

    Args:
        finish_reason: What the provider wrote; null and words nobody knows are UNKNOWN.
        has_calls: Whether the turn holds tool calls; such a turn never ends as END_TURN, whatever the provider says.
        refused: Whether it holds a refusal in the model's own words, which OpenAI ends with "stop".
        stop_sequence: The sequence that vLLM says was met, or None.
    """
    reason = STOP_REASONS.get(finish_reason) if isinstance(finish_reason, str) else None
    if reason is not StopReason.END_TURN:
        return reason or StopReason.UNKNOWN
    if has_calls:
        return StopReason.TOOL_USE
    if refused:
        return StopReason.REFUSAL
    return StopReason.END_TURN if stop_sequence is None else StopReason.STOP_SEQUENCE


def finish_reason_of(reason: StopReason, *, has_calls: bool) -> str:
    """Return the word for why the model stopped; a turn with tool calls tells the client to run them."""
    word = FINISH_REASONS[reason]
    return "tool_calls" if has_calls and word == "stop" else word
