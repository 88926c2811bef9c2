"""Token counts, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....messages.chat import Usage
from ..usage_sum import count


def parse_usage(value: Any) -> Usage:
    """Return the counts: `input_tokens` is what was read anew, beside what came from the cache or went into it."""
    if not isinstance(value, Mapping):
        return Usage(source="partial")
    output = count(value, "output_tokens")
    reasoning = min(count(value.get("output_tokens_details"), "thinking_tokens"), output)
    return Usage(
        uncached_input=count(value, "input_tokens"),
        cache_read=count(value, "cache_read_input_tokens"),
        cache_write=count(value, "cache_creation_input_tokens"),
        visible_output=output - reasoning,
        reasoning=reasoning,
    )


def render_usage(usage: Usage) -> dict[str, Any]:
    """Return the counts as the dialect puts them."""
    wire: dict[str, Any] = {
        # Sound and pictures are no buckets of their own here.
        "input_tokens": usage.input_tokens - usage.cache_read - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return wire
