"""The dialect's own words: its name, its paths, why a model stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from ....messages.chat import StopReason

NAME: Final = "gemini.generate"
MODELS_PATH: Final = "/models?pageSize=1000"
AUTO: Final = "auto"

_COLLECTIONS: Final = ("models/", "tunedModels/")

# Every finish reason that Google documents; a test compares the list with the official client's.
STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "FINISH_REASON_UNSPECIFIED": StopReason.UNKNOWN,
    "STOP": StopReason.END_TURN,
    "MAX_TOKENS": StopReason.MAX_TOKENS,
    "CONTINUATION": StopReason.PAUSE,
    "SAFETY": StopReason.REFUSAL,
    "RECITATION": StopReason.REFUSAL,
    "BLOCKLIST": StopReason.REFUSAL,
    "PROHIBITED_CONTENT": StopReason.REFUSAL,
    "SPII": StopReason.REFUSAL,
    "LANGUAGE": StopReason.REFUSAL,
    "ESCALATION": StopReason.REFUSAL,
    "PUP_LIMITED_DISABLED": StopReason.REFUSAL,
    "MODEL_ARMOR": StopReason.REFUSAL,
    "IMAGE_SAFETY": StopReason.REFUSAL,
    "IMAGE_PROHIBITED_CONTENT": StopReason.REFUSAL,
    "IMAGE_RECITATION": StopReason.REFUSAL,
    "IMAGE_OTHER": StopReason.UNKNOWN,
    "NO_IMAGE": StopReason.UNKNOWN,
    "OTHER": StopReason.UNKNOWN,
    # The model meant to call a tool and did not manage to.
    "MALFORMED_FUNCTION_CALL": StopReason.UNKNOWN,
    "UNEXPECTED_TOOL_CALL": StopReason.UNKNOWN,
    "TOO_MANY_TOOL_CALLS": StopReason.UNKNOWN,
    "MISSING_THOUGHT_SIGNATURE": StopReason.UNKNOWN,
    "MALFORMED_RESPONSE": StopReason.UNKNOWN,
}

# A turn with tool calls has no word of its own: clients look for the calls.
WORDS: Final[Mapping[StopReason, str]] = {
    StopReason.END_TURN: "STOP",
    StopReason.MAX_TOKENS: "MAX_TOKENS",
    StopReason.STOP_SEQUENCE: "STOP",
    StopReason.TOOL_USE: "STOP",
    StopReason.REFUSAL: "SAFETY",
    StopReason.PAUSE: "OTHER",
    StopReason.UNKNOWN: "OTHER",
}


def stop_reason_of(word: Any, *, has_calls: bool) -> StopReason:
    """Return why the model stopped; words nobody knows are UNKNOWN. A turn with tool calls never ends as END_TURN."""
    reason = STOP_REASONS.get(word, StopReason.UNKNOWN) if isinstance(word, str) else StopReason.UNKNOWN
    return StopReason.TOOL_USE if has_calls and reason is StopReason.END_TURN else reason


def call_path(model: str, *, stream: bool) -> str:
    """Return the path of a call: "/models/gemini-3-pro:generateContent"."""
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return _path(model, method)


def count_path(model: str) -> str:
    """Return the path at which the tokens of a prompt are counted."""
    return _path(model, "countTokens")


def embed_path(model: str) -> str:
    """Return the path at which texts are embedded."""
    return _path(model, "batchEmbedContents")


def resource_of(model: str) -> str:
    """Return a model's name as Google writes it in bodies: "models/gemini-3-pro"."""
    return model if model.startswith(_COLLECTIONS) else f"models/{model}"


def _path(model: str, method: str) -> str:
    return f"/{quote(resource_of(model), safe='/')}:{method}"
