"""The dialect's own words: its name, its paths, why a model stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ....messages.chat import StopReason

NAME: Final = "bedrock.converse"

# Models themselves, and the inference profiles through which the newer ones must be called.
MODELS_PATH: Final = "/foundation-models"
PROFILES_PATH: Final = "/inference-profiles?maxResults=1000"

# Every stop reason in botocore's model of the service; a test compares the two.
STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "end_turn": StopReason.END_TURN,
    "tool_use": StopReason.TOOL_USE,
    "max_tokens": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "guardrail_intervened": StopReason.REFUSAL,
    "content_filtered": StopReason.REFUSAL,
    # The model meant to say something and did not manage to.
    "malformed_model_output": StopReason.UNKNOWN,
    "malformed_tool_use": StopReason.UNKNOWN,
}


def stop_reason_of(word: Any, *, has_calls: bool) -> StopReason:
    """Return why the model stopped; words nobody knows are UNKNOWN. A turn with tool calls never ends as END_TURN."""
    reason = STOP_REASONS.get(word, StopReason.UNKNOWN) if isinstance(word, str) else StopReason.UNKNOWN
    return StopReason.TOOL_USE if has_calls and reason is StopReason.END_TURN else reason


def call_path(model: str, *, stream: bool) -> str:
    """Return the path of a call; a model's id may be an ARN, with colons and slashes."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


def invoke_path(model: str) -> str:
    """Return the path at which a model is asked in its maker's own JSON."""
    return f"/model/{quote(model, safe='')}/invoke"


def count_path(model: str) -> str:
    """Return the path at which the tokens of a prompt are counted."""
    return f"/model/{quote(model, safe='')}/count-tokens"
