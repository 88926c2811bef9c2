"""The dialect's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import StopReason

NAME: Final = "ollama.chat"
PATH: Final = "/api/chat"
MODELS_PATH: Final = "/api/tags"
AUTO: Final = "auto"

# "load" and "unload" end an answer in which nothing was generated.
STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "stop": StopReason.END_TURN,
    "length": StopReason.MAX_TOKENS,
    "load": StopReason.UNKNOWN,
    "unload": StopReason.UNKNOWN,
}

# Clients know two words: one tells an answer that was cut from all others.
DONE_REASONS: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "stop",
    StopReason.MAX_TOKENS: "length",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.TOOL_USE: "stop",
    StopReason.REFUSAL: "stop",
    StopReason.PAUSE: "stop",
    StopReason.UNKNOWN: "stop",
}


def stop_reason_of(done_reason: Any, *, has_calls: bool) -> StopReason:
    """Return why the model stopped; a turn with tool calls, which Ollama ends with "stop", never ends as END_TURN."""
    reason = STOP_REASONS.get(done_reason) if isinstance(done_reason, str) else None
    if reason is StopReason.END_TURN and has_calls:
        return StopReason.TOOL_USE
    return reason or StopReason.UNKNOWN
