"""The dialect's own words: its name, its paths, why a model stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import StopReason

NAME: Final = "anthropic.messages"
PATH: Final = "/messages"
COUNT_PATH: Final = "/messages/count_tokens"
MODELS_PATH: Final = "/models?limit=1000"
VERSION: Final = "2023-06-01"

AUTO: Final = "auto"

STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "end_turn": StopReason.END_TURN,
    "max_tokens": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "tool_use": StopReason.TOOL_USE,
    "pause_turn": StopReason.PAUSE,
    "refusal": StopReason.REFUSAL,
}

# Clients know these words alone; "end_turn" promises least.
WORDS: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "end_turn",
    StopReason.MAX_TOKENS: "max_tokens",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.TOOL_USE: "tool_use",
    StopReason.REFUSAL: "refusal",
    StopReason.PAUSE: "pause_turn",
    StopReason.UNKNOWN: "end_turn",
}


def stop_reason_of(word: Any, *, has_calls: bool) -> StopReason:
    """Return why the model stopped; null and words nobody knows are UNKNOWN. A turn with tool calls never ends as END_TURN."""
    reason = STOP_REASONS.get(word, StopReason.UNKNOWN) if isinstance(word, str) else StopReason.UNKNOWN
    return StopReason.TOOL_USE if has_calls and reason is StopReason.END_TURN else reason


def word_of(reason: StopReason, *, has_calls: bool) -> str:
    """Return the word for why the model stopped; a turn with tool calls tells the client to run them."""
    word = WORDS[reason]
    return "tool_use" if has_calls and word == "end_turn" else word
