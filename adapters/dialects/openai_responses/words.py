"""The dialect's own words: its name, and how an answer ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import StopReason

NAME: Final = "openai.responses"
AUTO: Final = "auto"

# An item of the input that stands for one of an answer that was given before.
REFERENCE: Final = "item_reference"

# Why an answer is not complete; every other reason is a complete one.
INCOMPLETE: Final[Mapping[StopReason, str]] = {
    StopReason.MAX_TOKENS: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}


def ending(reason: StopReason) -> dict[str, Any]:
    """Return `status` and `incomplete_details` of a finished answer."""
    why = INCOMPLETE.get(reason)
    if why is None:
        return {"status": "completed", "incomplete_details": None}
    return {"status": "incomplete", "incomplete_details": {"reason": why}}
