"""The dialect's own words: its name, and how an answer ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import StopReason

NAME: Final = "openai.responses"
AUTO: Final = "auto"
PATH: Final = "/responses"
COUNT_PATH: Final = "/responses/input_tokens"

# An item that holds a picture which a model made.
PICTURE: Final = "image_generation_call"

# An item of the input that stands for one of an answer that was given before.
REFERENCE: Final = "item_reference"

# Why an answer is not complete; None: it is. Of a turn with calls clients see the calls.
INCOMPLETE: Final[Mapping[StopReason, str | None]] = {
    StopReason.END_TURN: None,
    StopReason.MAX_TOKENS: "max_output_tokens",
    StopReason.STOP_SEQUENCE: None,
    StopReason.TOOL_USE: None,
    StopReason.REFUSAL: "content_filter",
    StopReason.PAUSE: None,
    StopReason.UNKNOWN: None,
}

# Every reason that OpenAI documents for an answer that is not complete; a test compares the list with the official client's.
STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "max_output_tokens": StopReason.MAX_TOKENS,
    "content_filter": StopReason.REFUSAL,
    # A limit, or somebody's word, on what goes on at OpenAI between several messages.
    "max_messages": StopReason.UNKNOWN,
    "steered": StopReason.UNKNOWN,
}


def stop_reason_of(answer: Mapping[str, Any], *, has_calls: bool, refused: bool) -> StopReason:
    """Return why the model stopped; a complete turn with tool calls never ends as END_TURN.

    Args:
        answer: The response object.
        has_calls: Whether it holds tool calls.
        refused: Whether it holds a refusal in the model's own words.
    """
    if answer.get("status") == "incomplete":
        details = answer.get("incomplete_details")
        why = details.get("reason") if isinstance(details, Mapping) else None
        return STOP_REASONS.get(why, StopReason.UNKNOWN) if isinstance(why, str) else StopReason.UNKNOWN
    if has_calls:
        return StopReason.TOOL_USE
    return StopReason.REFUSAL if refused else StopReason.END_TURN


def ending(reason: StopReason, *, says_why: bool = False) -> dict[str, Any]:
    """Return `status` and `incomplete_details` of a finished answer.

    Args:
        reason: Why the model stopped.
        says_why: Whether it refused in its own words: that is a complete answer, a filter has taken nothing away.
    """
    why = None if says_why and reason is StopReason.REFUSAL else INCOMPLETE[reason]
    if why is None:
        return {"status": "completed", "incomplete_details": None}
    return {"status": "incomplete", "incomplete_details": {"reason": why}}
